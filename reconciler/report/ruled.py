"""What the project's own rules say, as a part of the documents of plans and outcomes."""

from __future__ import annotations

from typing import Any

from reconciler.model.plan import Plan
from reconciler.model.policy import Finding

Document = dict[str, Any]


def policy_part(plan: Plan) -> Document:
    """What the rules say of a plan, and what was waived; nothing where they say nothing."""
    waivers = plan.waivers
    found = [
        {
            **finding_document(one),
            **({"approvedBy": list(waivers.approved_by)} if one.approvals and waivers.approved_by else {}),
            **({"overridden": waivers.reason} if one.rule in waivers.overridden else {}),
        }
        for one in plan.findings
    ]
    return {"policy": found} if found else {}


def finding_document(one: Finding) -> Document:
    """What a rule says of a plan."""
    return {
        "rule": one.rule,
        "effect": one.effect.value,
        "message": one.message,
        "addresses": list(one.addresses),
        **({"approvals": one.approvals} if one.approvals else {}),
    }
