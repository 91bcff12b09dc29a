"""What each step of an instance sends, and the record that goes along with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.instance.carried import at_stake, lost
from reconciler.kinds.instance.config import changed_keys, variable_inputs
from reconciler.kinds.instance.desk import OWED, debt
from reconciler.kinds.instance.due import are_unknown
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import given_config, given_flows, integration_of
from reconciler.kinds.instance.flow_forms import flows_form
from reconciler.kinds.instance.flows import FLOWS, flow_changes, flow_inputs
from reconciler.kinds.instance.record import record
from reconciler.kinds.instance.release import moves_to, names_version, release_of, release_ref
from reconciler.kinds.instance.secrets import secrets_digest
from reconciler.kinds.instance.steps import EMPTY, PLAIN, RECORD, hidden_waits, values_wait, will_deploy
from reconciler.kinds.instance.tests import OUTSTANDING, TESTED, tests_of
from reconciler.kinds.protocol import Request, address_of, ignored
from reconciler.kinds.table.labels import digests_of, labels_left, labels_to_write, people, plain, to_send
from reconciler.kinds.table.rotation import SECRETS
from reconciler.kinds.table.secrets import remembered
from reconciler.model import documents
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.refs import VersionNumberRef
from reconciler.model.state import LiveObject

DEPLOY_TIMEOUT = 600.0
SAVING = "updateInstanceConfigVariables"
"""The mutation that saves values."""
_MOVE = "moveInstance"
"""The document that asks for it right behind a change of version."""
Call = tuple[str, Mapping[str, object]]
"""A mutation's name, and its input."""


def mutation(
    name: str, values: Mapping[str, object], request: Request, along: Mapping[str, object] | None = None
) -> Operation:
    """A mutation with its input. Values that go `along` with a change of version are in the same request."""
    return Operation(
        name,
        documents.load("instance", __package__)[_MOVE if along else name],
        {"input": values, **({"values": along} if along else {})},
        result="instance",
        repeatable=name != "createInstance",
        address=address_of(request.resource),
        timeout=DEPLOY_TIMEOUT if name == "deployInstance" else 60.0,
    )


def call(step: str, verb: Verb, request: Request) -> Call:
    """The mutation that carries a step out."""
    live = request.live
    if verb is Verb.CREATE:
        return _create(request)
    assert live is not None
    values: dict[str, object] = {"id": live.id}
    if verb is Verb.FORGET:
        values |= {"labels": labels_left(request), "preserveDeployState": True}
        return "updateInstance", values
    if step == FLOWS:
        values |= {"flowConfigs": flow_inputs(request), "labels": labels_with(request, FLOWS)}
        return "updateInstance", values
    if step in (RECORD, TESTED):
        values |= {"labels": labels_with(request, step), "preserveDeployState": True}
        return "updateInstance", values
    if verb is Verb.CONFIGURE:
        keys = dict.fromkeys([*changed_keys(request), *lost(request)])
        values |= {"configVariables": variable_inputs(request, list(keys))}
        values |= {"configMode": "INSTANCE", "configComplete": True}
        return SAVING, values
    if verb in (Verb.DEPLOY, Verb.DELETE):
        return f"{verb.value}Instance", values
    if verb in (Verb.ENABLE, Verb.DISABLE):
        values |= {"enabled": verb is Verb.ENABLE, "preserveDeployState": True}
        return "updateInstance", values
    return _update(request, () if verb is Verb.ADOPT else PLAIN)


def _create(request: Request) -> Call:
    fields = request.resource.fields
    values = {
        "customer": request.resolve(Ref(fields["customer"])),
        "integration": request.resolve(release_ref(request.resource)),
        "name": fields["name"],
        "description": fields.get("description") or "",
        "labels": labels_with(request, Verb.CREATE.value),
        "configMode": "INSTANCE",
    }
    if given_config(request.resource):
        values["configVariables"] = variable_inputs(request, list(given_config(request.resource)))
    return "createInstance", values


def going_along(name: str, values: Mapping[str, object], request: Request) -> Mapping[str, object] | None:
    """What was saved and a change of version may drop, to be saved again in the same request."""
    keys = at_stake(request) if name == "updateInstance" and "integration" in values else []
    if not keys:
        return None
    return {
        "id": values["id"],
        "configVariables": variable_inputs(request, keys),
        "configMode": "INSTANCE",
    }


def _update(request: Request, paths: Sequence[str]) -> Call:
    fields, live = request.resource.fields, request.live
    assert live is not None
    values: dict[str, object] = {"id": live.id, "labels": labels_with(request)}
    values |= {name: fields[name] or "" for name in to_send(request, paths)}
    version = moves_to(request)
    if version is None:
        values["preserveDeployState"] = True
    else:
        values |= {"integration": version, "configMode": "INSTANCE"}
    return "updateInstance", values


def labels_with(request: Request, step: str = "") -> list[str]:
    """The labels to write with a step. Flow settings and secrets enter the record with or after the call that
    writes them: where they cannot be read back, the record is all that tells whether they ever were.
    """
    fields = request.resource.fields
    values: dict[str, object] = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
    if names_version(request.resource) and not ignored(request.resource, "release"):
        values["release"] = release_of(request.resource)
    if step == FLOWS or _has_flows(request):
        values["flows"] = flows_form(given_flows(request.resource))
    if (runs := _runs(request)) is not None:
        values["enabled"] = runs
    if to_send(request, ("labels",)):
        values["labels"] = people(fields["labels"])
    if step == TESTED:
        values["tests"] = fields["tests"]
    digests = digests_of(request, values)
    if step != TESTED and tests_of(request.resource) and will_deploy(request):
        digests["tests"] = OUTSTANDING
    if step != TESTED and will_deploy(request):
        digests[OWED] = debt(request.live)
    else:
        digests.pop(OWED, None)
    if (secrets := secrets_digest(request)) and _were_sent(step, request):
        digests[SECRETS] = secrets
    return labels_to_write(request, record(request, digests, step))


def _were_sent(step: str, request: Request) -> bool:
    """Whether the tenant has git's secrets with this call, as far as they cannot be read back. Values go
    before the settings of flows and before the record; but where another run made the instance, this one has
    sent none.
    """
    if step == Verb.CREATE.value or (step in (FLOWS, RECORD) and Verb.CONFIGURE.value in request.sent):
        return True
    if step == FLOWS:
        return not values_wait(request)
    return not hidden_waits(request) and not are_unknown(request)


def _runs(request: Request) -> bool | None:
    """Whether the instance is enabled once the run is over: as git says, else as it is. Before its first
    deploy, which may enable it, nobody knows.
    """
    if to_send(request, ("enabled",)):
        return bool(request.resource.fields["enabled"])
    live = request.live
    known = live is not None and (live.fields["enabled"] or facts_of(live).last_deployed_at)
    return bool(live.fields["enabled"]) if live and known else None


def _has_flows(request: Request) -> bool:
    """Whether the settings of its flows are found to be git's, and no record says so yet."""
    unrecorded = "flows" not in remembered(request).applied
    return (
        request.live is not None
        and "flows" in request.resource.fields
        and unrecorded
        and not flow_changes(request)
    )


def back_to(before: LiveObject | None, request: Request) -> tuple[Operation, ...]:
    """The calls that put an instance back on the version that it ran `before`, its record included; none
    where it ran no other.
    """
    live = request.live
    version = _ran(before, request) if before else None
    if before is None or live is None or version in (None, facts_of(live).version_id):
        return ()
    values: dict[str, object] = {"id": live.id, "integration": version, "labels": sorted(before.labels)}
    calls = (("updateInstance", {**values, "configMode": "INSTANCE"}), ("deployInstance", {"id": live.id}))
    return tuple(mutation(name, given, request) for name, given in calls)


def _ran(before: LiveObject, request: Request) -> str | None:
    """The version that was deployed. An earlier run may have assigned another one, and ended there."""
    facts = facts_of(before)
    number = facts.deployed_version
    if number is None or number == facts.version_number or not facts.last_deployed_at:
        return facts.version_id
    found = request.resolve(VersionNumberRef(integration_of(request.resource), number))
    return found if isinstance(found, str) else None
