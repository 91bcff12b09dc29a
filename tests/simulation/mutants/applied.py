"""Faults in the carrying out of plans: looks, repetitions, preconditions, deletions, waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.apply import run as walk
from reconciler.apply import step
from reconciler.apply.look import own
from reconciler.apply.rollout import Rollouts
from reconciler.model.errors import ApiError, Stale
from reconciler.model.outcome import Status
from reconciler.model.plan import Verb
from tests.simulation.mutants.mutant import (
    Struck,
    crowded,
    cut_off,
    mutant,
    pruned,
    swapped,
    troubled,
    visited,
)


@mutant("a creation does not look first whether the object is there", where=crowded)
def no_look(struck: Struck) -> Iterator[None]:
    look_first = step._look_first

    async def blind(kind: Any, action: Any, run: Any) -> bool:
        if action.target:
            return await look_first(kind, action, run)
        struck()
        return True

    with swapped(step, "_look_first", blind):
        yield


@mutant("after a creation nobody looks for a second one made at the same moment", where=crowded)
def no_settling(struck: Struck) -> Iterator[None]:
    async def contented(kind: Any, action: Any, run: Any) -> Any:
        struck()
        return run.observed.get(action.address)

    with swapped(step, "_settle", contented):
        yield


@mutant("of two objects made at the same moment, each run keeps its own", where=crowded)
def keeps_own(struck: Struck) -> Iterator[None]:
    look = step.own_by_now

    async def own_first(tenant: Any, kind: Any, request: Any, sleep: Any) -> Any:
        found = await look(tenant, kind, request, sleep)
        mine = [one for one in found if request.live and one.id == request.live.id]
        if len(found) > 1 and mine != found[:1]:
            struck()
        return [*mine, *(one for one in found if one not in mine)]

    with swapped(step, "own_by_now", own_first):
        yield


@mutant("a creation whose answer was lost is sent again without a look", where=troubled)
def blind_retry(struck: Struck) -> Iterator[None]:
    with _never_happened(Verb.CREATE, struck):
        yield


@mutant("a publication whose answer was lost is sent again without a look", where=troubled)
def published_again(struck: Struck) -> Iterator[None]:
    with _never_happened(Verb.PUBLISH, struck):
        yield


def _never_happened(verb: Verb, struck: Struck) -> Any:
    happened = step._happened

    async def never(kind: Any, name: str, action: Any, run: Any) -> bool:
        if action.verb is not verb:
            return await happened(kind, name, action, run)
        struck()
        return False

    return swapped(step, "_happened", never)


@mutant("a stale answer is taken for the truth after a lost answer", where=troubled)
def one_glance(struck: Struck) -> Iterator[None]:
    async def once(kind: Any, name: str, action: Any, run: Any) -> bool:
        seen = await step._is_seen(kind, name, action, run)
        if not seen and action.verb in (Verb.CREATE, Verb.PUBLISH):
            struck()
        return seen

    with swapped(step, "_happened", once):
        yield


@mutant("a list that lacks what was just created is taken for the truth", where=troubled)
def stale_list(struck: Struck) -> Iterator[None]:
    async def once(tenant: Any, kind: Any, request: Any, sleep: Any) -> Any:
        found = await own(tenant, kind, request)
        if request.live is not None and all(one.id != request.live.id for one in found):
            struck()
        return found

    with swapped(step, "own_by_now", once):
        yield


@mutant("that somebody changed an object since the plan was made is overlooked", where=visited)
def no_basis(struck: Struck) -> Iterator[None]:
    look_first = step._look_first

    async def careless(kind: Any, action: Any, run: Any) -> bool:
        try:
            return await look_first(kind, action, run)
        except Stale as error:
            if "someone else changed it" not in error.message:
                raise
            struck()
            live = await run.tenant.read(kind, kind.get(action.target))
            live = step._noting(kind, live, run.observed.get(action.address))
            run.observed[action.address] = run.before[action.address] = live
            return True

    with swapped(step, "_look_first", careless):
        yield


@mutant("a draft that another run changed meanwhile is published", where=crowded)
def overtaken(struck: Struck) -> Iterator[None]:
    check = step._not_overtaken

    def unconcerned(*given: Any) -> None:
        try:
            check(*given)
        except Stale:
            struck()

    with swapped(step, "_not_overtaken", unconcerned):
        yield


@mutant("what was accepted is taken to have taken effect")
def no_wait(struck: Struck) -> Iterator[None]:
    async def hasty(kind: Any, action: Any, run: Any) -> None:
        if step._unready(kind, action, run):
            struck()

    with swapped(step, "_wait", hasty):
        yield


@mutant("a failed action is told as done", where=troubled)
def told_as_done(struck: Struck) -> Iterator[None]:
    attempt = walk.Walk._attempt

    async def boastful(self: Any, action: Any, work: Any) -> Any:
        status, error = await attempt(self, action, work)
        if isinstance(error, ApiError):
            struck()
            return Status.DONE, None
        return status, error

    with swapped(walk.Walk, "_attempt", boastful):
        yield


@mutant("what depends on a failed action is carried out all the same", where=troubled)
def no_blocker(struck: Struck) -> Iterator[None]:
    blocker = walk.Walk._blocker

    def unblocked(self: Any, action: Any) -> str:
        if blocker(self, action):
            struck()
        return ""

    with swapped(walk.Walk, "_blocker", unblocked):
        yield


@mutant("deletions are carried out beside a refusal", where=pruned)
def despite_refusal(struck: Struck) -> Iterator[None]:
    with _unhindered("first_refusal", struck):
        yield


@mutant("deletions are carried out although something failed", where=pruned)
def despite_failure(struck: Struck) -> Iterator[None]:
    with _unhindered("first_failure", struck):
        yield


def _unhindered(name: str, struck: Struck) -> Any:
    found, phase = getattr(walk, name), walk.Walk._phase

    async def phased(self: Any, actions: list[Any], blocked_by: str = "") -> None:
        if blocked_by and found(self._plan if name == "first_refusal" else self._results) == blocked_by:
            if actions:
                struck()
            blocked_by = ""
        await phase(self, actions, blocked_by)

    return swapped(walk.Walk, "_phase", phased)


@mutant("what somebody made inside an object meanwhile is deleted along with it", where=pruned)
def no_look_inside(struck: Struck) -> Iterator[None]:
    look = step.look_inside

    async def careless(action: Any, run: Any) -> None:
        try:
            await look(action, run)
        except Stale:
            struck()

    with swapped(step, "look_inside", careless):
        yield


@mutant("all waves of a set begin at once, and none is ever stopped")
def no_waves(struck: Struck) -> Iterator[None]:
    progress, veto = Rollouts._progress, Rollouts.veto

    async def turn(self: Any, action: Any) -> None:
        found = progress(self, action)
        if (
            found
            and found._wave[action.address]
            and not found._over[found._wave[action.address] - 1].is_set()
        ):
            struck()

    def unstopped(self: Any, action: Any) -> str:
        if veto(self, action):
            struck()
        return ""

    with swapped(Rollouts, "turn", turn), swapped(Rollouts, "veto", unstopped):
        yield


@mutant("an interrupt is not heeded", where=cut_off)
def deaf(struck: Struck) -> Iterator[None]:
    def stop(_: Any) -> None:
        struck()

    with swapped(walk.Walk, "stop", stop):
        yield


@mutant("a draft is published without a second look at it", where=crowded)
def no_second_look(struck: Struck) -> Iterator[None]:
    async def unlooked(*_: Any) -> None:
        struck()

    with swapped(step, "_look_again", unlooked):
        yield
