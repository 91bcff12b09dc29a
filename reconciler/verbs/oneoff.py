"""`deploy`, `enable` and `disable`: one step for some instances, at once, whatever the manifests say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.protocol import Policy, ignored
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.plan import Action, Cause, Change, Verb
from reconciler.model.state import Desired, Live, LiveObject, Resource
from reconciler.plan.build import asked_for
from reconciler.verbs.owned import INSTANCE, addressed, as_written, selected
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session, connect


async def plan_one_off(
    session: Session, verb: Verb, addresses: Sequence[str], patterns: Sequence[str] = ()
) -> Planned:
    """The plan that deploys, enables or disables these instances, to be carried out by `apply`. Instances
    that are as they should be are left out. Nothing is written.

    Raises InvalidInput, Refused, NotAuthenticated, Unreachable or ApiError.
    """
    if not addresses and not patterns:
        raise InvalidInput.of(
            "usage", "no instance is named", hint="give addresses, or --select a pattern or label=value"
        )
    written, warnings = as_written(session)
    async with connect(session, read_only=True) as client:
        chosen = await addressed(client, written, addresses)
        if patterns:
            chosen = {**await selected(client, written, patterns), **chosen}
        identity, reads = await client.identity(), client.stats.reads
    actions = [action for address, obj in chosen.items() for action in _actions(verb, address, obj)]
    warnings += [
        warning
        for address, obj in chosen.items()
        for warning in _said(verb, obj, written.resources.get(address))
    ]
    live = Live(identity.tenant, {INSTANCE: tuple(chosen.values())}, reads)
    changed = len({action.address for action in actions})
    made = asked_for(
        written,
        live,
        actions,
        chosen,
        reads=reads + changed,
        warnings=warnings,
        unchanged=len(chosen) - changed,
    )
    # No manifest has a say in this: what they ask for is neither compared nor written.
    nothing = Desired(written.project, written.environment, {}, written.digest)
    return Planned(made, nothing, live, chosen, Policy())


def _actions(verb: Verb, address: Address, obj: LiveObject) -> Iterator[Action]:
    running = bool(obj.fields["enabled"])
    if verb is Verb.DEPLOY:
        reason = (
            "has changes that are not deployed"
            if facts_of(obj).needs_deploy
            else "is deployed again as it is"
        )
        deploy = _action(verb, address, obj, reason)
        yield deploy
        if facts_of(obj).last_deployed_at and not running:
            paused = _action(Verb.DISABLE, address, obj, "deploying may enable it")
            yield replace(paused, depends_on=(deploy.id,), writes=0)
    elif running is not (verb is Verb.ENABLE):
        change = Change("enabled", running, not running, Cause.PENDING)
        yield _action(verb, address, obj, f"is {'enabled' if running else 'disabled'}", change)


def _action(verb: Verb, address: Address, obj: LiveObject, reason: str, *changes: Change) -> Action:
    if address.name == obj.id:  # which says little to who is asked whether it is the one
        reason = f'"{obj.fields["name"]}" {reason}'
    basis = all_kinds()[INSTANCE].basis(obj, None)
    return Action(f"{address}#{verb.value}", address, verb, reason, (), changes, basis, obj.id)


def _said(verb: Verb, obj: LiveObject, resource: Resource | None) -> Iterator[Diagnostic]:
    """What git, or the platform, says against it."""
    address = str(resource.address) if resource else ""
    if verb is Verb.ENABLE and facts_of(obj).suspended:
        message = f'the platform has suspended "{obj.fields["name"]}": enabling it may have no effect'
        yield Diagnostic("suspended", message, address=address, severity="warning")
    if resource is None or verb is Verb.DEPLOY or ignored(resource, "enabled"):
        return
    wanted = resource.fields.get("enabled")
    if wanted is not None and wanted is not (verb is Verb.ENABLE):
        says, word = f"enabled: {str(wanted).lower()}", "enable" if wanted else "disable"
        yield Diagnostic(
            "git-differs",
            f"the manifest of {address} says {says}, so the next apply will {word} it again",
            resource.positions.get("spec.enabled", resource.source),
            address,
            f"write enabled: {str(not wanted).lower()} there, if it is to stay so",
            "warning",
        )
