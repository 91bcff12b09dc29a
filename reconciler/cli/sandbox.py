"""sandbox: serve, reset and rule."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import Settings, common, settings

if TYPE_CHECKING:
    from reconciler.verbs.sandbox import RuleState
    from reconciler.verbs.session import Session


@click.group()
@common
def sandbox() -> None:
    """A Prismatic tenant on this machine.

    The project's own is embedded: it needs no server. `serve` lets other tools reach one.
    """


@sandbox.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine only.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one."
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the tenant is kept. Otherwise the project's own; outside a project it goes with the server.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a rule (see `sandbox rule`). Repeatable.",
)
@click.option("--component-shift", type=int, default=0, help="Added to the versions of all components.")
@click.option("--version-shift", type=int, default=0, help="Added to the versions of all integrations.")
@common
def serve(host: str, port: int, db: Path | None, rules: tuple[str, ...], **shifts: int) -> None:
    """Serve a sandbox over HTTP until SIGINT or SIGTERM. Prints one line of JSON when it listens: its url,
    token, refreshToken and tenant.
    """
    from reconciler.verbs.sandbox import serve as run

    here = settings()
    pairs = [_pair(rule) for rule in rules]
    session = _session(here) if db is None else None
    run(session, host=host, port=port, database=db, rules=pairs, ready=_ready, **shifts)


@sandbox.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@common
def reset(yes: bool) -> None:
    """Empty the project's embedded sandbox. Its rules stay."""
    from reconciler.verbs.sandbox import reset as empty

    here = settings()
    session = _needed(here)
    file = session.state / "sandbox.db"
    if not yes:
        _ask(file)
    empty(session)
    here.say(f"Emptied {file}.")


@sandbox.command()
@click.argument("rule", metavar="[NAME[=VALUE]]", required=False, default="")
@common
def rule(rule: str) -> None:
    """Show all rules of the project's sandbox, or one, or set one.

    A rule says how it behaves where nobody outside knows what Prismatic does.
    """
    from reconciler.verbs.sandbox import rules

    here = settings()
    name, given, value = rule.partition("=")
    found = rules(_session(here), name, value if given else None)
    if here.format == "json":
        from reconciler.report.document import dumps

        here.out.out(dumps({"rules": [_described(one) for one in found]}), highlight=False)
    elif name:
        here.out.out(_story(found[0]), highlight=False)
    else:
        _table(here, found)


def _ready(details: dict[str, str]) -> None:
    click.echo(json.dumps(details))
    sys.stdout.flush()


def _session(here: Settings) -> Session | None:
    from reconciler.verbs.sandbox import find_session

    named = here.project or (Path(p) if (p := os.environ.get("RECONCILER_PROJECT")) else None)
    return find_session(named, os.environ, Path.cwd())


def _needed(here: Settings) -> Session:
    """The project's session; says how to get one where there is none."""
    return _session(here) or here.session()


def _pair(rule: str) -> tuple[str, str]:
    name, given, value = rule.partition("=")
    if not given:
        raise click.BadParameter(f"{rule!r} is not NAME=VALUE", param_hint="--rule")
    return name, value


def _ask(file: Path) -> None:
    from reconciler.model.errors import InvalidInput, ReconcilerError

    if not (sys.stdin and sys.stdin.isatty()):
        raise InvalidInput.of(
            "no-terminal", "there is no terminal to ask for confirmation", hint="give --yes"
        )
    click.echo(f'Empty {file}? Only "yes" is accepted: ', nl=False, err=True)
    if (sys.stdin.readline() or "").strip() != "yes":
        raise ReconcilerError("not confirmed; nothing was changed")


def _described(one: RuleState) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": one.value,
        "default": one.default,
        "values": list(one.values),
        "meaning": one.meaning,
    }


def _story(one: RuleState) -> str:
    values = [
        f"  {'*' if v == one.value else ' '} {v}{' (default)' if v == one.default else ''}"
        for v in one.values
    ]
    return "\n".join([f"{one.name}: {one.meaning}", *values])


def _table(here: Settings, found: list[RuleState]) -> None:
    """Two lines a rule on a terminal; elsewhere one, for grep."""
    from reconciler.report import lines
    from reconciler.report.tables import render_table

    if here.out.is_terminal:
        for one in found:
            values = [f"[{value}]" if value == one.value else value for value in one.values]
            note = "" if one.value == one.default else "  (set)"
            lines.write(here.out, 0, (one.name, "bold"), f"  {' | '.join(values)}", (note, "yellow"))
            lines.write(here.out, 4, (one.meaning, "dim"))
        return
    rows = [
        {
            "rule": one.name,
            "value": one.value if one.value == one.default else f"{one.value} (set)",
            "values": " | ".join(one.values),
            "meaning": one.meaning,
        }
        for one in found
    ]
    render_table(here.out, rows, ("rule", "value", "values", "meaning"))
