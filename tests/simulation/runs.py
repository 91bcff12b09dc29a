"""The verbs as processes run them: the same steps and exit codes as behind the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio

from reconciler.cli.main import _first
from reconciler.model.errors import JournalFailed, ReconcilerError, Refused, Unforeseen
from reconciler.model.outcome import Event, Started
from reconciler.pull.known import Rules
from reconciler.report.document import (
    drift_document,
    errors_document,
    outcome_document,
    plan_document,
)
from reconciler.verbs import saved
from reconciler.verbs.adopt import plan_to_adopt_all
from reconciler.verbs.apply import apply, note_refused, refuse
from reconciler.verbs.drift import drift
from reconciler.verbs.forget import plan_to_forget_all
from reconciler.verbs.plan import Planned, plan
from reconciler.verbs.pull import look, work_out, write
from reconciler.verbs.session import Options, Session, open_session, pace
from tests.simulation.checkout import forget
from tests.simulation.process import Process
from tests.simulation.script import Attempt
from tests.simulation.world import Commit

SAVED = "saved.json"


@dataclass
class Ended:
    """How a run ended: its exit code (None where it was killed), its document, all that it said."""

    code: int | None
    document: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    error: BaseException | None = None
    plans: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    shown_at: float = 0.0
    """When the plan was there."""
    started: list[tuple[float, str, str]] = field(default_factory=list)
    """When which action was begun: address and verb."""


class Runs:
    """The runs of one machine."""

    def __init__(self, folder: Path, environ: dict[str, str], side: Commit) -> None:
        self.folder, self.environ, self.side = folder, environ, side
        self.waits, self.takes, self.keeps = 0.0, False, False
        """The seconds between a saved plan and its apply, whether another run's lease is taken, and whether
        what is pulled changes the checkout.
        """

    async def run(self, process: Process, attempt: Attempt, options: Options, ended: Ended) -> None:
        """One run of a verb to its end."""
        self.waits, self.takes = attempt.waits, attempt.take
        ended.code = await process.run(self._ends(process, attempt.verb, options, ended))

    async def _ends(self, process: Process, verb: str, options: Options, ended: Ended) -> int:
        try:
            session = open_session(self.folder / "reconciler.yaml", None, self.environ, self.folder)
            session = replace(session, machine=process.machine, notice=ended.said.append)
            code: int = await getattr(self, f"_{verb}")(session, options, ended)
        except BaseException as caught:
            error = _first(caught) if isinstance(caught, BaseExceptionGroup) else caught
            if not isinstance(error, Exception):
                raise
            ended.error = error
            shown = error if isinstance(error, ReconcilerError) else Unforeseen(error)
            ended.document = ended.document or errors_document(shown)
            ended.said.append(json.dumps(errors_document(shown)))
            code = error.exit_code if isinstance(error, ReconcilerError) else 1
        return code

    async def _plan(self, session: Session, options: Options, ended: Ended, *, save: bool = False) -> int:
        planned = await plan(session, options)
        self._show(session, planned, ended)
        if save:
            saved.save(self.folder / SAVED, planned, session, options, _at(session))
        return Refused.exit_code if planned.plan.refusals else 0

    async def _drift(self, session: Session, options: Options, ended: Ended) -> int:
        found = await drift(session, options)
        ended.document = drift_document(found.planned.plan, found.missing, created_at=_at(session))
        return 0

    async def _saved(self, session: Session, options: Options, ended: Ended) -> int:
        code = await self._plan(session, options, ended, save=True)
        if code:
            return code
        await anyio.sleep(self.waits)
        document = saved.read(self.folder / SAVED)
        options = saved.options_of(document)
        planned = saved.restrict(await plan(session, options), document)
        return await self._carry_out(session, planned, options, ended)

    async def _apply(self, session: Session, options: Options, ended: Ended) -> int:
        planned = await plan(session, options)
        self._show(session, planned, ended)
        return await self._carry_out(session, planned, options, ended)

    async def _adopt(self, session: Session, options: Options, ended: Ended) -> int:
        takeover = await plan_to_adopt_all(session, options.selection)
        self._show(session, takeover.planned, ended)
        return await self._carry_out(session, takeover.planned, options, ended)

    async def _forget(self, session: Session, options: Options, ended: Ended) -> int:
        planned = await plan_to_forget_all(session)
        self._show(session, planned, ended)
        return await self._carry_out(session, planned, options, ended)

    async def _pull(self, session: Session, options: Options, ended: Ended) -> int:
        """What is written is told; only where it is `kept` does it reach the checkout."""
        return await self._pulls(session, options, ended, Rules())

    async def _pull_drift(self, session: Session, options: Options, ended: Ended) -> int:
        """The same, of nothing but what drifted."""
        return await self._pulls(session, options, ended, Rules(drifted=True))

    async def _pulls(self, session: Session, options: Options, ended: Ended, rules: Rules) -> int:
        pulled = work_out(await look(session, options), lambda *_: self.keeps, rules)
        if self.keeps:
            write(pulled)
            forget(self.folder)
        ended.said += [*pulled.written.values(), *map(str, pulled.files.kept)]
        return 1 if any(one.conflict for one in pulled.files.kept) else 0

    async def _carry_out(self, session: Session, planned: Planned, options: Options, ended: Ended) -> int:
        if planned.plan.refusals and (planned.plan.vetoes or not planned.plan.actions):
            self._note(session, planned, ended)
        refuse(planned)
        if not planned.plan.actions:
            return Refused.exit_code if planned.plan.refusals else 0
        outcome = await apply(
            session,
            planned,
            listener=lambda event: _note(event, session, ended),
            say=ended.said.append,
            parallelism=options.parallelism,
            take_lease=self.takes,
        )
        ended.document = outcome_document(outcome, created_at=_at(session))
        ended.said.append(json.dumps(ended.document))
        if outcome.fatal is not None and not outcome.interrupted:
            ended.error = outcome.fatal
        return outcome.exit_code

    def _note(self, session: Session, planned: Planned, ended: Ended) -> None:
        try:
            note_refused(session, planned)
        except JournalFailed as error:
            ended.said.append(error.message)

    def _show(self, session: Session, planned: Planned, ended: Ended) -> None:
        document = plan_document(planned.plan, created_at=_at(session), **pace(session, planned.plan))
        ended.document = document
        ended.shown_at = ended.shown_at or session.machine.clock()
        ended.plans.append(document)
        ended.said.append(json.dumps(document))


def _note(event: Event, session: Session, ended: Ended) -> None:
    if isinstance(event, Started):
        action = event.action
        ended.started.append((session.machine.clock(), str(action.address), action.verb.value))


def _at(session: Session) -> str:
    return session.machine.now().isoformat(timespec="seconds").replace("+00:00", "Z")
