"""The text that people read in a terminal, rendered from the JSON documents in the manner of Terraform.

The console decides about colour and width; it is the caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console

from reconciler.model.errors import Interrupted
from reconciler.report import errors, lines, rollouts, since, unproven, values
from reconciler.report.flow_runs import render_test
from reconciler.report.groups import Group, drift_groups, plan_groups
from reconciler.report.sanitize import terminal
from reconciler.report.tables import render_table

Document = Mapping[str, Any]

_SYMBOLS = {
    "create": ("+", "green"),
    "delete": ("-", "red"),
    "adopt": ("*", "cyan"),
    "forget": ("*", "yellow"),
    "test": ("?", "blue"),
    "update": ("~", "yellow"),
}
_STATUS = {"done": "green", "failed": "bold red", "stale": "yellow", "skipped": "dim"}
_LISTED = 10
_ALIKE = 5  # actions that are skipped for one reason, of which all are shown


def render_plan(console: Console, document: Document, *, verbose: bool = False) -> None:
    """The plan: what happens to each resource and why, what stands against it, and a count."""
    drifts = values.by_address(document.get("drift", ()))
    if verbose:
        for address, actions in values.by_address(document["actions"]).items():
            _plan_group(console, Group([address], actions), drifts, verbose=True)
    else:
        for group in plan_groups(document["actions"]):
            _plan_group(console, group, drifts, verbose=False)
    _drift_aside(console, document, verbose)
    _listing(console, "Deleted along with it", document.get("consequences", ()), verbose, "red")
    _listing(
        console,
        "Owned, but in no manifest (--prune deletes)",
        values.left_orphans(document),
        verbose,
        "yellow",
    )
    _left_out(console, document)
    _rollouts(console, document, verbose)
    if lease := values.lease_line(document):
        lines.write(console, 0, ("lease: ", "bold yellow"), lease)
        lines.blank(console)
    _notes(console, document)
    _entries(console, "warning", values.findings(document.get("warnings", ())))
    _entries(console, "refused", values.refusals(document))
    _not_shown(console, document)
    if waiting := values.waiting_line(document):
        lines.write(console, 0, (waiting, "yellow"))
        lines.blank(console)
    _plan_facts(console, document, verbose)
    line = values.plan_line(document)
    if document.get("refused"):
        line = f"{line} Refused." if line else "Refused."
    lines.write(console, 0, (line, "bold"))


def render_ending(console: Console, document: Document, *, verbose: bool = False) -> None:
    """What became of a plan that was shown: what was refused and left out stands there."""
    _results(console, document, verbose)
    _ending(console, document)


def render_outcome(console: Console, document: Document, *, verbose: bool = False) -> None:
    """What became of the plan. What was done as planned is listed with `verbose` only: progress has shown it.
    What it left to do comes last.
    """
    _results(console, document, verbose)
    _left_out(console, document)
    _entries(console, "refused", values.refusals(document))
    _ending(console, document)


def _rollouts(console: Console, document: Document, verbose: bool) -> None:
    for line in rollouts.lines(document):
        lines.write(console, 0, ("rollout of ", "dim"), line)
    for wave in rollouts.waves(document) if verbose else ():
        lines.write(console, 2, (wave.title, "bold"), f": {wave.line}")
        if wave.first:
            lines.write(console, 4, ("first ", "yellow"), terminal(", ".join(wave.first)))
        lines.write(console, 4, (terminal(", ".join(wave.addresses)), "dim"))


def _results(console: Console, document: Document, verbose: bool) -> None:
    shown = [one for one in document["actions"] if verbose or values.is_told(one)]
    alike = Counter[str]()
    for action in shown:
        reason = action["because"] if action["status"] == "skipped" and not action["doubtful"] else ""
        alike[reason] += bool(reason)
        if verbose or (alike[reason] <= _ALIKE and reason != Interrupted.code):
            _result(console, action)
    for reason, number in () if verbose else alike.items():
        rest = terminal(values.unfinished({"because": reason, "doubtful": False}))
        if reason == Interrupted.code:
            told = f"skipped {values.count(number, 'action')}, {rest} (-v shows all)"
            lines.write(console, 2, (told, "dim"))
        elif number > _ALIKE:
            lines.write(console, 2, (f"skipped {number - _ALIKE:,} more (-v shows all)", "dim"))
            lines.write(console, 6, (rest, "dim"))
    if shown:
        lines.blank(console)


def _ending(console: Console, document: Document) -> None:
    bad = any(action["status"] in ("failed", "stale") for action in document["actions"])
    lines.write(console, 0, (values.outcome_line(document), "bold red" if bad else "bold"))
    if left := values.next_line(document):
        lines.write(console, 0, left)


def render_drift(console: Console, document: Document, *, verbose: bool = False) -> None:
    """What was changed in the tenant since it was last applied."""
    _drifted(console, document["drift"], verbose)
    _missing(console, document.get("missing", ()))
    _listing(console, "Owned, but in no manifest", values.left_orphans(document), verbose, "yellow")
    _listing(console, "Managed by nobody", values.unmanaged_lines(document), True, "yellow")
    _entries(console, "warning", values.findings(values.unseen(document)))
    _notes(console, document)
    _not_shown(console, document)
    if line := values.unmanaged_line(document):
        lines.write(console, 0, (line, "dim"))
    lines.write(console, 0, (values.drift_line(document), "bold"))
    if became := document.get("since"):
        lines.write(console, 0, (since.line(became), "bold"))
        for name, style in (("new", "red"), ("mended", "green")):
            for entry in since.lines(became, name):
                lines.write(console, 2, (f"{name}: ", style), (terminal(entry), ""))


def _missing(console: Console, missing: Sequence[Document]) -> None:
    for one in missing:
        lines.write(
            console, 2, ("- ", "red"), (terminal(one["address"]), "bold"), f": {values.missing_line(one)}"
        )
        if one.get("told"):
            lines.write(console, 6, (terminal(one["told"]), "dim"))
    if missing:
        lines.blank(console)


def _left_out(console: Console, document: Document) -> None:
    for line in values.left_out_lines(document):
        lines.write(console, 0, ("left out: ", "yellow"), terminal(line))
    if document.get("leftOut"):
        lines.blank(console)


def _plan_group(
    console: Console, group: Group, drifts: Mapping[str, Sequence[Document]], *, verbose: bool
) -> None:
    symbol, style = _SYMBOLS[values.fate(group.entries)]
    _head(console, (f"{symbol} ", style), group)
    for number, action in enumerate(group.entries):
        reasons = group.differing.get((number, ""))
        reason = f"for {reasons:,} reasons, such as: {action['reason']}" if reasons else action["reason"]
        lines.write(console, 4, (action["verb"], style), f": {terminal(reason)}")
        for change in action["changes"]:
            found = group.differing.get((number, change["path"]))
            _change(console, change, action["verb"], verbose, found)
        if verbose and action["dependsOn"]:
            lines.write(console, 6, (f"after {terminal(', '.join(action['dependsOn']))}", "dim"))
    if len(group.addresses) == 1:
        _touched(console, Group(group.addresses, drifts.get(group.addresses[0], ())))
    lines.blank(console)


def _head(console: Console, symbol: lines.Part, group: Group) -> None:
    """The address, or how many there are; of these the first are named."""
    if len(group.addresses) == 1:
        lines.write(console, 2, symbol, (terminal(group.addresses[0]), "bold"))
        return
    lines.write(console, 2, symbol, (group.title, "bold"))
    lines.write(console, 4, (f"{group.named} (-v shows all)", "dim"))


def _change(
    console: Console, change: Document, verb: str, verbose: bool, differing: int | None = None
) -> None:
    """One field; `differing` is how many values it has in a group, of which this is one."""
    before, after = change["before"], change["after"]
    path = values.readable_path(change["path"])
    why = values.cause(change, verb)
    note = f"  ({why})" if why else ""
    if differing:
        path = f"{path} ({differing:,} different, such as)"
    limit = values.LONG if verbose else values.SHORT
    if before is None or after is None:
        symbol, style = ("+", "green") if before is None else ("-", "red")
        shown = values.shorten(values.show(after if before is None else before), limit)
        _field(console, (symbol, style), path, [(shown, "")], note)
        return
    old, new = values.pair(before, after, limit)
    _field(console, ("~", "yellow"), path, [(old, ""), (new, "")], note)


def _field(
    console: Console, symbol: tuple[str, str], path: str, shown: Sequence[tuple[str, str]], note: str
) -> None:
    """`path: before → after` on one line where it fits, else the values below the path."""
    head: list[lines.Part] = [(f"{symbol[0]} ", symbol[1]), f"{path}: "]
    arrow = lines.arrow(console)
    texts = [f"{label} {value}".strip() for value, label in shown]
    body = f" {arrow} ".join(texts)
    if lines.fits(console, 6, "  ", path, ": ", body, note):
        lines.write(console, 6, *head, body, (note, "yellow"))
        return
    lines.write(console, 6, head[0], f"{path}:", (note, "yellow"))
    if lines.fits(console, 10, body):
        lines.write(console, 10, body)
        return
    lines.write(console, 10, texts[0])
    for text in texts[1:]:
        lines.write(console, 8, f"{arrow} {text}" if arrow == "→" else f"{arrow}{text}")


def _drifted(console: Console, drifts: Sequence[Document], verbose: bool) -> None:
    """What drifted of each resource; alike ones together, unless all are asked for."""
    single = [Group([address], some) for address, some in values.by_address(drifts).items()]
    for group in single if verbose else drift_groups(drifts):
        _drift_group(console, group, verbose)
        _touched(console, group)
        lines.blank(console)


def _drift_group(console: Console, group: Group, verbose: bool) -> None:
    _head(console, ("~ ", "yellow"), group)
    limit = values.LONG if verbose else values.SHORT
    for drift in group.entries:
        applied, live = values.pair(drift["applied"], drift["live"], limit)
        why = values.CAUSES.get(drift.get("cause", ""), "")
        _field(
            console,
            ("~", "yellow"),
            values.readable_path(drift["path"]),
            [(applied, "applied"), (live, "live")],
            f"  ({why})" if why else "",
        )


def _touched(console: Console, group: Group) -> None:
    """Who changed a resource, and when; of several alike that is behind more detail."""
    if len(group.addresses) == 1 and (line := values.touched_line(group.entries)):
        lines.write_whole(console, 6, (terminal(line), "dim"))


def _drift_aside(console: Console, document: Document, verbose: bool) -> None:
    """Drift that the plan does not mend is told apart; the rest stands at the changes already."""
    mended: dict[str, tuple[str, ...]] = {}
    for action in document["actions"]:
        paths = tuple(change["path"] for change in action["changes"])
        mended[action["address"]] = mended.get(action["address"], ()) + paths
    left = [
        one
        for one in document.get("drift", ())
        if not any(_within(path, one["path"]) for path in mended.get(one["address"], ()))
    ]
    if not left:
        return
    known = any(one.get("cause") != "unknown" for one in left)
    title = "Changed in the tenant" if known else "Changed by nobody knows whom"
    lines.write(console, 0, (f"{title}, and left alone:", "yellow"))
    single = [Group([address], some) for address, some in values.by_address(left).items()]
    for group in single if verbose else drift_groups(left):
        _drift_group(console, group, verbose)
        if not any(address in mended for address in group.addresses):
            _touched(console, group)
    lines.blank(console)


def _within(path: str, outer: str) -> bool:
    """Whether a changed field is the one that drifted, or part of it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _listing(console: Console, title: str, items: Sequence[str], verbose: bool, style: str) -> None:
    if not items:
        return
    lines.write(console, 0, (f"{title}:", style))
    shown = items if verbose else items[:_LISTED]
    for item in shown:
        lines.write(console, 2, terminal(item))
    if len(items) > len(shown):
        lines.write(console, 2, (f"… and {len(items) - len(shown):,} more (-v shows all)", "dim"))
    lines.blank(console)


def _entries(console: Console, word: str, entries: Sequence[Document]) -> None:
    for entry in entries:
        errors.render_entry(console, word, entry)
    if entries:
        lines.blank(console)


def _not_shown(console: Console, document: Document) -> None:
    if reason := unproven.why(document):
        lines.write(console, 0, (reason, "dim"))
        lines.blank(console)


def _notes(console: Console, document: Document) -> None:
    notes = values.note_lines(document)
    for note in notes:
        lines.write(console, 0, ("note: ", "cyan"), note)
    if notes:
        lines.blank(console)


def _plan_facts(console: Console, document: Document, verbose: bool) -> None:
    if not document["actions"]:
        return
    requests = document["requests"]
    total = requests["read"] + requests["write"]
    actions = values.count(len(document["actions"]), "action")
    fact = f"{actions}, about {values.count(total, 'request')} in {requests['seconds']:g} s"
    lines.write(console, 0, (fact, "dim"))
    if verbose:
        summary = document["summary"]
        lines.write(console, 0, (f"unmanaged in the tenant: {summary.get('unmanaged', 0):,}", "dim"))
        lines.write(console, 0, (f"checksum {terminal(document['checksum'])}", "dim"))


def _result(console: Console, action: Document) -> None:
    status = action["status"]
    took = f" ({action['seconds']:.1f} s)" if action["seconds"] else ""
    lines.write(
        console, 2, (f"{status:<8}", _STATUS[status]), f"{action['verb']} {terminal(action['address'])}{took}"
    )
    if action.get("unplanned"):
        lines.write(console, 6, (terminal(action["reason"]), "dim"))
    if action["error"]:
        lines.write(console, 6, terminal(action["error"]))
    if why := values.unfinished(action):
        lines.write(console, 6, (terminal(why), "dim"))
    if action["hint"]:
        lines.write(console, 6, ("hint: ", "cyan"), terminal(action["hint"]))
    if action["doubtful"]:
        lines.write(console, 6, (f"in doubt: {values.DOUBT}", "yellow"))
    if action["kept"]:
        lines.write(console, 6, f"the draft that was there is kept: {terminal(action['kept'])}")
        lines.write(console, 6, ("bring it back: ", "cyan"), terminal(action["restore"]))


def _errors(console: Console, document: Document, *, verbose: bool = False) -> None:
    del verbose  # errors are always told in full
    errors.render_errors(console, document)


RENDERERS: Mapping[str, Callable[..., None]] = {
    "plan": render_plan,
    "outcome": render_outcome,
    "ending": render_ending,
    "drift": render_drift,
    "errors": _errors,
    "test": render_test,
}

__all__ = ["RENDERERS", "render_drift", "render_outcome", "render_plan", "render_table"]
