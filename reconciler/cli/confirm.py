"""The question before something is done that cannot be undone."""

from __future__ import annotations

import sys

import click

from reconciler.cli.settings import settings

unasked = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
"""The option of every verb that asks."""


def need_terminal(*, hint: str) -> None:
    """Raises InvalidInput, with `hint`, where nobody could be asked."""
    from reconciler.model.errors import InvalidInput

    if not (sys.stdin and sys.stdin.isatty()):
        raise InvalidInput.of("no-terminal", "there is no terminal to ask for confirmation", hint=hint)


def confirm(question: str, *, hint: str) -> None:
    """Asks the person at the terminal. Raises InvalidInput, with `hint`, where there is none, and
    ReconcilerError where the answer is not "yes", or what it is about could not be shown.
    """
    from reconciler.model.errors import ReconcilerError
    from reconciler.report.sanitize import terminal

    if settings().lost:
        raise ReconcilerError("what is to be confirmed could not be shown; nothing was changed", hint=hint)
    need_terminal(hint=hint)
    click.echo(f'{terminal(question)} Only "yes" is accepted: ', nl=False, err=True)
    if (sys.stdin.readline() or "").strip() != "yes":
        raise ReconcilerError("not confirmed; nothing was changed")
