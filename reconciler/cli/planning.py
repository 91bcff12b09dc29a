"""The options of the verbs that plan, or that take part of what these do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.complete import PATTERN
from reconciler.cli.settings import describing, reported, stacked
from reconciler.cli.values import text

F = TypeVar("F", bound=Callable[..., Any])

parallelism = click.option(
    "--parallelism",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Calls at the same time.",
)
take_lease = click.option("--take-lease", is_flag=True, help="Take the lease from the run that holds it.")


live = click.option(
    "--live",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A snapshot in the tenant's place: nothing is asked, and no token is needed.",
)

reviewed = click.option(
    "--reviewed",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PLAN",
    help="Go on only if the plan is this saved one; else say in what they differ.",
)

shard = click.option(
    "--shard",
    metavar="I/N",
    help="Only the I-th of N shares of the customers, for jobs side by side.",
)


def refreshing(default: str) -> Callable[[F], F]:
    """The option that says how the tenant is read: the whole of it, or what changed."""
    return click.option(
        "--refresh",
        type=click.Choice(["full", "delta"]),
        default=default,
        show_default=True,
        callback=lambda _, __, value: None if value == "full" else value,
        help="Read all of the tenant, or what changed since it was read so before.",
    )


def _all_of_it(_: click.Context, __: click.Parameter, value: str) -> None:
    if value != "full":
        raise click.UsageError(
            "what is carried out rests on all of the tenant: --refresh delta is for plan, drift and watch"
        )


refresh = refreshing("full")
refresh_in_full = click.option(
    "--refresh",
    type=click.Choice(["full", "delta"]),
    default="full",
    show_default=True,
    expose_value=False,
    callback=_all_of_it,
    help="All of the tenant is read: delta is for plan, drift and watch.",
)


unread = click.option(
    "--no-secrets", is_flag=True, help="Read no secret; what depends on one is not compared."
)


def choosing(name: str, meaning: str) -> Callable[[F], F]:
    """An option that names resources by pattern, as often as it is given."""
    return click.option(name, multiple=True, type=text, shell_complete=PATTERN, metavar="WHAT", help=meaning)


def planning(command: F) -> F:
    """Adds the options of every verb that plans, gathered into one `options` argument."""
    return stacked(_PLANNING, command)


_PLANNING: tuple[Callable[[F], F], ...] = (
    reported,
    choosing("--select", "Only these: an address, with *, or label=value."),
    click.option(
        "--changed-since",
        type=text,
        metavar="REV",
        help="Only what the manifests ask for otherwise than at a revision of git.",
    ),
    choosing("--exclude", "Write nothing of these, whatever needs it."),
    click.option("--no-deps", is_flag=True, help="Not even what the selected ones cannot do without."),
    click.option(
        "--use",
        multiple=True,
        type=text,
        metavar="ADDRESS=ID",
        help="Which of several objects of one name is meant.",
    ),
    click.option("--prune", is_flag=True, help="Delete what is ours and stands in no manifest."),
    parallelism,
    describing,
    click.option("--overwrite-drafts", is_flag=True, help="Overwrite unpublished changes of people."),
    click.option("--deploy-pending", is_flag=True, help="Deploy along what people saved and did not deploy."),
    click.option("--send-secrets", is_flag=True, help="Send secrets that cannot be read back again."),
    click.option(
        "--configured-anew",
        is_flag=True,
        help="Move instances to another configuration: they have its values.",
    ),
    click.option("--allow-deletes", is_flag=True, help="Lift the guard on many deletions."),
    click.option("--allow-updates", is_flag=True, help="Lift the guard on many changes."),
    click.option(
        "--delete-strangers", is_flag=True, help="Let what bears no mark go along with what is deleted."
    ),
)

shown = click.option(
    "--show-values",
    is_flag=True,
    help="Show, on a terminal alone, values that may be secrets.",
)
all_or_nothing = click.option(
    "--all-or-nothing", is_flag=True, help="Refuse all of it where anything is refused."
)
detailed = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to do."
)
