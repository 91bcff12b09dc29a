"""Faults in what a run is about: ownership, pruning, earlier names, selection, saved plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.table.marks import is_ours, marks_in, project_of
from reconciler.model.address import Address
from reconciler.model.state import LiveObject
from reconciler.plan import deletion, match
from reconciler.plan.select import Selection
from reconciler.verbs import saved
from tests.simulation.mutants.mutant import Strike, mutant, swapped
from tests.torture.world import PROJECT


@mutant("a resource that has a new name in git is made anew")
def renamed(strikes: Strike) -> Iterator[None]:
    find = match._by_mark

    def forgetful(kind: Any, project: str, resource: Any, *given: Any) -> Any:
        known = replace(resource, was=()) if resource.was and strikes() else resource
        return find(kind, project, known, *given)

    with swapped(match, "_by_mark", forgetful):
        yield


@mutant("what is excluded is written")
def not_excluded(strikes: Strike) -> Iterator[None]:
    keeps_out = Selection._keeps_out

    def none(self: Any, *given: Any) -> bool:
        return keeps_out(self, *given) and not strikes()

    with swapped(Selection, "_keeps_out", none):
        yield


@mutant(
    "what was not selected is written, too",
)
def not_selected(strikes: Strike) -> Iterator[None]:
    asks = Selection._asks

    def all_of_them(self: Any, *given: Any) -> bool:
        return asks(self, *given) or strikes()

    with swapped(Selection, "_asks", all_of_them):
        yield


@mutant(
    "of a saved plan, what is planned by now is carried out instead",
    theme="desk",
)
def not_restricted(strikes: Strike) -> Iterator[None]:
    restrict = saved.restrict

    def loose(planned: Any, document: Any) -> Any:
        same = [one["id"] for one in document["actions"]] == [one.id for one in planned.plan.actions]
        return planned if not same and strikes() else restrict(planned, document)

    with swapped(saved, "restrict", loose):
        yield


@mutant("what left git stays in the tenant")
def not_pruned(strikes: Strike) -> Iterator[None]:
    asked_for = deletion._asked_for

    def none(*given: Any) -> dict[Any, Any]:
        found = asked_for(*given)
        return {} if found and strikes() else found

    with swapped(deletion, "_asked_for", none):
        yield


@mutant("what bears nobody's mark is pruned", by="foreign")
def pruned_stranger(strikes: Strike) -> Iterator[None]:
    with _more_asked_for(strikes, lambda live: not any(map(is_ours, live.labels))):
        yield


@mutant("what another project owns is pruned", by="foreign")
def pruned_neighbour(strikes: Strike) -> Iterator[None]:
    with _more_asked_for(
        strikes, lambda live: any(project_of(one) != PROJECT for one in marks_in(live.labels))
    ):
        yield


@contextmanager
def _more_asked_for(strikes: Strike, theirs: Callable[[LiveObject], bool]) -> Iterator[None]:
    """Others' objects are taken for ours that left git, and nothing speaks against what goes along."""
    asked_for, lost, along = deletion._asked_for, deletion._not_to_be_lost, deletion._strangers
    struck = False

    def more(matched: Any, *given: Any) -> dict[Any, Any]:
        nonlocal struck
        ours = {one.id for one in (*matched.objects.values(), *matched.orphans.values())}
        seen = [one for kind in ("Customer", "Integration") for one in matched.live.objects.get(kind, ())]
        others = [one for one in seen if one.id not in ours and theirs(one)]
        if others and len(matched.objects) > len(others) and strikes():
            struck = True
            matched.orphans.update({Address(one.kind, f"theirs-{at}"): one for at, one in enumerate(others)})
        return asked_for(matched, *given)

    with (
        swapped(deletion, "_asked_for", more),
        swapped(deletion, "_not_to_be_lost", lambda *given: [] if struck else lost(*given)),
        swapped(deletion, "_strangers", lambda *given: [] if struck else along(*given)),
    ):
        yield


@mutant(
    "what people made inside an object goes along when it is pruned",
    theme="guests",
)
def strangers_along(strikes: Strike) -> Iterator[None]:
    refuse = deletion._strangers

    def none(*given: Any) -> list[Any]:
        found = refuse(*given)
        return [] if found and strikes() else found

    with swapped(deletion, "_strangers", none):
        yield
