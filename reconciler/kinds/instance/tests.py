"""The tests of an instance: run after each deploy, and again by later runs until they have passed.

That they are still to pass is part of the record on the instance: the calls that lead to a deploy write it,
and one after the tests writes that they did.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.protocol import Request, Step, ignored
from reconciler.kinds.table.record import WIDTH
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change, Verb
from reconciler.model.state import Resource

TESTED = "tested"
OUTSTANDING = sha256("tests are still to pass")
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
    if not tests:
        return []
    outstanding = live is not None and live.applied.get("tests") == OUTSTANDING[:WIDTH]
    if not (deploying or outstanding) or _paused(request):
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
