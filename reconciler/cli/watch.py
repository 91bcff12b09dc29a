"""watch."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from reconciler.cli.planning import choosing, parallelism, refreshing
from reconciler.cli.settings import Settings, common, settings, trusting
from reconciler.cli.values import text
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.secret import Secret
    from reconciler.model.watching import Board, Turn
    from reconciler.policy.window import Window
    from reconciler.verbs.session import Session
    from reconciler.verbs.watch_bell import Bell
    from reconciler.verbs.watch_notify import Webhook
    from reconciler.verbs.watch_stream import Stream

_UNITS = {"s": 1, "m": 60, "h": 3600}
_LAST_PORT = 65_535


@click.command()
@click.option(
    "--interval",
    "every",
    default="5m",
    show_default=True,
    metavar="TIME",
    callback=lambda _, __, value: _seconds(value),
    help="How long from one look to the next: 30s, 5m, 1h.",
)
@click.option("--apply", "applies", is_flag=True, help="Carry out what the project's policy lets through.")
@click.option(
    "--window",
    type=text,
    metavar="HOURS",
    callback=lambda _, __, value: _window(value),
    help='Apply only then: "mon-fri 08:00-18:00 Europe/Berlin".',
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=lambda _, __, value: _address(value),
    help="Serve /healthz, /readyz, /metrics and a page there; without a HOST for this machine alone.",
)
@click.option(
    "--trigger",
    type=text,
    metavar="VARIABLE",
    help="Look at once when someone who knows the secret in this variable posts to /trigger.",
)
@click.option(
    "--notify",
    type=text,
    metavar="VARIABLE",
    help="Tell each change of state to the webhook whose url this variable of the environment holds.",
)
@click.option(
    "--notify-template",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the webhook is told, as a Jinja2 template that comes to JSON; without it what Slack takes.",
)
@trusting
@choosing("--select", "Only these: an address, with *, or label=value.")
@choosing("--exclude", "Write nothing of these, whatever needs it.")
@refreshing("delta")
@parallelism
@common
def watch(
    every: float,
    applies: bool,
    window: Window | None,
    listen: tuple[str, int] | None,
    trigger: str | None,
    notify: str | None,
    notify_template: Path | None,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    refresh: str | None,
    parallelism: int,
) -> int:
    """Plan again and again, and print a line for each change of state, until SIGINT or SIGTERM.

    SIGUSR1 has it look at once. With --apply it carries out what it may; it never deletes.
    """
    from msgspec.structs import replace

    from reconciler.model.watching import Board
    from reconciler.verbs.session import Options
    from reconciler.verbs.watch import Loop
    from reconciler.verbs.watch import watch as go_on
    from reconciler.verbs.watch_bell import Bell
    from reconciler.verbs.watch_stream import Stream
    from reconciler.verbs.watch_trigger import trigger_secret
    from reconciler.verbs.watch_turn import Carrying

    here = settings()
    if here.format not in ("text", "json"):
        raise click.UsageError(f"watch prints lines as text or json, and not as {here.format}")
    _only_with("--window", window, "--apply", applies)
    _only_with("--trigger", trigger, "--listen", listen)
    _only_with("--notify-template", notify_template, "--notify", notify)
    first = here.session()
    for one in first.told:
        here.say(one.message)
    board = Board(first.project.name, first.environment.name, first.machine.now())
    known = first.environment.rules or first.environment.updated_at_moves
    if not known and not _is_asked_for("refresh"):
        refresh = None  # nobody is told of what they did not ask for
    options = Options(select=select, exclude=exclude, refresh=refresh, parallelism=parallelism)
    loop = Loop(every, options, Carrying(window, here.say) if applies else None)
    signs = trigger_secret(trigger, first.environ) if trigger else None
    hook = _hook(here, first, notify, notify_template) if notify else None

    async def tell(turn: Turn) -> None:
        await _told(here, board, turn, hook)

    async def work() -> bool:
        bell, stream = Bell(), Stream()
        async with _served(here, board, first, listen, signs, bell, stream):
            return await go_on(here.session, first, replace(loop, news=stream.tell), board, tell, bell)

    return 130 if run(work) else 0


def _only_with(option: str, given: object, other: str, that: object) -> None:
    if given and not that:
        raise click.UsageError(f"{option} is for {other}: give both, or neither")


def _hook(here: Settings, first: Session, notify: str, template: Path | None) -> Webhook:
    from reconciler.verbs.watch_notify import template_of, webhook

    return webhook(notify, first.environ, here.say, template_of(template) if template else None)


def _is_asked_for(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


@asynccontextmanager
async def _served(
    here: Settings,
    board: Board,
    first: Session,
    listen: tuple[str, int] | None,
    signs: Secret | None,
    bell: Bell,
    stream: Stream,
) -> AsyncIterator[None]:
    if listen is None:
        yield
        return
    from reconciler.model.loopback import is_loopback
    from reconciler.verbs import watch_server
    from reconciler.verbs.watch_pages import application
    from reconciler.verbs.watch_trigger import trigger

    host, port = listen
    listener = watch_server.listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    here.say(f"Listening on http://{shown}:{listener.getsockname()[1]}/")
    asks = trigger(signs, bell.ask) if signs else None
    app = application(board, first.machine.now, local=is_loopback(host), stream=stream, trigger=asks)
    async with watch_server.serving(app, listener):
        try:
            yield
        finally:
            stream.close()


async def _told(here: Settings, board: Board, turn: Turn, hook: Webhook | None) -> None:
    """Prints a turn, and tells the webhook; that all is well when the loop begins is no news."""
    from reconciler.model.watching import State
    from reconciler.report.watching import json_line, sentence, text_line, turn_document

    line = json_line(board, turn) if here.format == "json" else text_line(board, turn)
    here.out.print(line, markup=False, highlight=False, soft_wrap=True)
    if hook and not (board.turns == 1 and turn.state is State.IN_SYNC):
        await hook.send(sentence(board, turn), turn_document(board, turn))


def _seconds(value: str) -> float:
    found = re.fullmatch(r"([1-9]\d{0,5})([smh])", value)
    if found is None:
        raise click.BadParameter(f'"{value}" is no time: write 30s, 5m or 1h')
    return float(int(found[1]) * _UNITS[found[2]])


def _address(value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    found = re.fullmatch(r"(?:(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]*):)?(\d{1,5})", value)
    if found is None or int(found[2]) > _LAST_PORT:
        raise click.BadParameter(f'"{value}" is no HOST:PORT')
    return (found[1] or "127.0.0.1").strip("[]"), int(found[2])


def _window(value: str | None) -> Window | None:
    from reconciler.policy.window import window

    try:
        return window(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f'{error}: write "mon-fri 08:00-18:00 Europe/Berlin"') from None
