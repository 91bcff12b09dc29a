"""What a plan says that applying it costs is what applying it sends."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import make_plan, plan_of
from reconciler.plan.mending import Mending
from reconciler.report.document import plan_document
from reconciler.sandbox import Sandbox
from tests.definitions import trigger
from tests.harness import apply_plan, paired, snapshot
from tests.worlds import World, definition, desired, worlds

POLICY = Policy(prune=True, allow_delete=True, allow_update=True)

# Rules that decide whether a step that makes sure has anything to send are left at their defaults: whether
# deploying enables, whether a creation imports, whether attributes keep our release's name, whether a new
# version is there at once.
RULE_SETS = (
    {},
    {"draft_in_sequence": "false", "label_match": "part", "labels_read_back": "sorted", "not_found": "both"},
    {"import_clears_labels": "true", "import_flow_ids": "change", "normalisation": "2026"},
    {"secrets_read_back": "hidden", "needs_deploy_on": "anything", "deploy_touches": "only_needed"},
    {"error_status": "400", "default_order": "name", "page_overflow": "clamp", "null_input": "clears"},
)


@dataclass(frozen=True)
class Cost:
    """Requests of one apply, as estimated or as counted."""

    read: int
    write: int

    def is_near(self, other: Cost) -> bool:
        """Within 5 %, and in small plans within two: one step that turns out to be done already is more than
        a twentieth of those.
        """
        pairs = [
            (self.read, other.read),
            (self.write, other.write),
            (self.read + self.write, other.read + other.write),
        ]
        return all(abs(a - b) <= max(2, 0.05 * b) for a, b in pairs)


def costs(sandbox: Sandbox, wanted: Desired) -> tuple[Cost, Cost]:
    """Plans, then does all that `apply` with the saved plan does: the estimate, and what was sent."""
    live = snapshot(sandbox, wanted)
    before = sandbox.requests()
    matched = paired(sandbox, wanted, live)
    matched.live = replace(live, requests=live.requests + sandbox.requests() - before)
    saved = plan_of(Mending(matched, POLICY))
    assert not saved.refusals, saved.refusals
    told = plan_document(saved, created_at="", rate=10)["requests"]
    assert told["seconds"] == pytest.approx((told["read"] + told["write"]) / 10)
    requests, writes = sandbox.requests(), sandbox.writes()
    live = snapshot(sandbox, wanted)
    plan = make_plan(wanted, live, POLICY)
    apply_plan(sandbox, wanted, plan, live, POLICY)
    sent = sandbox.writes() - writes
    # The harness, as the embedded sandbox, is not asked anew whose token it is before the actions.
    again = 1 if plan.actions else 0
    counted = Cost(sandbox.requests() - requests - sent + again, sent)
    return Cost(told["read"], told["write"]), counted


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(worlds(), st.sampled_from(RULE_SETS))
def test_the_estimate_is_what_is_sent(world: World, rules: dict[str, str]):
    with Sandbox(rules=rules) as sandbox:
        for wanted in (world.first, world.later, _hardly(world.later)):
            estimated, counted = costs(sandbox, wanted)
            assert estimated.is_near(counted), (estimated, counted)


def test_the_estimate_of_a_big_plan_is_exact():
    with Sandbox() as sandbox:
        for release in ("1.0.0", "2.0.0"):
            estimated, counted = costs(sandbox, _big(release))
            assert estimated == counted
        assert counted.write == 353
        estimated, counted = costs(sandbox, _big("2.0.0"))
        assert estimated == counted
        assert counted == Cost(5, 0)
        estimated, counted = costs(sandbox, _hardly(_big("2.0.0")))
        assert estimated == counted
        assert counted.write == 202


def _hardly(wanted: Desired) -> Desired:
    """Its first resource alone, since deleting all that a project owns would be refused; all of it where some
    is protected.
    """
    resources = list(wanted.resources.values())
    return wanted if any(resource.protect for resource in resources) else desired(resources[:1])


def _big(release: str) -> Desired:
    """Fifty customers with three instances each."""
    integrations = [_integration(name, release) for name in ("alpha", "beta", "gamma")]
    customers = [Resource(Address("Customer", f"c{n}"), {"name": f"Customer {n}"}) for n in range(50)]
    instances = [
        Resource(
            Address("Instance", f"{customer.address.name}/{integration.address.name}"),
            {
                "customer": customer.address,
                "integration": integration.address,
                "release": release,
                "name": f"{integration.address.name} for {customer.address.name}",
                "enabled": integration.address.name != "gamma",
                "config": {"Channel": f"#{customer.address.name}"},
                "flows": {"Flow 0": {"apiKeys": [Secret("k-1", "env KEY")]}},
            },
        )
        for customer in customers
        for integration in integrations
    ]
    return desired([*integrations, *customers, *instances])


def _integration(name: str, release: str) -> Resource:
    step = trigger()
    data = {
        "definitionVersion": 7,
        "name": name,
        "description": f"For {release}",
        "flows": [{"name": "Flow 0", "description": "", "isSynchronous": False, "steps": [step]}],
        "configPages": [{"name": "Page", "elements": [{"type": "configVar", "value": "Channel"}]}],
        "requiredConfigVars": [
            {"key": "Channel", "dataType": "string", "defaultValue": "all", "orgOnly": False}
        ],
    }
    fields = {"name": name.title(), "definition": definition(data), "release": release}
    return Resource(Address("Integration", name), fields)
