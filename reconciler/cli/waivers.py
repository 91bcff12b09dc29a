"""`--approved-by`, `--override-policy` and `--reason`: what lets a run go on against rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import stacked
from reconciler.cli.values import text

if TYPE_CHECKING:
    from reconciler.model.policy import Waivers
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Session


def waiving(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options."""
    return stacked(_OPTIONS, command)


_OPTIONS = (
    click.option(
        "--approved-by",
        multiple=True,
        type=text,
        metavar="NAME",
        help="Who approved the run, for rules that need it. Repeatable; the journal keeps it.",
    ),
    click.option(
        "--override-policy",
        multiple=True,
        type=text,
        metavar="NAME",
        help="Go on against this rule or freeze. Repeatable; the journal keeps it, and the reason.",
    ),
    click.option("--reason", type=text, metavar="TEXT", help="Why a rule is overridden."),
)


def given(approved_by: tuple[str, ...], override_policy: tuple[str, ...], reason: str | None) -> Waivers:
    """What the options say. Raises UsageError where a reason is missing, or is for nothing."""
    from reconciler.model.policy import Waivers

    said = (reason or "").strip()
    if override_policy and not said:
        raise click.UsageError("--override-policy needs a reason: give --reason TEXT")
    if said and not override_policy:
        raise click.UsageError("--reason is for a rule that is overridden: give --override-policy NAME")
    if any(not name.strip() for name in approved_by):
        raise click.UsageError("--approved-by needs a name")
    return Waivers(tuple(name.strip() for name in approved_by), override_policy, said)


def under_rules(session: Session, planned: Planned, waivers: Waivers) -> Planned:
    """The plan as it may be carried out at this moment, by the project's rules and what was waived."""
    from msgspec.structs import replace

    from reconciler.verbs.policy import enforced, judged

    plan = judged(session, planned.plan, planned.desired, planned.live.tenant, waivers)
    return replace(planned, plan=enforced(plan))
