"""sandbox: serve, reset, seed, configure, rule and fault."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.groups import Words
from reconciler.cli.settings import Settings, common, settings

if TYPE_CHECKING:
    from reconciler.sandbox.faults import Armed, Faults
    from reconciler.verbs.sandbox import RuleState
    from reconciler.verbs.session import Session


@click.group(cls=Words)
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
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Set the rules in a file, such as `probe -o FILE` writes. --rule goes before it.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:NAME=VALUE,…]",
    help="Arm a fault, in place of those that are armed (see `sandbox fault`). Repeatable.",
)
@click.option("--seed", type=int, help="What is drawn of faults follows from it.")
@click.option("--component-shift", type=int, default=0, help="Added to the versions of all components.")
@click.option("--version-shift", type=int, default=0, help="Added to the versions of all integrations.")
@common
def serve(
    host: str,
    port: int,
    db: Path | None,
    rules: tuple[str, ...],
    rules_file: Path | None,
    faults: tuple[str, ...],
    seed: int | None,
    **shifts: int,
) -> None:
    """Serve a sandbox over HTTP until SIGINT or SIGTERM. Prints one line of JSON when it listens: its url,
    token, refreshToken and tenant.
    """
    from reconciler.verbs.sandbox import read_rules
    from reconciler.verbs.sandbox import serve as run
    from reconciler.verbs.sandbox_fault import parse_fault

    here = settings()
    pairs = [*(read_rules(rules_file) if rules_file else ()), *(_pair(rule) for rule in rules)]
    armed = [parse_fault(fault) for fault in faults]
    session = _session(here) if db is None else None
    run(
        session,
        host=host,
        port=port,
        database=db,
        rules=pairs,
        faults=armed,
        seed=seed,
        ready=_ready,
        **shifts,
    )


@sandbox.command()
@unasked
@common
def reset(yes: bool) -> None:
    """Empty the project's embedded sandbox. Its rules stay."""
    from reconciler.verbs.sandbox import reset as empty

    here = settings()
    session = _needed(here)
    file = session.state / "sandbox.db"
    if not yes:
        confirm(f"Empty {file}?", hint="give --yes")
    empty(session)
    here.say(f"Emptied {file}.")


@sandbox.command()
@click.option("--integrations", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--customers", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--instances", type=click.IntRange(0, 1_000_000), default=500, show_default=True)
@common
def seed(integrations: int, customers: int, instances: int) -> None:
    """Fill the project's embedded sandbox with objects that nobody owns.

    They are added to what is there. Names that are there already, from an earlier seed, are an error.
    """
    from reconciler.verbs.sandbox import seed as fill

    here = settings()
    fill(_needed(here), integrations=integrations, customers=customers, instances=instances)
    here.say(f"Added {integrations:,} integrations, {customers:,} customers and {instances:,} instances.")


@sandbox.command()
@click.argument("instance", metavar="INSTANCE_ID")
@click.option("--value", required=True, metavar="JSON|@FILE", help="What fits the definition's schema.")
@click.option("--version", metavar="ID", help="Of the integration, to be moved to. [default: its own]")
@common
def configure(instance: str, value: str, version: str | None) -> None:
    """Save the configuration of an instance of a headless integration in the project's sandbox.

    On the platform people do so in the web app; the API has no call for it.
    """
    from reconciler.verbs.api_input import read_text
    from reconciler.verbs.sandbox import configure as save

    here = settings()
    text = read_text(value[1:], sys.stdin.buffer.read) if value.startswith("@") else value
    save(_needed(here), instance, text, version)
    here.say("Saved.")


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


@sandbox.command()
@click.argument("kind", required=False, default="")
@click.option("--probability", type=click.FloatRange(0, 1), help="Of striking a request. [default: 1]")
@click.option(
    "--operation", help="A root field (with *), or query, mutation or auth. [default: any but auth]"
)
@click.option("--nth", type=click.IntRange(0), help="Strike only the request with this number.")
@click.option("--times", type=click.IntRange(0), help="How often it may strike. [default: without end]")
@click.option("--seconds", type=click.FloatRange(0), help="Of delays and of Retry-After. [default: 1]")
@click.option("--seed", type=int, help="Start anew with what follows from this seed.")
@click.option("--clear", is_flag=True, help="Arm nothing any more.")
@common
def fault(kind: str, seed: int | None, clear: bool, **values: Any) -> None:
    """Arm one more fault in the project's sandbox, or show those that are armed, and which there are.

    A fault is something that goes wrong on the way: the same seed goes wrong in the same places.
    """
    from reconciler.verbs import sandbox_fault as verb

    here = settings()
    given = {name: value for name, value in values.items() if value is not None}
    if given and not kind:
        raise click.UsageError(f"--{next(iter(given))} needs a KIND")
    added = verb.fault_of(kind, **given) if kind else None
    session = _session(here)
    if clear:
        verb.clear(session)
    if seed is not None:
        verb.reseed(session, seed)
    if added is not None:
        verb.arm(session, added)
    _show_faults(here, verb.faults(session))


def _show_faults(here: Settings, faults: Faults) -> None:
    from reconciler.report.document import dumps
    from reconciler.report.tables import render_table
    from reconciler.sandbox.faults import KINDS

    kinds = [{"name": kind.name, "when": kind.moment, "meaning": kind.meaning} for kind in KINDS.values()]
    armed = [_armed(one) for one in faults.armed]
    if here.format == "json":
        document = {"seed": faults.seed, "faults": armed, "injected": faults.injected, "kinds": kinds}
        here.out.out(dumps(document), highlight=False)
    elif armed:
        columns = ("kind", "operation", "probability", "nth", "times", "seconds", "seen", "struck")
        render_table(here.out, armed, columns)
        here.say(f"Seed {faults.seed}.")
    else:
        render_table(here.out, kinds, ("name", "when", "meaning"))
        here.say("None of them is armed.")


def _armed(one: Armed) -> dict[str, Any]:
    return {**asdict(one.fault), "seen": one.seen, "struck": one.struck}


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
