"""Reports: what a run shows, written to files for other readers, in the formats that they read."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_WIDE = 10_000


@dataclass(frozen=True, slots=True)  # and no Struct: help waits for no msgspec
class Report:
    """One file, and the format of what is to stand in it."""

    format: str
    path: Path

    def write(self, kind: str, document: dict[str, Any], *, verbose: bool) -> None:
        """Writes a document into the file: all of it at once, or not at all. Raises ReconcilerError."""
        from rich.console import Console

        from reconciler.model.errors import ReconcilerError
        from reconciler.report.formats import render

        text = io.StringIO()
        console = Console(file=text, width=_WIDE, no_color=True, highlight=False, emoji=False, _environ={})
        render(console, self.format, kind, document, verbose=verbose)
        try:
            _put(self.path, text.getvalue().encode("utf-8", "backslashreplace"))
        except OSError as error:
            reason = (error.strerror or "not a file").lower()
            message = f'the report cannot be written to "{self.path}": {reason}'
            raise ReconcilerError(message, hint="make room there, or name another file") from error


def parsed(given: Sequence[str], formats: Sequence[str]) -> tuple[Report, ...]:
    """The reports that `FORMAT=FILE` asks for. Raises UsageError before anything is done."""
    reports: list[Report] = []
    for one in given:
        name, equals, file = one.partition("=")
        if not equals or not file:
            raise click.UsageError(f'--report "{one}" is not FORMAT=FILE')
        if name not in formats:
            raise click.UsageError(f'there is no report format "{name}": choose {", ".join(formats)}')
        report = Report(name, Path(file))
        _usable(report.path)
        if any(_place(other.path) == _place(report.path) for other in reports):
            raise click.UsageError(f'two reports cannot be written to one file, "{file}"')
        reports.append(report)
    return tuple(reports)


def reporting(formats: Sequence[str], keep: Callable[[click.Context, Any], None]) -> Callable[[F], F]:
    """The option by which files are named; `keep` is handed what was asked for."""

    def take(ctx: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
        if not ctx.resilient_parsing:
            keep(ctx, parsed(value, formats))

    return click.option(
        "--report",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=take,
        metavar="FORMAT=FILE",
        help="Write the result to FILE too, whatever becomes of the run. Repeatable.",
    )


def _usable(path: Path) -> None:
    try:
        if path.is_dir():
            raise click.UsageError(f'the report "{path}" is a folder: name a file')
        if not path.absolute().parent.is_dir():
            raise click.UsageError(f'the folder of the report "{path}" does not exist')
    except (OSError, ValueError) as error:  # too long; a NUL in the name
        raise click.UsageError(f'the report "{path}" cannot be written') from error


def _place(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _put(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():  # a pipe or a device
        path.write_bytes(data)
        return
    target = _place(path)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """What a file has that is written there in the ordinary way."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
