"""Which resources have no record of what was applied: of them nobody can tell drift from a change in git."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Recorded
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.few import few
from reconciler.plan.match import Matched


def without_baseline(
    addresses: Iterable[Address], written: Collection[Address], matched: Matched, policy: Policy
) -> list[Diagnostic]:
    """A note that counts them; those that are `written` anyway get their record along with it."""
    kinds = {
        n: kind.recorded for n, kind in all_kinds().items() if kind.marked and isinstance(kind, Recorded)
    }
    bare = [
        address
        for address in addresses
        if (recorded := kinds.get(address.kind)) and (live := matched.objects.get(address))
        if not recorded(live, policy)
        if address not in written and address not in matched.adopting and address not in matched.alike
    ]
    if not bare:
        return []
    one = f"{bare[0]} {matched.objects[bare[0]].id}"
    them = one if len(bare) == 1 else f"--all ({few([str(a) for a in bare])})"
    return [
        Diagnostic(
            "no-baseline",
            f"{len(bare)} without a baseline: reconciler adopt {them}",
            hint="with it, a change in git is told from one in the tenant; other changes write it along",
            severity="note",
        )
    ]
