"""test: runs flows of what is live."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.complete import ADDRESS
from reconciler.cli.moments import now
from reconciler.cli.settings import Settings, common, reported, settings
from reconciler.cli.values import standard_input, text, utf8
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.verbs.test import Tested

_LONGEST = 900.0


@click.command()
@click.argument("address", metavar="ADDRESS|ID", type=text, shell_complete=ADDRESS)
@click.option("--flow", type=text, metavar="NAME", help="Run this flow, instead of the manifest's tests.")
@click.option(
    "--payload",
    type=utf8,
    metavar="FILE|-|TEXT",
    help="What is sent: the content of a file, the standard input, or the text itself.",
)
@click.option(
    "--content-type", type=text, metavar="TYPE", help="What the payload is. Absent: JSON, if it is JSON."
)
@click.option(
    "--header", "headers", type=utf8, multiple=True, metavar="NAME:VALUE", help="Sent too. Repeatable."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=_LONGEST,
    show_default=True,
    metavar="SECONDS",
    help="How long each run may take.",
)
@reported
@common
def test(
    address: str,
    flow: str | None,
    payload: str | None,
    content_type: str | None,
    headers: tuple[str, ...],
    timeout: float,
) -> int:
    """Run a flow with a payload; show its answer, and its logs.

    ADDRESS may be an id, also a flow's. Without --flow: the tests of the manifest of ADDRESS, an instance,
    compared with what they expect; or else its only flow. Of an integration, the draft's flow is run. Exits
    with 1 if a run fails, or answers with a status of 400 or more.
    """
    from reconciler.report.waiting import Waiting
    from reconciler.runs.flow import Call
    from reconciler.verbs.test import payload_of
    from reconciler.verbs.test import test as run_tests

    here = settings()
    sent, kind = payload_of(_text(payload)) if payload is not None else (None, "")
    call = Call(flow or "", sent, content_type or kind, _headers(headers))
    session, began = here.session(), monotonic()
    with Waiting(here.err, address, timeout, enabled=here.progress) as waiting:
        told = replace(session, notice=waiting.notice)
        tested = run(run_tests, told, address, call, timeout, waiting, tick=waiting.tick)
    head = {
        "project": session.project.name,
        "environment": session.environment.name,
        "address": address,
        "createdAt": now(),
    }
    return _show(here, head, tested, monotonic() - began)


test.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it


def _show(here: Settings, head: dict[str, Any], tested: list[Tested], seconds: float) -> int:
    from reconciler.report.flow_runs import test_document

    document = test_document(head, [_entry(one) for one in tested], seconds)
    here.show("test", document)
    return 1 if document["summary"]["failed"] else 0


def _entry(one: Tested) -> dict[str, Any]:
    return {
        "flow": one.call.flow,
        "passed": not one.problems,
        "problems": list(one.problems),
        "status": one.result.status,
        "headers": dict(one.result.headers),
        "body": one.result.body,
        "execution": one.result.execution,
        "error": one.result.error,
        "seconds": round(one.seconds, 3),
        "steps": None if one.steps is None else list(one.steps),
        "logs": None if one.logs is None else list(one.logs),
    }


def _text(given: str) -> str:
    """What `--payload` means: a file that exists, the standard input, or itself. What can only be the name
    of a file is not sent as text.
    """
    from reconciler.verbs.api_input import read_text

    read: Callable[[str], str] = partial(read_text, stdin=standard_input)
    if given == "-" or given.startswith("@"):
        return read(given.removeprefix("@"))
    named = Path(given) if "\n" not in given and len(given) < 4096 else None
    try:
        if named is not None and (named.is_file() or _is_name(given)):
            return read(given)
    except OSError:
        pass
    return given


def _is_name(given: str) -> bool:
    try:
        json.loads(given)
    except ValueError:
        return not any(char.isspace() for char in given) and Path(given).suffix in (
            ".json",
            ".txt",
            ".xml",
            ".csv",
        )
    return False


def _headers(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f'"{header}" is not NAME:VALUE')
        found[name.strip()] = value.strip()
    return found
