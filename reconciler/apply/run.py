"""Walks the plan's graph: each action as soon as all that it waits for is done, deletions at the end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from traceback import format_tb

import anyio
from msgspec import structs

from reconciler.apply.elsewhere import Elsewhere
from reconciler.apply.rollout import Rollouts
from reconciler.apply.running import Run
from reconciler.apply.step import carry_out
from reconciler.apply.turns import Order, Window
from reconciler.model.errors import (
    ApiError,
    JournalFailed,
    NotAuthenticated,
    ReconcilerError,
    Stale,
    Unforeseen,
    Unreachable,
    Withdrawn,
)
from reconciler.model.outcome import Ended, Outcome, Result, Started, Status
from reconciler.model.plan import Action, Plan, Verb

log = logging.getLogger("reconciler.apply")


class Walk:
    """One walk over a plan. `stop` says that nothing new is to be started; what is in flight is finished, and
    what was begun and has sent nothing yet is called off.
    `together` tells how many calls may travel in one request by now: so many more are begun at once.
    """

    def __init__(
        self,
        plan: Plan,
        run: Run,
        *,
        parallelism: int,
        now: Callable[[], datetime],
        together: Callable[[], int] = lambda: 1,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._plan, self._run, self._now = plan, run, now
        self._parallelism, self._together = parallelism, together
        self._elsewhere = elsewhere
        self._limiter = anyio.CapacityLimiter(self._places())
        self.stopped = False
        self.begun = False
        """Whether some action was begun."""
        self.fatal: ReconcilerError | None = None
        self._results: dict[str, Result] = {}
        self._beside: list[Action] = []
        self._barred = plan.barred
        self._rollouts = Rollouts(plan.rollouts, plan.actions, self._barred, parallelism=parallelism)

    def _places(self) -> int:
        """How many resources may be in work at once. Where calls travel together, as many again are made
        ready while those are under way: else all are made ready, and then all are waited for.
        """
        together = self._together()
        return self._parallelism * (2 * together if together > 1 else 1)

    def stop(self) -> None:
        """Starts nothing new from now on."""
        self.stopped = True
        self._wait_no_more()

    def abandon(self, error: ReconcilerError) -> None:
        """Starts nothing new from now on, and tells why: the first reason ends the run."""
        self.fatal = self.fatal or error
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        self._run.unsent.call_off()
        if self._elsewhere:
            self._elsewhere.end()

    @property
    def _ended_by(self) -> str:
        """Why nothing new is begun any more; empty as long as it is."""
        if self.stopped:
            return "interrupted"
        return self.fatal.code if self.fatal else ""

    async def outcome(self) -> Outcome:
        """Carries the plan out and tells how each action ended; what failed is in the results, not raised."""
        self._run.journal.begin(self._plan)
        building = [a for a in self._plan.actions if a.verb is not Verb.DELETE]
        removing = [a for a in self._plan.actions if a.verb is Verb.DELETE]
        status = "cut off"
        try:
            await self._phase(building)
            await self._phase(removing, first_refusal(self._plan) or first_failure(self._results))
            status = "interrupted" if self.stopped else "finished"
        finally:
            self._note(lambda: self._run.journal.end(status))
        results = tuple(self._results[a.id] for a in self._actions())
        return Outcome(self._plan, results, interrupted=self.stopped, fatal=self.fatal)

    def cut_off(self, error: ReconcilerError | None = None) -> Outcome:
        """The outcome of a walk that was stopped at once, by the user or by an error: what was sent, and has
        no end, is in doubt.
        """
        because, unsent = error.code if error else "interrupted", self._run.unsent
        results = tuple(
            self._results.get(a.id)
            or self._with_kept(Result(a, Status.SKIPPED, because=because, doubtful=unsent.has_sent(a)))
            for a in self._actions()
        )
        return Outcome(self._plan, results, interrupted=error is None, fatal=self.fatal or error)

    def _actions(self) -> tuple[Action, ...]:
        """The plan's, and what turned out to be needed beside them."""
        return (*self._plan.actions, *self._beside)

    async def _phase(self, actions: list[Action], blocked_by: str = "") -> None:
        order = Order(actions)
        async with anyio.create_task_group() as group:

            async def perform(action: Action) -> None:
                because = blocked_by or self._blocker(action) or await self._late(action)
                async with (
                    nullcontext() if because else self._rollouts.places(action) or nullcontext(),
                    nullcontext() if because else self._limiter,
                ):
                    because = because or self._rollouts.veto(action)
                    following: Action | None = action
                    while following is not None:
                        await self._perform(following, because or self._blocker(following))
                        following = release(following)

            def release(ended: Action) -> Action | None:
                """Starts what waited for `ended` last. What goes on with the same resource is given back: it
                is finished before another is begun, so that few are left halfway at any time. Who has only
                made way waits for its turn as before.
                """
                same = None
                for follower in order.released(ended):
                    waits = self._elsewhere is not None and self._elsewhere.concerns(follower)
                    if same is None and follower.address == ended.address and not (ended.makes_way or waits):
                        same = follower
                    else:
                        begin(follower)
                return same

            windows: dict[anyio.CapacityLimiter, Window] = {}

            def begin(action: Action) -> None:
                self._rollouts.when_due(action, start)

            def start(action: Action) -> None:
                if self._elsewhere and self._elsewhere.concerns(action):
                    # Others might never get a place, were it to wait in one for another run.
                    group.start_soon(perform, action)
                    return
                places = self._rollouts.places(action) or self._limiter
                if places not in windows:
                    windows[places] = Window(group, perform, lambda: places.total_tokens)
                windows[places].add(action)

            for action in order.first:
                begin(action)

    async def _late(self, action: Action) -> str:
        """What another run was to do, and has not in time; empty once all is there."""
        return await self._elsewhere.turn(action) if self._elsewhere else ""

    def _blocker(self, action: Action) -> str:
        for other in action.depends_on:
            result = self._results.get(other)
            if result is not None and result.status is not Status.DONE:
                return result.because or other
        return ""

    async def _perform(self, action: Action, because: str) -> None:
        undoing = self._undoes(action)
        because = because or ("" if undoing else self._ended_by)
        if because:
            hint = self._elsewhere.hint(because) if self._elsewhere else ""
            self._end(Result(action, Status.SKIPPED, because=because, hint=hint))
            return
        if why := self._barred.get(str(action.address)):
            message = f"nothing must be done to it any more: {why}"
            self._end(Result(action, Status.STALE, message, "plan again, and look at what is refused"))
            return
        work = carry_out(action, self._run, self._aside)
        await self._carry(action, work if undoing else self._run.unsent.unless_called_off(action, work))

    async def _aside(self, action: Action, work: Awaitable[None]) -> Result:
        """Carries out what no plan has: it is a part of an action that was begun, and is told like one."""
        self._beside.append(action)
        return await self._carry(action, work)

    async def _carry(self, action: Action, work: Awaitable[None]) -> Result:
        self.begun = True
        self._run.listener(Started(action))
        started, began = self._now().isoformat(), self._run.clock()
        status, error = await self._attempt(action, work)
        if isinstance(error, Withdrawn):
            self._run.kept.pop(action.id, None)  # what it would have destroyed is there
            return self._end(Result(action, Status.SKIPPED, because=self._ended_by))
        return self._end(
            Result(
                action,
                status,
                error.message if error else "",
                error.hint if error else "",
                "",
                started,
                self._run.clock() - began,
                isinstance(error, ApiError | Unreachable | Unforeseen) and error.doubtful,
            )
        )

    def _undoes(self, action: Action) -> bool:
        """Whether it takes back what a deploy of this run brings along: that is finished with it, since no
        later run could tell that the instance had been paused.
        """
        if action.verb is not Verb.DISABLE:
            return False
        before = [self._results[name].action for name in action.depends_on if name in self._results]
        return any(one.verb is Verb.DEPLOY and one.address == action.address for one in before)

    async def _attempt(self, action: Action, work: Awaitable[None]) -> tuple[Status, ReconcilerError | None]:
        try:
            await work
        except Stale as error:
            return Status.STALE, error
        except (Unreachable, NotAuthenticated, JournalFailed) as error:
            self.abandon(error)
            return Status.FAILED, error
        except ReconcilerError as error:
            return Status.FAILED, error
        except Exception as error:  # of this action alone, whatever it is
            # Without its text, in which anything may stand.
            stack = "".join(format_tb(error.__traceback__))
            log.debug("%s: %s\n%s", action.id, type(error).__name__, stack)
            return Status.FAILED, Unforeseen(error, address=str(action.address))
        return Status.DONE, None

    def _end(self, result: Result) -> Result:
        live = self._run.observed.get(result.action.address)
        done = live is not None and result.status is Status.DONE
        found = live.id if live is not None and done else result.action.target
        result = self._with_kept(structs.replace(result, object_id=found))
        self._results[result.action.id] = result
        if (places := self._places()) != self._limiter.total_tokens:
            self._limiter.total_tokens = places
        self._rollouts.ended(result)
        self._note(lambda: self._run.journal.ended(result))
        self._run.listener(Ended(result))
        return result

    def _with_kept(self, result: Result) -> Result:
        kept = self._run.kept.get(result.action.id)
        return structs.replace(result, kept=kept) if kept else result

    def _note(self, entry: Callable[[], None]) -> None:
        """Notes what has happened already: where that fails, nothing new is to happen."""
        try:
            entry()
        except JournalFailed as error:
            self.abandon(error)
        except Exception as error:
            self.abandon(Unforeseen(error))


def first_refusal(plan: Plan) -> str:
    """What is refused, in words, since nothing is deleted beside that; empty if nothing is."""
    named = list(dict.fromkeys(one.address for one in plan.refusals if one.address))
    if len(named) < 2:
        return f"{named[0]}, which is refused" if named else ""
    return f"{named[0]} and {len(named) - 1} more, which are refused"


def first_failure(results: Mapping[str, Result]) -> str:
    """The id of an action that did not end well, since deletions wait for all others; empty if none."""
    return min((name for name, r in results.items() if r.status is not Status.DONE), default="")
