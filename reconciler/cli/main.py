"""The command line: arguments in, exit codes out. What a verb does is one function in verbs/."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from types import FrameType

import click

from reconciler.cli.groups import NoSuchWord, Words
from reconciler.cli.settings import FORMATS, Settings, outermost
from reconciler.cli.streams import close_lost

COMMANDS = {
    "init": "project",
    "validate": "project",
    "schema": "project",
    "plan": "plan",
    "apply": "plan",
    "drift": "plan",
    "promote": "promote",
    "adopt": "ownership",
    "forget": "ownership",
    "get": "get",
    "pull": "pull",
    "list": "inventory",
    "merge-reports": "merge_reports",
    "snapshot": "snapshot",
    "rehearse": "rehearse",
    "watch": "watch",
    "graph": "graph",
    "policy": "policy",
    "test": "live",
    "deploy": "oneoff",
    "enable": "oneoff",
    "disable": "oneoff",
    "whoami": "inspect",
    "api": "inspect",
    "probe": "probe",
    "history": "history",
    "explain": "explain",
    "scaffold": "scaffold",
    "completion": "completion",
    "sandbox": "sandbox",
}
"""Each verb's module in this package. Only the module of the verb that runs is loaded."""


class Verbs(Words):
    """Loads a verb's module when it is asked for, so that `--help` and completion stay quick."""

    def list_commands(self, _: click.Context) -> list[str]:
        """All verbs, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; None where there is none."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(import_module(f"reconciler.cli.{module}"), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="reconciler", prog_name="reconciler")
@outermost
def cli() -> None:
    """Keeps a Prismatic tenant as the manifests in git say: plan, apply, and see drift."""
    context = click.get_current_context()
    settings = context.ensure_object(Settings)
    if settings.format == "jsonl" and context.invoked_subcommand != "get":
        raise click.UsageError(f"{context.invoked_subcommand} cannot be shown as jsonl: that is for lists")
    if settings.debug:
        import logging

        logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
        logging.getLogger("reconciler").setLevel(logging.DEBUG)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code. SIGTERM stops it as Ctrl-C does, and so
    does SIGHUP, but under nohup.
    """
    # What a run reads stays until its end: to search it for garbage takes a fifth of the time, for nothing.
    gc.freeze()
    gc.set_threshold(1_000_000, 50, 1_000)
    # Set anew, since jobs that a shell puts into the background begin without it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        signal.signal(hangup, _terminated)
    try:
        code = run(arguments)
    except KeyboardInterrupt:  # one more while the first was told
        code = 130
    close_lost()
    gc.freeze()  # nothing of what is left is worth a search: the process ends
    sys.exit(code)


def _terminated(_: int, frame: FrameType | None) -> None:
    """Does what SIGINT would do at this moment, which an event loop may have changed."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the exit code. Never raises, and shows tracebacks with `--debug` alone."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Found here too, since an error may come before the options are read.
    settings = Settings(debug="--debug" in given)
    for option, value in pairwise([*given, ""]):
        name = value if option == "--format" else option.removeprefix("--format=")
        if name != option and name in (*FORMATS, "jsonl"):
            settings.format = name
    try:
        result = cli.main(given, prog_name="reconciler", standalone_mode=False, obj=settings)
    except BaseException as error:
        if settings.debug and not isinstance(error, click.ClickException | click.Abort | SystemExit):
            _trace(error)
        return _delivered(_failed(error, settings), settings)
    return _delivered(result if isinstance(result, int) else 0, settings)


def _delivered(code: int, settings: Settings) -> int:
    """The exit code, once what waits for the run's end is written; what fails of that is told."""
    try:
        settings.deliver()
    except BaseException as error:
        if settings.debug:
            _trace(error)
        return code or _failed(error, settings)
    return code


def _trace(error: BaseException) -> None:
    """The traceback, in which texts of a server may stand: no line of it can steer the terminal, or pass for
    one of a report.
    """
    import traceback

    from reconciler.report.sanitize import terminal

    lines = "".join(traceback.format_exception(error)).split("\n")
    with suppress(OSError):
        click.echo("\n".join(f"| {terminal(line)}" for line in lines), err=True)


def _failed(error: BaseException, settings: Settings) -> int:
    if isinstance(error, click.exceptions.Exit):  # help ends so, and waits for none of what is imported below
        return error.exit_code
    from reconciler.model.errors import Interrupted, InvalidInput, ReconcilerError

    if isinstance(error, BaseExceptionGroup):
        error = _first(error)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; there is nobody to tell, and stdout must not be flushed again.
        sys.stdout = None
        return 1
    if isinstance(error, click.Abort | KeyboardInterrupt):
        error = Interrupted("interrupted; what was begun is found again by the next run")
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error = _nothing_named(error)
    if isinstance(error, click.ClickException):
        hint = error.hint if isinstance(error, NoSuchWord) else ""
        if isinstance(error, click.UsageError) and error.ctx and not hint:
            hint = f"see: {error.ctx.command_path} --help"
        message = error.format_message().rstrip(".").replace("'", '"')
        error = InvalidInput.of("usage", message[:1].lower() + message[1:], hint=hint)
    with suppress(OSError):  # where even the errors cannot be written, the exit code tells
        _tell(error, settings)
    return error.exit_code if isinstance(error, ReconcilerError) else 1


def _nothing_named(error: click.exceptions.NoArgsIsHelpError) -> click.UsageError:
    """Says what may follow, in place of the page of help that click would put into the message."""
    assert error.ctx is not None
    group = error.ctx.command
    known = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
    return click.UsageError(f'"{error.ctx.command_path}" needs one of {", ".join(known)}', error.ctx)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to tell of those that ended a run together: a stop first, then the most general."""
    from reconciler.model.errors import ReconcilerError

    flat: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting:
        one = waiting.pop(0)
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        if not isinstance(one, BaseExceptionGroup):
            flat.append(one)
    stops = [e for e in flat if isinstance(e, KeyboardInterrupt | SystemExit)]
    ours = sorted((e for e in flat if isinstance(e, ReconcilerError)), key=lambda e: -e.exit_code)
    return (stops or ours or flat)[0]


def _tell(error: BaseException, settings: Settings) -> None:
    from reconciler.model.errors import ReconcilerError, Unforeseen
    from reconciler.report.document import errors_document

    shown = error
    if isinstance(error, OSError) and error.strerror:
        what = f"a file, or the output, cannot be used: {error.strerror.lower()}"
        shown = ReconcilerError(what, hint="run again with --debug to see which one")
    elif not isinstance(error, ReconcilerError):
        # An error that nobody foresaw may carry anything in its text, secrets too.
        shown = Unforeseen(error)
    settings.fail(errors_document(shown))
