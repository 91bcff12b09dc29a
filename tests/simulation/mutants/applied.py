"""Faults in the carrying out of plans: looks, repetitions, preconditions, deletions, waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from reconciler.apply import run as walk
from reconciler.apply import step
from reconciler.apply.look import ATTEMPTS, FIRST_WAIT, own
from reconciler.apply.rollout import Rollouts
from reconciler.apply.unsent import Unsent
from reconciler.kinds.instance import steps
from reconciler.kinds.instance.tests import TESTED
from reconciler.kinds.integration import kept
from reconciler.kinds.protocol import ignored
from reconciler.model.errors import ApiError, Stale
from reconciler.model.outcome import Status
from reconciler.model.plan import Verb
from reconciler.pull.known import Work
from tests.simulation.mutants.mutant import Strike, mutant, swapped

_ONCE = (Verb.CREATE, Verb.PUBLISH)


@mutant(
    "a stale answer is taken for the truth after a lost one",
    theme="lag",
)
def one_glance(strikes: Strike) -> Iterator[None]:
    async def once(kind: Any, name: str, action: Any, run: Any) -> bool:
        seen = await step._is_seen(kind, name, action, run)
        again = not seen and action.verb in _ONCE and not strikes()
        for attempt in range(1, ATTEMPTS) if again else ():
            await run.sleep(FIRST_WAIT * 2**attempt)
            if await step._is_seen(kind, name, action, run):
                return True
        return seen

    with swapped(step, "_happened", once):
        yield


@mutant(
    "a list that lacks what was just created is taken for the truth",
    theme="race",
)
def stale_list(strikes: Strike) -> Iterator[None]:
    async def once(tenant: Any, kind: Any, request: Any, sleep: Any) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            found = await own(tenant, kind, request)
            if request.live is None or any(one.id == request.live.id for one in found) or strikes():
                break
            await sleep(FIRST_WAIT * 2**attempt)
        return found

    with swapped(step, "own_by_now", once):
        yield


@mutant(
    "what the look before a creation finds is not heeded",
    theme="race",
)
def no_look(strikes: Strike) -> Iterator[None]:
    look_first = step._look_first

    async def blind(kind: Any, action: Any, run: Any) -> bool:
        goes_on = await look_first(kind, action, run)
        if not action.target and action.address in run.observed and strikes():
            del run.observed[action.address]
        return goes_on

    with swapped(step, "_look_first", blind):
        yield


@mutant("of two objects made at the same moment both stay")
def both_stay(strikes: Strike) -> Iterator[None]:
    look = step.own_by_now

    async def one_alone(tenant: Any, kind: Any, request: Any, sleep: Any) -> Any:
        found = await look(tenant, kind, request, sleep)
        if len(found) < 2 or not strikes():
            return found
        mine = [one for one in found if request.live and one.id == request.live.id]
        return mine or found[:1]

    with swapped(step, "own_by_now", one_alone):
        yield


@mutant(
    "of two objects made at the same moment, each run keeps its own",
    theme="race",
)
def keeps_own(strikes: Strike) -> Iterator[None]:
    look = step.own_by_now

    async def own_first(tenant: Any, kind: Any, request: Any, sleep: Any) -> Any:
        found = await look(tenant, kind, request, sleep)
        mine = [one for one in found if request.live and one.id == request.live.id]
        if len(found) > 1 and mine and mine != found[:1] and strikes():
            return [*mine, *(one for one in found if one not in mine)]
        return found

    with swapped(step, "own_by_now", own_first):
        yield


@mutant(
    "of two objects without marks the later is not taken back",
    theme="race",
)
def not_taken_back(strikes: Strike) -> Iterator[None]:
    older = step.older_than_own

    def none(*given: Any) -> Any:
        found = older(*given)
        return None if found is not None and strikes() else found

    with swapped(step, "older_than_own", none):
        yield


@mutant(
    "a creation whose answer was lost is sent again without a look",
)
def blind_retry(strikes: Strike) -> Iterator[None]:
    with _never_happened(Verb.CREATE, strikes):
        yield


@mutant("a publication whose answer was lost is sent again without a look", theme="lag")
def published_again(strikes: Strike) -> Iterator[None]:
    with _never_happened(Verb.PUBLISH, strikes):
        yield


@mutant("a creation whose answer was lost is sent again, and of the two objects both stay")
def retried_and_kept(strikes: Strike) -> Iterator[None]:
    with blind_retry(strikes), both_stay(strikes):
        yield


@mutant("what the look before a creation finds is not heeded, and of the two objects both stay")
def blind_and_kept(strikes: Strike) -> Iterator[None]:
    with no_look(strikes), both_stay(strikes):
        yield


def _never_happened(verb: Verb, strikes: Strike) -> AbstractContextManager[object]:
    happened = step._happened

    async def never(kind: Any, name: str, action: Any, run: Any) -> bool:
        before = run.observed.get(action.address)
        found = await happened(kind, name, action, run)
        if action.verb is not verb or not found or not strikes():
            return found
        run.observed.pop(action.address, None)
        run.observed |= {action.address: before} if before else {}
        return False

    return swapped(step, "_happened", never)


@mutant(
    "that somebody changed an object since the plan was made is overlooked",
    theme="desk",
)
def no_basis(strikes: Strike) -> Iterator[None]:
    look_first = step._look_first

    async def careless(kind: Any, action: Any, run: Any) -> bool:
        try:
            return await look_first(kind, action, run)
        except Stale as error:
            if "someone else changed it" not in error.message or not strikes():
                raise
            live = await run.tenant.read(kind, kind.get(action.target))
            live = step._noting(kind, live, run.observed.get(action.address))
            run.observed[action.address] = run.before[action.address] = live
            return True

    with swapped(step, "_look_first", careless):
        yield


@mutant(
    "a draft that another run changed meanwhile is published",
    theme="mixed",
)
def overtaken(strikes: Strike) -> Iterator[None]:
    check = step._not_overtaken

    def unconcerned(*given: Any) -> None:
        try:
            check(*given)
        except Stale:
            if not strikes():
                raise

    with swapped(step, "_not_overtaken", unconcerned):
        yield


@mutant("what was accepted is taken to have taken effect")
def no_wait(strikes: Strike) -> Iterator[None]:
    wait = step._wait

    async def hasty(kind: Any, action: Any, run: Any) -> None:
        if not (step._unready(kind, action, run) and strikes()):
            await wait(kind, action, run)

    with swapped(step, "_wait", hasty):
        yield


@mutant("a failed action is told as done", theme="fleet")
def told_as_done(strikes: Strike) -> Iterator[None]:
    attempt = walk.Walk._attempt

    async def boastful(self: Any, action: Any, work: Any) -> Any:
        status, error = await attempt(self, action, work)
        return (Status.DONE, None) if isinstance(error, ApiError) and strikes() else (status, error)

    with swapped(walk.Walk, "_attempt", boastful):
        yield


@mutant("what depends on a failed action is carried out all the same")
def no_blocker(strikes: Strike) -> Iterator[None]:
    blocker = walk.Walk._blocker

    def unblocked(self: Any, action: Any) -> str:
        found = blocker(self, action)
        return "" if found and strikes() else found

    with swapped(walk.Walk, "_blocker", unblocked):
        yield


@mutant(
    "deletions are carried out beside a refusal",
    theme="desk",
)
def despite_refusal(strikes: Strike) -> Iterator[None]:
    with _unhindered("first_refusal", strikes):
        yield


@mutant(
    "deletions are carried out although something failed",
    theme="guests",
)
def despite_failure(strikes: Strike) -> Iterator[None]:
    with _unhindered("first_failure", strikes):
        yield


def _unhindered(name: str, strikes: Strike) -> AbstractContextManager[object]:
    found, phase = getattr(walk, name), walk.Walk._phase

    async def phased(self: Any, actions: list[Any], blocked_by: str = "") -> None:
        said = found(self._plan if name == "first_refusal" else self._results)
        free = actions and blocked_by and said == blocked_by and strikes()
        await phase(self, actions, "" if free else blocked_by)

    return swapped(walk.Walk, "_phase", phased)


@mutant(
    "what somebody made inside an object meanwhile is deleted along with it",
    theme="guests",
)
def no_look_inside(strikes: Strike) -> Iterator[None]:
    look = step.look_inside

    async def careless(action: Any, run: Any) -> None:
        try:
            await look(action, run)
        except Stale:
            if not strikes():
                raise

    with swapped(step, "look_inside", careless):
        yield


@mutant(
    "the waves of a set all begin at once",
    theme="fleet",
)
def no_waves(strikes: Strike) -> Iterator[None]:
    when_due = Rollouts.when_due

    def at_once(self: Any, action: Any, begin: Any) -> None:
        found = self._progress(action)
        wave = found._wave[action.address] if found else 0
        if found and wave and not found._over[wave - 1] and strikes():
            begin(action)
        else:
            when_due(self, action, begin)

    with swapped(Rollouts, "when_due", at_once):
        yield


@mutant(
    "a set goes on although more have failed than may",
    theme="fleet",
)
def never_stopped(strikes: Strike) -> Iterator[None]:
    veto = Rollouts.veto

    def none(self: Any, action: Any) -> str:
        why = veto(self, action)
        return "" if why and strikes() else why

    with swapped(Rollouts, "veto", none):
        yield


@mutant("a test that fails, and what is skipped then, does not count as a failure of its wave", theme="fleet")
def uncounted(strikes: Strike) -> Iterator[None]:
    ended = Rollouts.ended

    def some(self: Any, result: Any) -> None:
        progress = self._progress(result.action)
        failed = result.action.verb is Verb.TEST and result.status is Status.FAILED
        failed = failed or "#test:" in result.because
        if progress and failed and strikes():
            progress.ended(result, failed=False)
        else:
            ended(self, result)

    with swapped(Rollouts, "ended", some):
        yield


@mutant("a wave begins while tests of the one before it are still to pass", theme="fleet")
def untested_wave(strikes: Strike) -> Iterator[None]:
    progress = Rollouts._progress

    def of_the_rest(self: Any, action: Any) -> Any:
        found = progress(self, action)
        about_tests = action.verb is Verb.TEST or action.id.endswith(f"#{TESTED}")
        return None if found and about_tests and strikes() else found

    with swapped(Rollouts, "_progress", of_the_rest):
        yield


@mutant("that a test is still to pass is forgotten by the next run", theme="fleet")
def forgotten_test(strikes: Strike) -> Iterator[None]:
    test_steps = steps.test_steps

    def after_deploys(request: Any, *, deploying: bool) -> list[Any]:
        found = test_steps(request, deploying=deploying)
        return [] if found and not deploying and strikes() else found

    with swapped(steps, "test_steps", after_deploys):
        yield


@mutant("what people wrote where git says nothing is lost with an import", theme="desk")
def reset(strikes: Strike) -> Iterator[None]:
    theirs = kept._is_theirs

    def ignored_alone(resource: Any, path: str) -> bool:
        found = theirs(resource, path)
        return found and (ignored(resource, path) or not strikes())

    with swapped(kept, "_is_theirs", ignored_alone):
        yield


@mutant(
    "an interrupt is not heeded",
)
def deaf(strikes: Strike) -> Iterator[None]:
    stop = walk.Walk.stop

    def unheard(self: Any) -> None:
        if not strikes():
            stop(self)

    with swapped(walk.Walk, "stop", unheard):
        yield


@mutant("what waits for its request is sent all the same after an interrupt", theme="stops")
def sent_all_the_same(strikes: Strike) -> Iterator[None]:
    call_off = Unsent.call_off

    def unheard(self: Any) -> None:
        if not (self._looking and strikes()):
            call_off(self)

    with swapped(Unsent, "call_off", unheard):
        yield


@mutant("a pull of what drifted leaves some of it out")
def drift_left_out(strikes: Strike) -> Iterator[None]:
    put = Work.put

    def none(self: Any, *given: Any) -> None:
        if not (self.rules.drifted and strikes()):
            put(self, *given)

    with swapped(Work, "put", none):
        yield
