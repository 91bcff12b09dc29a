"""plan, drift and list of several environments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.moments import now
from reconciler.cli.settings import Settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.abreast import Abreast
    from reconciler.verbs.abreast import Answer
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Options, Session

_GRAVEST = (130, 4, 3, 1, 5, 2, 0)
"""Exit codes: of several reasons the first of these is the run's."""


def several(
    here: Settings,
    verb: str,
    options: Options,
    *,
    detailed: bool = False,
    no_secrets: bool = False,
    apart: Collection[str] = (),
) -> int:
    """Shows several environments side by side. `apart` are the options that were given and are about one
    alone. The exit code is the gravest of the environments'.
    """
    from reconciler.report.abreast import FORMATS, abreast_document

    if apart:
        raise click.UsageError(f"{', '.join(apart)} is for one environment: give -e one name")
    for chosen in (here.format, *(report.format for report in here.reports)):
        if chosen not in (*FORMATS, "html"):
            raise click.UsageError(
                f"environments side by side cannot be shown as {chosen}: choose {', '.join(FORMATS)}, html"
            )
    sessions = [replace(one, no_secrets=no_secrets) for one in here.sessions()]
    found, answers = _looked(here, verb, options, sessions)
    created = now()
    document = abreast_document(found, verb=verb, created_at=created)
    for column in document["environments"]:
        column["errors"] = [here.hinted_for(one, column["name"]) for one in column["errors"]]
    here.show("abreast", document)
    codes = {_code(verb, one, detailed=detailed) for one in answers}
    return next(code for code in _GRAVEST if code in codes)


def _looked(
    here: Settings, verb: str, options: Options, sessions: Sequence[Session]
) -> tuple[Abreast, list[Answer]]:
    from reconciler.verbs.abreast import abreast
    from reconciler.verbs.drift import drift
    from reconciler.verbs.plan import plan, unruled

    reading = here.reading()

    async def look(session: Session) -> tuple[Planned, int]:
        told = replace(session, notice=reading.notice)
        if verb == "drift":
            drifted = await drift(told, options)
            return drifted.planned, len(drifted.missing)
        planned = await (plan(told, options) if verb == "plan" else unruled(told, options, every_kind=True))
        return planned, len(planned.plan.missing)

    async def work() -> tuple[Abreast, list[Answer]]:
        return await abreast(sessions, look)

    return run(work, tick=reading.tick)


def _code(verb: str, answer: Answer, *, detailed: bool) -> int:
    """The exit code that the verb would have had in this environment alone."""
    from reconciler.model.errors import Refused

    if answer.planned is None:
        return answer.error.exit_code if answer.error else 1
    plan = answer.planned.plan
    if verb == "plan":
        return Refused.exit_code if plan.refusals else 2 if detailed and plan.actions else 0
    changed = bool(answer.missing) or any(one.is_certain for one in plan.drift)
    return 2 if verb == "drift" and detailed and changed else 0
