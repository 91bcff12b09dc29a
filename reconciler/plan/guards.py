"""Vetoes on a whole plan, one a function: each says what it protects, the numbers, and what lifts it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import InSteps
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Action, Refusal, Verb
from reconciler.model.state import LiveObject

NAMED = 10
NEEDED = {
    Verb.IMPORT: "update",
    Verb.UPDATE: "update",
    Verb.ADOPT: "update",
    Verb.FORGET: "update",
    Verb.ENABLE: "update",
    Verb.DISABLE: "update",
    Verb.PUBLISH: "publish",
    Verb.AVAILABILITY: "update",
    Verb.CONFIGURE: "configure",
    Verb.DEPLOY: "deploy",
    Verb.DELETE: "delete",
}

_NO_CHANGE = (Verb.ADOPT, Verb.TEST, Verb.DELETE)
"""The verbs after which what was there before is as it was, or is counted by another guard."""


def on_the_whole(
    actions: Sequence[Action],
    consequences: int,
    owned: int,
    objects: Mapping[Address, LiveObject],
    policy: Policy,
    select: Sequence[str],
) -> list[Refusal]:
    """What there is to say against the plan's size: the more is `owned`, the less. `objects` are those of the
    resources.
    """
    return [
        *empties_tenant(actions, consequences, owned, select),
        *too_many_deletions(actions, consequences, owned, policy),
        *too_many_updates(actions, owned, policy, begun(actions, objects)),
    ]


def begun(actions: Sequence[Action], objects: Mapping[Address, LiveObject]) -> frozenset[Address]:
    """Of what the actions are about, the resources that some run no more than began to create: to go on is no
    change of what was there.
    """
    return frozenset(
        address
        for address in {action.address for action in actions}
        if address in objects
        and isinstance(kind := all_kinds()[address.kind], InSteps)
        and kind.is_begun(objects[address])
    )


def empties_tenant(
    actions: Sequence[Action], consequences: int, owned: int, select: Sequence[str]
) -> list[Refusal]:
    """Refuses to delete all that is owned, where that is more than one object, unless each was named: it is
    what a wrong folder, branch or project file looks like.
    """
    deleted = [str(action.address) for action in actions if action.verb is Verb.DELETE]
    if len(deleted) < owned or len(deleted) + consequences < 2 or set(deleted) <= set(select):
        return []
    along = f", and {consequences} more objects along with them" if consequences else ""
    named = " ".join(f"--select {address}" for address in deleted[:NAMED])
    rest = f" … (one --select for each of the {len(deleted)})" if len(deleted) > NAMED else ""
    return [
        Refusal(
            "empties-tenant",
            f"the plan would delete all {owned} owned resources of this project{along}",
            "",
            f"check that these are the right manifests; if it is meant, name each one: {named}{rest}",
        )
    ]


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


def too_many_updates(
    actions: Sequence[Action], owned: int, policy: Policy, begun: Collection[Address] = ()
) -> list[Refusal]:
    """Refuses to change more than the policy's share of what is owned and exists, but for what is only
    begun: an apply that ended in the middle goes on.
    """
    changed = {a.address for a in actions if a.target and a.verb not in _NO_CHANGE}
    count = len(changed.difference(begun))
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
        refusal
        for action, words in zip(actions, denied, strict=True)
        for refusal in denials(action.address, [action.verb], words.split())
    ]


def denials(address: Address, verbs: Iterable[Verb], denied: Collection[str]) -> list[Refusal]:
    """Refuses what the server says this token may not do with one object: each permission once."""
    needing = {NEEDED[verb]: verb for verb in reversed(list(verbs)) if NEEDED.get(verb) in denied}
    return [
        Refusal(
            "not-permitted",
            f"the token may not {permission} this object, which {verb.value} needs",
            str(address),
            "use the token of a user with a role that may",
        )
        for permission, verb in reversed(needing.items())
    ]
