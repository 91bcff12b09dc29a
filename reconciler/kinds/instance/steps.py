"""Which steps mend an instance, and why: above all whether it must be deployed again."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kinds.instance.carried import unknown_inputs
from reconciler.kinds.instance.config import changed_keys, config_changes
from reconciler.kinds.instance.desk import is_owed, undeployed, undeployed_changes, waiting
from reconciler.kinds.instance.due import are_unknown, are_values_unknown
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import given_flows, integration_of
from reconciler.kinds.instance.flows import FLOWS, flow_changes
from reconciler.kinds.instance.record import is_early, is_late
from reconciler.kinds.instance.release import is_moving, release_of
from reconciler.kinds.instance.secrets import secrets_digest
from reconciler.kinds.instance.tests import OUTSTANDING, test_steps, tests_of
from reconciler.kinds.protocol import Request, Step, Steps, address_of, ignored
from reconciler.kinds.table.absent import absent_fields
from reconciler.kinds.table.causes import cause
from reconciler.kinds.table.labels import creation, label_changes, mark_changes, scalar_changes
from reconciler.kinds.table.record import WIDTH
from reconciler.kinds.table.rotation import SECRETS
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause, Change, Refusal, Verb
from reconciler.model.refs import ReleaseNameRef, ReleaseNamesRef, SequenceRef
from reconciler.model.secret import Hidden
from reconciler.model.state import LiveObject

PLAIN = ("name", "description")
EMPTY = {"description": ""}
RECORD = "record"


def hidden_waits(request: Request) -> bool:
    """Whether a secret is still to be sent that cannot be read back: the record must not say it was."""
    return _has_hidden((*config_changes(request), *flow_changes(request)))


def values_wait(request: Request) -> bool:
    """The same of its variables alone, of those too of which no record tells whether they were ever sent."""
    return _has_hidden(config_changes(request)) or are_values_unknown(request)


def _has_hidden(changes: Iterable[Change]) -> bool:
    return any(isinstance(change.before, Hidden) for change in changes)


def update_changes(request: Request) -> list[Change]:
    """What one updateInstance mends: name, description, labels, mark and version."""
    changes = list(scalar_changes(request, PLAIN, EMPTY)) + label_changes(request) + mark_changes(request)
    return changes + _version_change(request)


def instance_steps(request: Request, *, adopt: bool) -> Steps:
    """create or update → configure → deploy → enable or disable, as far as needed."""
    live = request.live
    if live is None:
        made = creation(request.resource, (*PLAIN, "release", "version", "labels", "config"))
        steps = [Step(Verb.CREATE, "does not exist", made, reads=1)]
        if given_flows(request.resource):
            settings = creation(request.resource, ("flows",))
            steps.append(Step(Verb.CONFIGURE, "its flows have settings", settings, FLOWS))
        steps.append(Step(Verb.DEPLOY, "is new"))
        steps += _switch(request, deploying=True)
        return Steps((*steps, *test_steps(request, deploying=True)))
    updating = update_changes(request)
    config, flows = config_changes(request), flow_changes(request)
    moving = any(change.path == "release" for change in updating)
    steps, needed = [], _why_deploy(request, config, flows, moving=moving)
    verb = Verb.ADOPT if adopt else Verb.UPDATE
    switch = [change for step in _switch(request, deploying=False) for change in step.changes]
    behind = _record_is_behind(request, [*config, *flows, *switch])
    if updating or behind or owes_tests(request) or _owes_deploy(request, config):
        reason = _update_reason(updating, moving, adopt)
        steps.append(Step(verb, reason, tuple(updating)))
    if config:
        steps.append(Step(Verb.CONFIGURE, "its configuration differs", tuple(config)))
    elif moving and facts_of(live).needs_deploy:
        steps.append(Step(Verb.CONFIGURE, "a change of version may drop values that were not deployed"))
    if flows or (moving and given_flows(request.resource)):
        # Settings survive a change of version as far as is known, so that this only makes sure.
        writes = 1 if flows else 0
        steps.append(
            Step(Verb.CONFIGURE, "the settings of its flows differ", tuple(flows), FLOWS, writes=writes)
        )
    if _record_follows(request, config) and not flows:
        steps.append(Step(Verb.UPDATE, "the record of what is applied changes", (), RECORD))
    if needed:
        steps.append(Step(Verb.DEPLOY, needed))
    steps += _switch(request, deploying=bool(needed))
    steps += test_steps(request, deploying=bool(needed))
    refusals = [*_another_integration(request, live), *absent_fields(request)]
    if needed:
        refusals += undeployed_changes(request, moving=moving)
        refusals += unknown_inputs(request, changed_keys(request), moving=moving)
    return Steps(
        tuple(steps),
        (*updating, *config, *flows, *switch),
        refusals=tuple(refusals),
        notes=() if needed else tuple(waiting(request)),
    )


def will_deploy(request: Request) -> bool:
    """Whether a deploy is among what mends the instance as it is now."""
    if request.live is None:
        return True
    moving = bool(_version_change(request))
    return bool(_why_deploy(request, config_changes(request), flow_changes(request), moving=moving))


def owes_tests(request: Request) -> bool:
    """Whether the record must say, before a deploy, that tests are to pass after it."""
    live = request.live
    if live is None or not request.policy.record or not tests_of(request.resource):
        return False
    return remembered(request).applied.get("tests") != OUTSTANDING[:WIDTH] and will_deploy(request)


def _another_integration(request: Request, live: LiveObject) -> tuple[Refusal, ...]:
    """The platform moves an instance between the versions of one integration only."""
    integration = integration_of(request.resource)
    wanted, found = request.resolve(SequenceRef(integration)), facts_of(live).sequence
    if not isinstance(wanted, str) or not found or wanted == found:
        return ()
    return (
        Refusal(
            "another-integration",
            f'the instance "{live.fields["name"]}" runs another integration than {integration}, and the '
            "platform cannot move it",
            address_of(request.resource),
            "give the new instance a metadata.name of its own, and let the old one be pruned",
        ),
    )


def _version_change(request: Request) -> list[Change]:
    live, resource = request.live, request.resource
    if live is None or not is_moving(request):
        return []
    integration = integration_of(resource)
    before = request.resolve(ReleaseNameRef(integration, facts_of(live).version_id or ""))
    by_number = f"version {facts_of(live).version_number}"
    shown = before if isinstance(before, str) and "version" not in resource.fields else by_number
    release = release_of(resource)
    names = request.resolve(ReleaseNamesRef(integration, facts_of(live).version_id or ""))
    known = names if isinstance(names, tuple) else ()
    why = cause(remembered(request).applied, "release", release, shown, by_number, *known)
    return [Change("release", shown, release, why)]


def _record_is_behind(request: Request, differing: list[Change]) -> bool:
    """The record travels with updateInstance alone: where git changed only what other calls carry, one for
    the record comes first, so that the difference counts as ours from then on. It also comes first where git
    calls something a secret from now on, and after where it must tell that something was sent.
    """
    if request.live is None or not request.policy.record:
        return False
    if is_early(request):
        return True
    if not differing:
        return False
    if secrets_digest(request) and SECRETS not in remembered(request).applied and not are_unknown(request):
        return True
    pending = any(c.cause is not Cause.DRIFT and not isinstance(c.before, Hidden) for c in differing)
    return pending and not is_late(request)


def _record_follows(request: Request, config: list[Change]) -> bool:
    """Whether the record must tell what was sent: that of a secret which cannot be read back is all that
    tells it, and what counts as plain does so only once it is there.
    """
    return request.policy.record and (_has_hidden(config) or (bool(config) and is_late(request)))


def _update_reason(updating: list[Change], moving: bool, adopt: bool) -> str:
    if adopt:
        return "exists without an owner"
    if moving:
        return "runs another release"
    return "differs from the manifest" if updating else "the record of what is applied changes"


def _owes_deploy(request: Request, config: list[Change]) -> bool:
    """Whether the record must say that a deploy is owed before values are saved: the call that saves them
    cannot, and a run may end in between.
    """
    return bool(config) and request.policy.record and not is_owed(request)


def _why_deploy(request: Request, config: list[Change], flows: list[Change], *, moving: bool) -> str:
    """Why a deploy is among what mends it; what a person has not deployed is no reason."""
    live = request.live
    assert live is not None
    if moving:
        return "its release changes"
    if config:
        return "its configuration changes"
    if flows:
        return "the settings of its flows change"
    if (lacking := undeployed(live)) and is_owed(request):
        return lacking
    return "was never deployed" if _is_to_begin(request, live) else ""


def _is_to_begin(request: Request, live: LiveObject) -> bool:
    """Whether it is to be enabled, and was never deployed: there is nothing yet that could run."""
    if facts_of(live).last_deployed_at or live.fields["enabled"] or facts_of(live).suspended:
        return False
    return bool(request.resource.fields.get("enabled")) and not ignored(request.resource, "enabled")


def _switch(request: Request, *, deploying: bool) -> list[Step]:
    """Enabling or disabling. Whether a deploy enables an instance is not known of a tenant, so a step for
    it follows each deploy that may need one; it sends nothing where there is nothing to change.
    """
    live, fields = request.live, request.resource.fields
    if "enabled" not in fields or ignored(request.resource, "enabled"):
        # What someone paused stays so; what was never deployed is as the platform has it.
        paused = live is not None and facts_of(live).last_deployed_at and not live.fields["enabled"]
        return [Step(Verb.DISABLE, "deploying may enable it")] if paused and deploying else []
    wanted = bool(fields["enabled"])
    if wanted and live is not None and facts_of(live).suspended:
        return []  # the vendor stopped it
    verb = Verb.ENABLE if wanted else Verb.DISABLE
    # Deploying is expected to enable: what remains is to switch off what shall not run.
    writes = 0 if wanted and deploying else 1
    if live is None:
        return [Step(verb, "is to be " + ("enabled" if wanted else "disabled"), writes=writes)]
    found = live.fields["enabled"]
    if found != wanted:
        # A run that ended before its first deploy has not come to it yet: nobody switched it off.
        begun = wanted and not facts_of(live).last_deployed_at
        why = Cause.PENDING if begun else cause(remembered(request).applied, "enabled", wanted, found)
        reason, change = "is " + ("disabled" if wanted else "enabled"), Change("enabled", found, wanted, why)
        return [Step(verb, reason, (change,), writes=writes)]
    if not wanted and deploying:
        return [Step(verb, "deploying may enable it")]
    return []
