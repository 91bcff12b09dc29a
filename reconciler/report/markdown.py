"""Documents as the comment of a pull request: a table, then folded details, within GitHub's limit.

Foreign text stands only in code spans, fenced blocks or with every mark of Markdown as an entity: a
resource's name cannot mention people, close issues, or carry links and HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.report import rollouts, since, unproven, values
from reconciler.report.comment import LIMIT, MESSAGE, NAME, Section, bounded, size, span
from reconciler.report.facts import facts
from reconciler.report.groups import Group, drift_groups, plan_groups
from reconciler.report.sanitize import code, markdown, terminal
from reconciler.report.tables import cell

_CHANGES = 20
_VALUE = 120
_SIGNS = {"create": "+", "delete": "-", "update": "!", "adopt": "!", "forget": "!", "test": "#"}
_STANDINGS = ("owned", "foreign", "orphaned", "matched", "missing", "undecided", "unmanaged")
_VERBS = ("create", "update", "delete", "adopt", "forget", "test")

Document = Mapping[str, Any]


def plan(document: Document) -> str:
    """A plan: counts of each kind, refusals and warnings, then each kind's changes."""
    line = values.plan_line(document) or "Nothing can be applied."
    found = values.refusals(document)
    refusals = values.count(len(found), "reason")
    head = [
        f"### Plan for {span(document['project'])} in {span(document['environment'])}",
        "",
        f"**{line}**",
    ]
    if document.get("refused"):
        head += ["", f"⛔ **Refused**: {refusals}, see below."]
    elif document.get("refusals"):
        head += ["", f"⛔ **Refused** in part: {refusals}, see below. All else goes on."]
    if waiting := values.waiting_line(document):
        head += ["", f"⏸ **Deletions wait**: {markdown(waiting)}"]
    for rollout in rollouts.lines(document):
        head += ["", f"🌊 **Rollout** of {markdown(rollout)}"]
    if lease := values.lease_line(document):
        head += ["", f"⏳ **Lease**: {markdown(lease)}"]
    if reason := unproven.why(document):
        head += ["", markdown(reason)]
    if document["actions"]:
        head += ["", *_kind_table(document["actions"])]
    sections = [
        _ended_by(document),
        _entries("Refused", found, "refusal", is_open=True),
        _listing("Deleted along with it", document.get("consequences", ()), "consequence", is_open=True),
        _listing("Left out", values.left_out_lines(document), "resource", is_open=True),
        _listing("Waves", _waves(document), "wave"),
        _entries("Warnings", values.findings(document.get("warnings", ())), "warning"),
        _listing("Notes", values.note_lines(document), "note"),
        *_kinds(document["actions"]),
        _drift("Not as last applied", document.get("drift", ())),
        _listing("Owned, but in no manifest", values.left_orphans(document), "resource"),
    ]
    foot = f"{values.count(len(document['actions']), 'action')} · checksum {span(document['checksum'])}"
    return bounded(head, sections, foot)


def _waves(document: Document) -> list[str]:
    return [f"{wave.title}: {wave.line}: {', '.join(wave.addresses)}" for wave in rollouts.waves(document)]


def outcome(document: Document) -> str:
    """What became of a plan: counts, then what was not done, then the rest."""
    head = [
        f"### Apply to {span(document['project'])} in {span(document['environment'])}",
        "",
        f"**{values.outcome_line(document)}**",
    ]
    if left := values.next_line(document):
        head += ["", left]
    sections = [
        _ended_by(document),
        _entries("Refused", values.refusals(document), "refusal", is_open=True),
        _listing("Left out", values.left_out_lines(document), "resource", is_open=True),
    ]
    for status in ("failed", "stale", "skipped", "done"):
        blocks = [_ended(action) for action in document["actions"] if action["status"] == status]
        title = f"{status.capitalize()}: {values.count(len(blocks), 'action')}"
        sections.append(Section(title, blocks, "action", is_open=status in ("failed", "stale")))
    return bounded(head, sections, f"checksum {span(document['checksum'])}")


def drift(document: Document) -> str:
    """What was changed in the tenant."""
    head = [
        f"### Drift of {span(document['project'])} in {span(document['environment'])}",
        "",
        f"**{values.drift_line(document)}**",
    ]
    if became := document.get("since"):
        head += ["", markdown(since.line(became))]
    if reason := unproven.why(document):
        head += ["", markdown(reason)]
    sections = [
        _ended_by(document),
        *(_listing(title, since.lines(became, name), "entry") for name, title in _SINCE.items() if became),
        _drift("Not as last applied", document["drift"], is_open=True),
        _listing("Missing", [_gone(one) for one in document.get("missing", ())], "resource", is_open=True),
        _listing("Managed by nobody", values.unmanaged_lines(document), "object"),
        _entries("Warnings", values.unseen(document), "warning"),
        _listing("Owned, but in no manifest", values.left_orphans(document), "resource"),
        _listing("Notes", values.note_lines(document), "note"),
    ]
    return bounded(head, sections, "")


_SINCE = {"new": "New", "mended": "Mended"}


def inventory(document: Document, line: str) -> str:
    """A tenant by address: counts of each kind, then what stands there, the least known first."""
    head = [
        f"### Inventory of {span(document['environment'])} for {span(document['project'])}",
        "",
        f"**{line}**",
        "",
        *_counted(document),
    ]
    listed: dict[str, list[str]] = {}
    for row in document["resources"]:
        owner = f" (of {row['owner']})" if row["owner"] else ""
        listed.setdefault(row["status"], []).append(
            f"{row['address']}{owner}: {row['name']} {row['id'] or ''}"
        )
    sections = [
        _ended_by(document),
        _entries("Warnings", document["warnings"], "warning"),
        *(
            _listing(status.capitalize(), listed[status], "object")
            for status in reversed(_STANDINGS)
            if status in listed
        ),
    ]
    return bounded(head, sections, "")


def run(document: Document) -> str:
    """A run of the past: what began it, how it ended, then what failed, was refused, and was done."""
    counted = ", ".join(f"{count:,} {markdown(status)}" for status, count in document["summary"].items())
    took = "" if document["seconds"] is None else f" in {document['seconds']:g} s"
    began = [f"{word} {span(document[name])}" for name, word in _ORIGIN.items() if document[name]]
    head = [
        f"### Run {span(document['id'])} in {span(document['environment'])}",
        "",
        f"**{markdown(document['status'].capitalize())}**: {counted or 'nothing done'}{took}.",
        "",
        f"At {span(document['at'])}{''.join(f', {one}' for one in began)}.",
    ]
    ended = [entry for entry in document["entries"] if entry.get("event") == "end"]
    wrong = [one for one in ended if one.get("error") or one.get("because")]
    sections = [
        _listing("Went wrong", [_step(one) for one in wrong], "action", is_open=True),
        _entries("Refused", document["refusals"], "refusal", is_open=True),
        _listing("Actions", [_step(one) for one in ended], "action"),
    ]
    return bounded(head, sections, "")


_ORIGIN = {"verb": "by the verb", "by": "of", "commit": "at commit"}


def _step(entry: Document) -> str:
    why = entry.get("error") or entry.get("because")
    return f"{entry.get('action')}: {entry.get('status')}{f' ({why})' if why else ''}"


def _counted(document: Document) -> list[str]:
    used = [status for status in _STANDINGS if document["summary"][status]]
    lines = [f"| kind | {' | '.join([*used, 'coverage'])} |", f"|---|{'---:|' * (len(used) + 1)}"]
    for kind, counts in document["kinds"].items():
        share = "" if counts["coverage"] is None else f"{counts['coverage']:.0%}"
        lines.append(f"| {span(kind)} | {' | '.join([*(f'{counts[one]:,}' for one in used), share])} |")
    return lines


def errors(document: Document) -> str:
    """Errors and warnings as lists."""
    found, warnings = values.findings(document.get("errors", ())), document.get("warnings", ())
    head = [f"### {values.count(len(found), 'error')}"]
    sections = [
        _entries("Errors", found, "error", is_open=True),
        _entries("Warnings", warnings, "warning", is_open=not found),
    ]
    return bounded(head, sections, "")


def test(document: Document) -> str:
    """The runs of flows: how each ended, and what was wrong."""
    counts = document["summary"]
    head = [
        f"### Tests of {span(document['address'])} in {span(document['environment'])}",
        "",
        f"**{counts['passed']:,} passed, {counts['failed']:,} failed.**",
    ]
    blocks = [
        [f"{'-' if run['problems'] else '+'} {_name(run['flow'])}", *map(_problem, run["problems"])]
        for run in document["tests"]
    ]
    runs = Section(values.count(len(blocks), "run"), blocks, "run", bool(counts["failed"]))
    return bounded(head, [_ended_by(document), runs], "")


def _problem(text: str) -> str:
    return f"      {_message(text)}"


def told(kind: str, document: Document) -> str:
    """What only tells something: a sentence, named values and a table."""
    said = facts(kind, document)
    head = [f"### {said.title}", "", f"**{markdown(said.line)}**"]
    named = [f"- {name}: {span(value)}" for name, value in said.named.items() if value]
    head += ["", *named] if named else []
    rows = [["  ".join(_name(cell(row.get(name))) for name in said.columns)] for row in said.rows]
    sections = [
        _ended_by(document),
        _entries("Warnings", document.get("warnings", ()), "warning", is_open=True),
        Section(values.count(len(rows), "row"), rows, "row"),
    ]
    return bounded(head, sections, "")


def _ended_by(document: Document) -> Section:
    """What ended the run after all that is told here."""
    return _entries("⛔ Errors", values.findings(document.get("errors", ())), "error", is_open=True)


def _kind_table(actions: Sequence[Document]) -> list[str]:
    counts: dict[str, dict[str, int]] = {}
    for address, group in values.by_address(actions).items():
        row = counts.setdefault(address.partition("/")[0], dict.fromkeys(_VERBS, 0))
        row[values.fate(group)] += 1
    used = [verb for verb in _VERBS if any(row[verb] for row in counts.values())]
    rows = [
        f"| {span(kind)} | " + " | ".join(f"{row[v]:,}" for v in used) + " |" for kind, row in counts.items()
    ]
    return [f"| kind | {' | '.join(used)} |", f"|---|{'---:|' * len(used)}", *rows]


def _kinds(actions: Sequence[Document]) -> Iterator[Section]:
    """Each kind's resources, those alike as one entry; the addresses of such are folded behind it."""
    kinds: dict[str, list[Group]] = {}
    for group in plan_groups(actions):
        kinds.setdefault(group.addresses[0].partition("/")[0], []).append(group)
    for kind, groups in kinds.items():
        number = sum(len(group.addresses) for group in groups)
        title = f"{span(kind)}: {values.count(number, 'resource')}"
        yield Section(title, [_resource(group) for group in groups], "resource")
        for group in groups:
            if len(group.addresses) > 1:
                blocks = [[f"{_SIGNS[values.fate(group.entries)]} {_name(one)}"] for one in group.addresses]
                yield Section(f"{code(group.title)}, by address", blocks, "resource")


def _resource(group: Group) -> list[str]:
    name = _name(group.addresses[0] if len(group.addresses) == 1 else group.title)
    lines = [f"{_SIGNS[values.fate(group.entries)]} {name}"]
    for number, action in enumerate(group.entries):
        reasons = group.differing.get((number, ""))
        reason = f"for {reasons:,} reasons, such as: {action['reason']}" if reasons else action["reason"]
        lines.append(f"    {action['verb']}: {_name(reason)}")
        changes = action["changes"]
        lines += [
            _change(change, action["verb"], group.differing.get((number, change["path"])))
            for change in changes[:_CHANGES]
        ]
        if len(changes) > _CHANGES:
            lines.append(f"      … {values.count(len(changes) - _CHANGES, 'more change')}")
    return lines


def _change(change: Document, verb: str, differing: int | None = None) -> str:
    before, after = values.pair(change["before"], change["after"], _VALUE)
    shown = f"{before} → {after}"
    if change["before"] is None or change["after"] is None:
        shown = after if change["before"] is None else f"{before} → (none)"
    why = values.cause(change, verb)
    which = f" ({differing:,} different, such as)" if differing else ""
    return f"      {_path(change)}{which}: {shown}" + (f"  ({why})" if why else "")


def _drift(title: str, drifts: Sequence[Document], *, is_open: bool = False) -> Section:
    blocks = []
    for alike in drift_groups(drifts):
        group = alike.entries
        lines = [f"! {_name(alike.addresses[0])}"]
        if len(alike.addresses) > 1:
            lines = [f"! {_name(alike.title)}", f"      {', '.join(map(_name, alike.addresses))}"]
        for entry in group[:_CHANGES]:
            applied, live = values.pair(entry["applied"], entry["live"], _VALUE)
            why = values.CAUSES[entry["cause"]]
            lines.append(f"      {_path(entry)}: applied {applied} → live {live}  ({why})")
        if len(group) > _CHANGES:
            lines.append(f"      … {values.count(len(group) - _CHANGES, 'more field')}")
        if len(alike.addresses) == 1 and (line := values.touched_line(group)):
            lines.append(f"      {_name(line)}")
        blocks.append(lines)
    return Section(f"{title}: {values.count(len(drifts), 'field')}", blocks, "resource", is_open)


def _gone(missing: Document) -> str:
    told = f" ({missing['told']})" if missing.get("told") else ""
    return f"{missing['address']}: {values.missing_line(missing)}{told}"


def _ended(action: Document) -> list[str]:
    sign = {"done": "+", "failed": "-", "stale": "!", "skipped": "#"}[action["status"]]
    lines = [f"{sign} {action['verb']} {_name(action['address'])}"]
    if action.get("unplanned"):
        lines.append(f"      {_message(action['reason'])}")
    if action["error"]:
        lines.append(f"      {_message(action['error'])}")
    if why := values.unfinished(action):
        lines.append(f"      {_name(why)}")
    if action["hint"]:
        lines.append(f"      hint: {_message(action['hint'])}")
    if action["doubtful"]:
        lines.append(f"      in doubt: {values.DOUBT}")
    if action["kept"]:
        lines.append(f"      the draft that was there is kept: {_message(action['kept'])}")
        lines.append(f"      bring it back: {_message(action['restore'])}")
    return lines


def _entries(title: str, entries: Sequence[Document], noun: str, *, is_open: bool = False) -> Section:
    blocks = [[_entry(entry)] for entry in entries]
    return Section(f"{title}: {len(entries):,}", blocks, noun, is_open, diff=False)


def _entry(entry: Document) -> str:
    parts = [markdown(values.shorten(entry["message"], MESSAGE))]
    # Each address by itself: none of what is refused is lost by cutting.
    where = [entry.get("places") or values.place(entry), *(entry.get("address") or "").split(", ")]
    parts += [span(one) for one in where if one]
    if entry.get("hint"):
        parts.append(f"hint: {markdown(values.shorten(entry['hint'], MESSAGE))}")
    return f"- {' · '.join(parts)}"


def _listing(title: str, items: Sequence[str], noun: str, *, is_open: bool = False) -> Section:
    blocks = [[f"- {markdown(values.shorten(item, MESSAGE))}"] for item in items]
    return Section(f"{title}: {len(items):,}", blocks, noun, is_open, diff=False)


def _name(text: str) -> str:
    # Before it is cut, since escapes are longer than what they stand for and the room is counted here.
    return values.shorten(terminal(text), NAME)


def _message(text: str) -> str:
    return values.shorten(terminal(text), MESSAGE)


def _path(entry: Document) -> str:
    return values.shorten(values.readable_path(entry["path"]), NAME)


RENDERERS: Mapping[str, Callable[[Document], str]] = {
    "plan": plan,
    "outcome": outcome,
    "drift": drift,
    "errors": errors,
    "test": test,
    "run": run,
}

__all__ = ["LIMIT", "RENDERERS", "size"]
