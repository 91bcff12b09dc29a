"""`--strict`: what else is only told, ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reconciler.model.plan import Plan

strict = click.option(
    "--strict", is_flag=True, help="Make warnings errors, and exit with 5 where something is left out."
)


def no_warnings(plan: Plan) -> None:
    """Raises InvalidInput where a plan warns of something."""
    from msgspec.structs import replace

    from reconciler.model.errors import InvalidInput

    if plan.warnings:
        raise InvalidInput([replace(warning, severity="error") for warning in plan.warnings])


def nothing_left_out(plan: Plan) -> None:
    """Raises Refused where a plan leaves something out that the run is about."""
    from reconciler.model.errors import Refused
    from reconciler.model.plan import Refusal

    if left_out := plan.left_out:
        hint = "take it out of --exclude, or into --select; or leave --strict out"
        raise Refused(
            [
                Refusal("left-out", f"it is left out: it {one.reason}", str(one.address), hint)
                for one in left_out
            ]
        )
