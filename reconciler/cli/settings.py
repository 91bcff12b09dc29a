"""The options that every command takes, before or after the verb, and what they amount to."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

from reconciler.cli.complete import ENVIRONMENT
from reconciler.cli.hints import in_document, with_options
from reconciler.cli.reports import Report, reporting
from reconciler.cli.repository import folder_in_repository, placed
from reconciler.cli.streams import Lasting
from reconciler.cli.values import path, text

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.model.diagnostic import Source
    from reconciler.model.tracing import Spans
    from reconciler.report.progress import Reading
    from reconciler.verbs.session import Session

F = TypeVar("F", bound=Callable[..., Any])
UNBOUNDED = 10_000
FORMATS = ("text", "json", "markdown", "junit", "github", "html")
WHOLE = ("markdown", "junit", "html")
"""Formats that are one file: they are written when the run ends, with whatever ended it."""


@dataclass  # and no Struct: help waits for no msgspec
class Settings:
    """What was given; the verbs' commands ask it for a session and for where to write."""

    environment: str | None = None
    project: Path | None = None
    format: str = "text"
    debug: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    no_progress: bool = False
    outlasts: bool = False
    """Whether the run goes on when nobody reads its results any more."""
    trust: str | None = None
    """The revision of git whose project file is used."""
    described: Path | None = None
    """The file that says what bundles define, where none is to be run."""
    reports: tuple[Report, ...] = ()
    places: Mapping[str, Source] = field(default_factory=dict)
    """Where the manifest of an address stands."""
    _said: set[str] = field(default_factory=set)
    _results: Lasting | None = None
    _last: tuple[str, dict[str, Any]] | None = None
    _errors: dict[str, Any] | None = None

    @cached_property
    def out(self) -> Console:
        """The console for results."""
        stream = _stream(sys.stdout)
        if self.outlasts:
            self._results = Lasting(stream)
        return self._console(self._results or stream)

    @cached_property
    def err(self) -> Console:
        """The console for errors, progress and questions. No run ends since it cannot be written."""
        return self._console(Lasting(_stream(sys.stderr)))

    @property
    def lost(self) -> OSError | None:
        """Why results did not arrive, where the run outlasts that."""
        return self._results.failure if self._results else None

    @property
    def environments(self) -> list[str]:
        """The environments that are named, with commas between them, each once."""
        return list(dict.fromkeys(name.strip() for name in (self.environment or "").split(",")))

    def session(self) -> Session:
        """The project and environment that the options name. Raises InvalidInput."""
        from reconciler.model.errors import InvalidInput

        if len(self.environments) > 1:
            message = f'this is about one environment, and "{self.environment}" names several'
            hint = "give -e one name: only plan, drift and list show several side by side"
            raise InvalidInput.of("several-environments", message, hint=hint)
        return self._session(self.environments[0] or None)

    def sessions(self) -> list[Session]:
        """The project with each of the environments that are named. Raises InvalidInput."""
        from reconciler.model.errors import InvalidInput

        if "" in self.environments:
            message = f'"{self.environment}" names an environment without a name'
            raise InvalidInput.of("unknown-environment", message, hint="write -e staging,production")
        opened = [self._session(name) for name in self.environments]
        return [replace(one, say=self._saying(one.environment.name)) for one in opened]

    def _saying(self, environment: str) -> Callable[[str], None]:
        """What says of which of several environments a line is."""
        return lambda text: self.say_once(f"{environment}: {with_options(text, environment, self.project)}")

    def _session(self, environment: str | None) -> Session:
        from msgspec import structs

        from reconciler.verbs.session import open_session

        named = self.project or _variable("RECONCILER_PROJECT")
        described = self.described or _variable("RECONCILER_DESCRIBED")
        opened = open_session(named, environment, os.environ, Path.cwd(), self.trust, described)
        machine = structs.replace(opened.machine, span=self._spans)
        verb = click.get_current_context().info_name or ""
        return replace(opened, verb=verb, say=self.say_once, machine=machine)

    @cached_property
    def _spans(self) -> Spans:
        """Told what is under way until the command ends."""
        from reconciler.model.tracing import untraced
        from reconciler.verbs.tracing import tracing

        followed = tracing(os.environ, self.say)
        return click.get_current_context().find_root().with_resource(followed) or untraced

    def show(
        self,
        kind: str,
        document: dict[str, Any],
        *,
        to_stderr: bool = False,
        told: Collection[str] = (),
    ) -> None:
        """Writes a document in the format that was asked for. What is one file waits for the run's end. The
        parts that are `told` on stderr are left out of text.
        """
        if to_stderr:
            self._render(self.err, "text" if self.format in WHOLE else self.format, kind, document)
            return
        again = kind == "outcome" and self.format == "text" and self._last and self._last[0] == "plan"
        # A plan's document takes as much room as the plan: while that is carried out nobody else needs it.
        self._last = kind, document if self.reports or self.format in WHOLE else {}
        if self.format not in WHOLE:
            parts = told if self.format == "text" else ()
            left = {name: part for name, part in document.items() if name not in parts}
            self._render(self.out, self.format, "ending" if again else kind, left)

    def fail(self, document: dict[str, Any]) -> None:
        """Writes the errors that end the run to stderr; results that are one file will hold them, too."""
        self._errors = document
        name = self.format if self.format in ("json", "github") else "text"
        self._render(self.err, "json" if self.format == "jsonl" else name, "errors", document)

    def deliver(self) -> None:
        """Writes what waited for the run's end: the results that are one file, and the reports. All are
        tried. Raises ReconcilerError.
        """
        from reconciler.model.errors import ReconcilerError

        if self._last is None and self._errors is None:
            return
        kind, document = self._last or ("errors", {})
        if self._errors is not None:
            document = {**document, **self._errors} if self._last is None else _joined(document, self._errors)
        if self.format in WHOLE:
            self._render(self.out, self.format, kind, document)
            if self.lost and not isinstance(self.lost, BrokenPipeError):
                raise self.lost  # all is done, but whoever asked for the outcome does not have it
        failures: list[ReconcilerError] = []
        for report in self.reports:
            try:
                report.write(kind, self._shown(report.format, kind, document), verbose=self.verbose)
            except ReconcilerError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _render(self, console: Console, name: str, kind: str, document: dict[str, Any]) -> None:
        from reconciler.report.formats import render

        render(console, name, kind, self._shown(name, kind, document), verbose=self.verbose)

    def _shown(self, name: str, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        """The document as one format shows it: with places in the repository where it is read for those."""
        # Of environments side by side each has hints of its own.
        shown = document if kind == "abreast" else self.hinted(document)
        if name == "text" and self.quiet:  # results and errors alone
            return {part: some for part, some in shown.items() if part not in ("warnings", "notes")}
        if name != "github":
            return shown
        named = self.project or _variable("RECONCILER_PROJECT")
        return placed(shown, folder_in_repository(named, Path.cwd()), self.places)

    def hinted(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document, whose hints name the environment and the project where those were given."""
        environment = self.environment if len(self.environments) == 1 else None
        if not (environment or self.project):
            return document
        found: dict[str, Any] = in_document(document, environment, self.project)
        return found

    def hinted_for(self, document: dict[str, Any], environment: str) -> dict[str, Any]:
        """The document, whose hints name this one of several environments."""
        found: dict[str, Any] = in_document(document, environment, self.project)
        return found

    def pasted(self, text: str) -> str:
        """A text with commands, which name the environment and the project where those were given."""
        return with_options(text, self.environment, self.project)

    @property
    def on_terminal(self) -> bool:
        """Whether results are for the eyes of a person at a terminal, and go nowhere else."""
        return self.format == "text" and not self.reports and self.out.file.isatty()

    def facts(self, facts: dict[str, str]) -> None:
        """Writes a few named values, one a line."""
        from reconciler.report.sanitize import terminal

        width = max(map(len, facts)) + 2
        for name, value in facts.items():
            self.out.out(f"{name.capitalize():<{width}}{terminal(value)}".rstrip(), highlight=False)

    def say(self, text: str) -> None:
        """A line for the person at the terminal, beside the results."""
        from reconciler.report.sanitize import terminal

        if not self.quiet:
            self.err.print(terminal(self.pasted(text)), markup=False, highlight=False, soft_wrap=True)

    def say_once(self, text: str) -> None:
        """The same, once a run."""
        if text not in self._said:
            self._said.add(text)
            self.say(text)

    @property
    def progress(self) -> bool:
        """Whether to show what is under way."""
        return not (self.quiet or self.no_progress)

    def reading(self) -> Reading:
        """What tells that a tenant is read, and why that takes long. Where errors are JSON in a file, that it
        is read at all is none.
        """
        from reconciler.report.progress import Reading

        at_once = self.format != "json" or self.err.file.isatty()
        return Reading(self.err, enabled=self.progress, at_once=at_once)

    def _console(self, stream: IO[str] | Lasting) -> Console:
        from rich.console import Console

        plain = self.no_color or bool(os.environ.get("NO_COLOR"))
        # A pipe has no width: lines stay whole there, for grep and for logs.
        width = None if stream.isatty() or "COLUMNS" in os.environ else UNBOUNDED
        file = cast("IO[str]", stream)
        return Console(file=file, no_color=plain or None, highlight=False, emoji=False, width=width)


def _joined(document: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    """A document with what ended the run beside it; what it tells already is not told twice."""
    told = {(one["message"], one["address"]) for one in document.get("refusals", ())}
    new = [one for one in errors["errors"] if (one["message"], one["address"]) not in told]
    return {**document, "errors": new} if new else document


def _variable(name: str) -> Path | None:
    return Path(value) if (value := os.environ.get(name)) else None


def _stream(standard: TextIO | None) -> IO[str]:
    # One that the caller closed is None.
    stream = standard or io.StringIO()
    # A name that the terminal's encoding cannot show must not end the run.
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def common(command: F) -> F:
    """Adds the options that stand everywhere. They may stand before the verb or after it."""
    return stacked(_options(FORMATS), command)


def outermost(command: F) -> F:
    """Adds the same before the verb, where `--format` takes also what only lists can be shown as."""
    return stacked(_options((*FORMATS, "jsonl")), command)


def stacked(options: Sequence[Callable[[F], F]], command: F) -> F:
    """The command with these options, in this order in its help."""
    for option in reversed(options):
        command = option(command)
    return command


def reported(command: F) -> F:
    """Adds `--report`."""
    return reporting(FORMATS, _keep_reports)(command)


def listed(command: F) -> F:
    """Adds the options that stand everywhere and `--report`, for what can be shown as CSV, too."""
    formats = (*FORMATS, "csv")
    return stacked((reporting(formats, _keep_reports), *_options(formats)), command)


def _keep_reports(ctx: click.Context, reports: tuple[Report, ...]) -> None:
    ctx.find_root().ensure_object(Settings).reports = reports


def trusting(command: F) -> F:
    """Adds `--trust`."""
    return _option(
        "--trust",
        field="trust",
        type=text,
        metavar="REV",
        help="Take the project file, its url and what it allows, from this revision of git.",
    )(command)


def describing(command: F) -> F:
    """Adds `--described`."""
    return _option(
        "--described",
        field="described",
        type=path,
        metavar="FILE",
        help="Run no bundle: this file of validate --describe says what they define.",
    )(command)


def settings() -> Settings:
    """The settings of the running command."""
    found = click.get_current_context().find_root().ensure_object(Settings)
    assert isinstance(found, Settings)
    return found


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        if value not in (None, False):
            setattr(ctx.find_root().ensure_object(Settings), name, value)
        return value

    return keep


def _option(*names: str, field: str, **kwargs: Any) -> Callable[[F], F]:
    return click.option(*names, field, expose_value=False, callback=_keep(field), **kwargs)


def _options(formats: Sequence[str]) -> Sequence[Callable[[F], F]]:
    return (
        _option(
            "-e",
            "--environment",
            field="environment",
            type=text,
            shell_complete=ENVIRONMENT,
            help="The environment to work on; plan, drift and list take several, with commas.",
        ),
        _option(
            "--project",
            field="project",
            type=path,
            help="The project file, instead of looking upwards for reconciler.yaml.",
        ),
        _option(
            "--format",
            field="format",
            type=click.Choice(formats),
            help="How to show results. text is the default.",
        ),
        _option("--debug", field="debug", is_flag=True, help="Log requests, and show tracebacks."),
        _option("-q", "--quiet", field="quiet", is_flag=True, help="Show results and errors alone."),
        _option("-v", "--verbose", field="verbose", is_flag=True, help="Show more."),
        _option("--no-color", field="no_color", is_flag=True, help="No colours (NO_COLOR works too)."),
        _option("--no-progress", field="no_progress", is_flag=True, help="No live progress."),
    )
