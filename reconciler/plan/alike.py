"""What bears no mark and is just as its manifest says: nothing is to be done to it.

A key alone does not prove that an object is a resource's. That it equals the manifest besides does, as long
as nothing is done to it: what differs is adopted first, or refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy, Steps
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Verb
from reconciler.plan.match import Matched, let_go

_MARK = "mark"


def settle(matched: Matched, policy: Policy) -> bool:
    """Tells those objects without a mark that equal their manifests from the others, in the order of their
    dependencies: an instance is only what its manifest says if its integration is. Whether there were any.
    """
    known = len(matched.alike), len(matched.objects)
    for address in [one for one in matched.desired.resources if one in matched.adopting]:
        if not _unread(address, matched) and _equals(address, matched, policy):
            matched.adopting.discard(address)
            matched.likely.discard(address)
            matched.alike.add(address)
        elif address in matched.likely:
            let_go(address, matched)
    return known != (len(matched.alike), len(matched.objects))


def untouched(steps: Steps) -> Steps:
    """What there is to say of such a resource, and nothing to do."""
    return Steps(warnings=steps.warnings, refusals=steps.refusals, notes=steps.notes)


def counted(matched: Matched, addresses: Sequence[Address]) -> list[Diagnostic]:
    """A note that counts them; none where there are none."""
    found = [address for address in addresses if address in matched.alike]
    if not found:
        return []
    one = f"{found[0]} {matched.objects[found[0]].id}"
    them = one if len(found) == 1 else "--all"
    message = f"{len(found)} without a mark and just as the manifests say: reconciler adopt {them}"
    hint = "nothing is done to them; once marked, a change in git goes to them"
    return [Diagnostic("matched", message, hint=hint, severity="note")]


def _unread(address: Address, matched: Matched) -> bool:
    return address in matched.odd


def _equals(address: Address, matched: Matched, policy: Policy) -> bool:
    """Whether nothing but the mark is missing."""
    try:
        steps = all_kinds()[address.kind].steps(matched.request(address, policy), adopt=True)
    except Exception:
        return False  # planning tells of it
    return (
        all(step.verb is Verb.ADOPT for step in steps.steps)
        and all(change.path == _MARK for change in steps.every_change)
        and not steps.refusals
    )
