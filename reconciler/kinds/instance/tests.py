"""The tests of an instance: run after each deploy, and again by later runs until they have passed.

That they are still to pass is part of the record on the instance: the calls that lead to a deploy write it,
and one after the tests writes that they did.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import integration_of
from reconciler.kinds.protocol import Request, Step, address_of
from reconciler.kinds.table.labels import ignored
from reconciler.kinds.table.record import WIDTH
from reconciler.model import documents
from reconciler.model.digest import sha256
from reconciler.model.operation import Operation
from reconciler.model.plan import Cause, Change, Verb
from reconciler.model.refs import VersionNumberRef
from reconciler.model.state import LiveObject, Resource

TESTED = "tested"
OUTSTANDING = sha256("tests are still to pass")
DEPLOY_TIMEOUT = 600.0
_PREFIX = "test:"


def tests_of(resource: Resource) -> dict[str, Mapping[str, object]]:
    """The tests by the names of their steps. What is switched off is not tested."""
    tests = resource.fields.get("tests") or ()
    if resource.fields.get("enabled") is False:
        return {}
    flows = [test["flow"] for test in tests]
    counted = [flows[:i].count(flow) for i, flow in enumerate(flows)]
    return {
        f"{_PREFIX}{test['flow']}{f':{n + 1}' if n else ''}": test
        for test, n in zip(tests, counted, strict=True)
    }


def test_steps(request: Request, *, deploying: bool) -> list[Step]:
    """A step for each test, and one for the record; none where they have passed since the last deploy."""
    live, tests = request.live, tests_of(request.resource)
    outstanding = live is not None and live.applied.get("tests") == OUTSTANDING[:WIDTH]
    if not tests or not (deploying or outstanding) or _paused(request):
        return []
    reason = "follows each deploy" if deploying else "has not passed since the last deploy"
    steps = [
        # What is run is part of the plan, so that a reviewed plan is not carried out with other tests.
        Step(Verb.TEST, reason, (Change("test", None, dict(test), Cause.PENDING),), name, reads=1)
        for name, test in tests.items()
    ]
    if request.policy.record:
        steps.append(Step(Verb.UPDATE, "its tests have passed", name=TESTED))
    return steps


def _paused(request: Request) -> bool:
    """Whether the instance is switched off and this run leaves it so: its tests wait until somebody switches
    it on again.
    """
    live, resource = request.live, request.resource
    if live is None or live.fields["enabled"] or not facts_of(live).last_deployed_at:
        return False
    left_alone = "enabled" not in resource.fields or ignored(resource, "enabled")
    return left_alone or facts_of(live).suspended


def back_to(before: LiveObject | None, request: Request) -> tuple[Operation, ...]:
    """The calls that put an instance back on the version that it ran `before`, its record included; none
    where it ran no other.
    """
    live = request.live
    version = _ran(before, request) if before else None
    if before is None or live is None or version in (None, facts_of(live).version_id):
        return ()
    values = {"id": live.id, "integration": version, "labels": sorted(before.labels)}
    calls = (("updateInstance", {**values, "configMode": "INSTANCE"}), ("deployInstance", {"id": live.id}))
    return tuple(
        Operation(
            name,
            documents.load("instance", __package__)[name],
            {"input": given},
            result="instance",
            address=address_of(request.resource),
            timeout=DEPLOY_TIMEOUT if name == "deployInstance" else 60.0,
        )
        for name, given in calls
    )


def _ran(before: LiveObject, request: Request) -> str | None:
    """The version that was deployed. An earlier run may have assigned another one, and ended there."""
    facts = facts_of(before)
    number = facts.deployed_version
    if number is None or number == facts.version_number or not facts.last_deployed_at:
        return facts.version_id
    found = request.resolve(VersionNumberRef(integration_of(request.resource), number))
    return found if isinstance(found, str) else None
