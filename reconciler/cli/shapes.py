"""`--format` of the verbs that show what other verbs cannot: each takes its own shapes in its place."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli.settings import settings

_SHAPE = "reconciler.shape"


def shaped(command: click.Command, shapes: Sequence[str], usual: str) -> None:
    """Gives the command `--format` with these shapes, of which one is usual."""
    option = click.Option(
        ["--format", "shape"],
        type=click.Choice(shapes),
        expose_value=False,
        callback=_keep,
        help=f"How to show it. {usual} is the default.",
    )
    command.params = [*(one for one in command.params if one.name != "format"), option]


def given_shape(verb: str, shapes: Sequence[str], usual: str) -> str:
    """The shape that was asked for, behind the verb or before it. Raises UsageError."""
    shape = click.get_current_context().meta.get(_SHAPE) or settings().format
    if shape == "text" and "text" not in shapes:
        return usual
    if shape not in shapes:
        raise click.UsageError(f"{verb} cannot be shown as {shape}: choose {', '.join(shapes)}")
    return str(shape)


def _keep(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta[_SHAPE] = value
