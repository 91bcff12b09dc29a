"""What the tenant holds otherwise than was last applied, or not at all, and what nobody manages there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import live_scope_of
from reconciler.model.address import Address
from reconciler.model.plan import Cause, Change, Drift, Stranger, Verb
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched
from reconciler.plan.mending import Mending


def drifted(address: Address, mending: Mending) -> list[Drift]:
    """All that differs, but for what git alone changed. What is only about to be taken over was never
    applied.
    """
    if address not in mending.matched.objects or address in mending.matched.adopting:
        return []
    marked = all_kinds()[address.kind].marked
    return [
        Drift(
            address,
            change.path,
            change.after if change.cause is Cause.DRIFT else None,
            change.before,
            change.cause,
            is_certain=change.cause is not Cause.UNKNOWN or not marked,
        )
        for change in _differences(address, mending)
        if change.cause is not Cause.PENDING
    ]


def _differences(address: Address, mending: Mending) -> Iterable[Change]:
    """Each field that differs once: what is seen, and what the steps say that they would mend."""
    first: dict[str, Change] = {}
    for change in mending.steps(address).every_change:
        first.setdefault(change.path, change)
    return first.values()


def missing(addresses: Iterable[Address], mending: Mending) -> tuple[Address, ...]:
    """The resources that have no object, so that somebody else's may bear their name. What is set on another
    one's object comes and goes with that, and where one of several may be it, it is not missing.
    """
    matched = mending.matched
    doubtful = {one.address for one in matched.refusals if one.code in ("ambiguous", "unreadable")}
    absent = (a for a in addresses if a not in matched.objects and str(a) not in doubtful)
    return tuple(a for a in absent if [s.verb for s in mending.steps(a).steps[:1]] != [Verb.UPDATE])


def strangers(live: Live, matched: Matched) -> tuple[Stranger, ...]:
    """The objects that nobody manages, by what manifests of them could be called."""
    if not matched.strangers:
        return ()
    called = Called(live, matched)
    found = [Stranger(called.address(one), one.id, Called.name(one)) for one in matched.strangers]
    return tuple(sorted(found, key=lambda one: (one.address, one.id)))


class Called:
    """What manifests of objects that have none could be called."""

    def __init__(self, live: Live, matched: Matched) -> None:
        self._names = {o.id: a.leaf for a, o in (*matched.objects.items(), *matched.orphans.items())}
        self._live = live.by_id()

    def address(self, one: LiveObject) -> Address:
        """The address of one, within what its kind is scoped to."""
        scope = live_scope_of(all_kinds()[one.kind], one)
        return Address(one.kind, ("" if scope is None else f"{self._scope(scope)}/") + _slug(self.name(one)))

    def _scope(self, object_id: str) -> str:
        there = self._live.get(object_id)
        return self._names.get(object_id) or (_slug(self.name(there)) if there else object_id)

    @staticmethod
    def name(live: LiveObject) -> str:
        """What people call it."""
        texts = (live.fields.get(name) for name in ("name", "key", "email"))
        return next((text for text in texts if isinstance(text, str) and text), live.id)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "unnamed"
