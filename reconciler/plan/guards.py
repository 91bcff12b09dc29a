"""Vetoes on a whole plan, one a function: each says what it protects, the numbers, and what lifts it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.base import Policy
from reconciler.model.plan import Action, Refusal, Verb

NEEDED = {
    Verb.IMPORT: "update",
    Verb.UPDATE: "update",
    Verb.ADOPT: "update",
    Verb.ENABLE: "update",
    Verb.DISABLE: "update",
    Verb.PUBLISH: "publish",
    Verb.AVAILABILITY: "update",
    Verb.CONFIGURE: "configure",
    Verb.DEPLOY: "deploy",
    Verb.DELETE: "delete",
}


def too_many_deletions(
    actions: Sequence[Action], consequences: int, owned: int, policy: Policy
) -> list[Refusal]:
    """Refuses to delete more than the policy's share of what is owned; what goes along counts."""
    count = sum(action.verb is Verb.DELETE for action in actions) + consequences
    if policy.allow_delete or count <= policy.guard_minimum or count <= policy.guard_delete * owned:
        return []
    return [
        Refusal(
            "guard-delete",
            f"the plan would delete {count} of {owned} owned resources; the guard stops at "
            f"{policy.guard_delete:.0%} when there are more than {policy.guard_minimum}",
            "",
            "look at the plan; if it is meant, give --allow-deletes",
        )
    ]


def too_many_updates(actions: Sequence[Action], owned: int, policy: Policy) -> list[Refusal]:
    """Refuses to change more than the policy's share of what is owned and exists."""
    count = len({a.address for a in actions if a.target and a.verb is not Verb.DELETE})
    if policy.allow_update or count <= policy.guard_minimum or count <= policy.guard_update * owned:
        return []
    return [
        Refusal(
            "guard-update",
            f"the plan would change {count} of {owned} owned resources; the guard stops at "
            f"{policy.guard_update:.0%} when there are more than {policy.guard_minimum}",
            "",
            "look at the plan; if it is meant, give --allow-updates",
        )
    ]


def not_permitted(actions: Sequence[Action], denied: Sequence[str]) -> list[Refusal]:
    """Refuses what the server says this token may not do. `denied` runs beside `actions`: for each, the
    words of what is denied on its object, joined by blanks.
    """
    return [
        Refusal(
            "not-permitted",
            f"the token may not {NEEDED[action.verb]} this object, which {action.verb.value} needs",
            str(action.address),
            "use the token of a user with a role that may",
        )
        for action, words in zip(actions, denied, strict=True)
        if NEEDED.get(action.verb, "-") in words.split()
    ]
