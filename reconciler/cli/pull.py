"""pull."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.confirm import need_terminal, unasked
from reconciler.cli.ownership import adopt_pulled
from reconciler.cli.plan import ended
from reconciler.cli.planning import choosing, parallelism, take_lease
from reconciler.cli.settings import Settings, common, describing, settings
from reconciler.cli.values import text
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.pull.known import Kept, Rules
    from reconciler.verbs.pull import Pulled, Seen

_ALL = "*"
_NOT_KNOWN = "(not known)"


@click.command()
@choosing("--select", "Only these, with what they refer to: an address, with *.")
@choosing("--exclude", "Write nothing of these.")
@click.option("--dry-run", is_flag=True, help="Show which files would be written, and write none.")
@click.option("--prune", is_flag=True, help="Remove the files of what is not in the tenant.")
@click.option(
    "--plain-config",
    is_flag=False,
    flag_value=_ALL,
    default=None,
    type=text,
    metavar="[KEYS]",
    help="Write texts of config that look like no secrets; or those of these keys alone, with commas.",
)
@click.option("--fold", is_flag=True, help="Write instances that are alike as one InstanceSet.")
@click.option("--drift", is_flag=True, help="Write only what people changed since it was last applied.")
@click.option("--theirs", is_flag=True, help="Where git and the tenant both changed, the tenant wins.")
@click.option("--ours", is_flag=True, help="Where git and the tenant both changed, git wins.")
@click.option("--adopt", is_flag=True, help="Put this project's mark on what was written.")
@unasked
@take_lease
@parallelism
@describing
@common
def pull(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    prune: bool,
    plain_config: str | None,
    fold: bool,
    drift: bool,
    theirs: bool,
    ours: bool,
    adopt: bool,
    yes: bool,
    take_lease: bool,
    parallelism: int,
) -> int:
    """Write what the tenant has as manifests and definition files. Afterwards there is nothing to plan.

    No secret is written: a comment stands in its place. Nothing is changed in the tenant, but for the marks
    that --adopt writes. What is written already changes only where people changed it in the tenant. What git
    changed and the tenant did not stays; what both changed is a conflict, for which nothing is written
    without --theirs or --ours.
    """
    from reconciler.definition.merging import Winner
    from reconciler.pull.known import Rules
    from reconciler.report.document import dumps
    from reconciler.verbs.pull import look, work_out, write
    from reconciler.verbs.session import Options

    for both in (
        {"--theirs": theirs, "--ours": ours},
        {"--drift": drift, "--prune": prune},
        {"--drift": drift, "--adopt": adopt},
        {"--drift": drift, "--fold": fold},
    ):
        if all(both.values()):
            raise click.UsageError(f"give one of {' and '.join(both)}", click.get_current_context())
    if adopt and not (yes or dry_run):
        need_terminal(hint="give --yes")
    rules = Rules(drift, Winner.THEIRS if theirs else Winner.OURS if ours else None)
    here = settings()
    here.outlasts = adopt and not dry_run
    session = here.session()
    options = Options(select=select, exclude=exclude, prune=prune, parallelism=parallelism)
    reading = here.reading()
    seen = run(look, replace(session, notice=reading.notice), options, tick=reading.tick)
    found = work_out(seen, _plain(plain_config), rules, fold=fold)
    if plain_config is None and not dry_run:
        found = _asked(here, seen, found, rules, fold=fold)
    if not dry_run:
        write(found)
    document = _document(found)
    if here.format != "json":
        _show(here, found, document, dry_run=dry_run)
    outcome = None
    if here.outlasts:
        outcome, told = adopt_pulled(here, session, found.settled, options, yes=yes, take=take_lease)
        document["adoption"] = told
        if here.format != "json":
            here.show("outcome", told)
    if here.format == "json":
        here.out.out(dumps(document), highlight=False)
    code = ended(here, outcome) if outcome else 0
    return code or (1 if any(one.conflict for one in found.files.kept) else 0)


def _plain(given: str | None) -> Callable[[str, str], bool]:
    """Which texts may be written although nothing proves that they are no secrets."""
    from reconciler.pull.plain import looks_plain

    if given == _ALL:
        return lambda _, value: looks_plain(value)
    keys = {one.strip() for one in (given or "").split(",")} - {""}
    return lambda key, _: key in keys


def _asked(here: Settings, seen: Seen, found: Pulled, rules: Rules, *, fold: bool) -> Pulled:
    """The same with what a person at the terminal calls plain, where there is anything to ask for."""
    from reconciler.report.sanitize import terminal
    from reconciler.verbs.pull import work_out

    if not any(not gap.proven for gap in found.files.gaps):
        return found
    if not (here.on_terminal and sys.stdin and sys.stdin.isatty()):
        return found
    other = work_out(seen, _plain(_ALL), rules, fold=fold)
    if not other.plain:
        return found
    names = ", ".join(other.plain)
    question = f"Texts of these variables look like no secrets. Write them as plain text? {names}"
    return other if click.confirm(terminal(question), default=False, err=True) else found


def _show(here: Settings, found: Pulled, document: dict[str, Any], *, dry_run: bool) -> None:
    from reconciler.report.sanitize import terminal
    from reconciler.report.tables import render_table

    for path in found.written:
        here.out.out(terminal(path), highlight=False)
    for path in found.gone:
        here.out.out(terminal(f"{path} (removed)"), highlight=False)
    if document["secrets"]:
        here.out.out("")
        render_table(here.out, document["secrets"], ["address", "input", "variable", "readable"])
        here.out.out("")
    for what in found.unread:
        here.say(f"not read: {what}: the token may not see it, or it cannot be understood")
    for one in document.get("folded", ()):
        more = f", {one['overridden']} with values of their own" if one["overridden"] else ""
        here.say(f"folded: {one['address']}: {one['instances']} instances{more}")
    for one in document.get("unfolded", ()):
        here.say(f"not folded: {one['address']}: {one['reason']}")
    for one in document["leftOut"]:
        here.say(f"left out: {one['object']}: {one['reason']}")
    for one in document["kept"]:
        here.say(
            f"{'conflict' if one['conflict'] else 'kept'}: {one['address']} {one['path']}: {one['reason']}"
        )
        if one["conflict"]:
            here.say(f"    {_sides(one)}")
    if found.plain:
        here.say(f"Written as plain text: {', '.join(found.plain)}")
    count = len(found.written)
    done = "would be written" if dry_run else "written"
    here.say(f"{count} file{'' if count == 1 else 's'} {done}. See what is left to do: reconciler plan")


def _document(found: Pulled) -> dict[str, Any]:
    files = found.files
    folded = {
        "folded": [
            {
                "address": str(one.address),
                "instances": len(one.members),
                "overridden": one.overridden,
            }
            for one in files.folded.sets
        ],
        "unfolded": [{"address": str(one.address), "reason": one.why} for one in files.folded.alone],
    }
    return {
        "files": list(found.written),
        "removed": list(found.gone),
        "plain": list(found.plain),
        "unread": list(found.unread),
        "secrets": [
            {
                "address": str(gap.address),
                "input": gap.path,
                "variable": gap.variable,
                "readable": gap.readable,
            }
            for gap in files.gaps
            if gap.proven
        ],
        "withheld": [{"address": str(gap.address), "path": gap.path} for gap in files.gaps if not gap.proven],
        "leftOut": [
            {"object": one.live.title, "kind": one.live.kind, "id": one.live.id, "reason": one.why}
            for one in files.left_out
        ],
        "kept": [_kept(one) for one in files.kept],
        **{name: rows for name, rows in folded.items() if rows},
    }


def _kept(one: Kept) -> dict[str, Any]:
    """What is not written, and of a conflict the values."""
    from reconciler.pull.past import NOT_KNOWN
    from reconciler.report.document import plain

    said = {"address": str(one.address), "path": one.path, "reason": one.why, "conflict": one.conflict}
    if not one.conflict:
        return said
    applied = _NOT_KNOWN if one.applied is NOT_KNOWN else plain(one.applied)
    return {**said, "applied": applied, "live": plain(one.live), "git": plain(one.git)}


def _sides(one: Mapping[str, Any]) -> str:
    """The values of a conflict on one line."""
    from reconciler.report.values import shorten, show

    known = one["applied"] != _NOT_KNOWN
    applied, live, git = (shorten(show(one[name])) for name in ("applied", "live", "git"))
    return f"applied: {applied if known else 'not known'}, live: {live}, git: {git}"
