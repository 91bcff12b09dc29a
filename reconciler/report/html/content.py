"""What a page shows of a document, whatever its kind: a head, what stands against it, entries, and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reconciler.report import inventory, rollouts, unproven, values
from reconciler.report.facts import FACTS, facts
from reconciler.report.groups import Group, drift_groups, plan_groups
from reconciler.report.html.abreast import abreast_page
from reconciler.report.html.drawing import drawing
from reconciler.report.html.parts import Alert, Entry, Field, Page, Step
from reconciler.report.html.sides import hunk, is_long, joined
from reconciler.report.tables import cell

Document = Mapping[str, Any]

_GIT = "pending"
_WHY = {_GIT: "changed in git", **values.CAUSES}
_PAST = ("failed", "stale", "skipped", "done")


def content(kind: str, document: Document) -> Page:
    """What a page shows of a document of this kind."""
    return _told(kind, document) if kind in FACTS else _PAGES[kind](document)


def _plan(document: Document) -> Page:
    return Page(
        _titled("Plan", document),
        values.plan_line(document) or "Nothing can be applied.",
        bool(document.get("refusals") or document.get("errors")),
        document["environment"],
        _named(document),
        _alerts(document),
        _planned(document),
        _lists(document),
        drawing=drawing(document),
        rollouts=rollouts.lines(document),
        waves=list(rollouts.waves(document)),
    )


def _planned(document: Document) -> list[Entry]:
    waves, drifts = _waves(document), values.by_address(document.get("drift", ()))
    return [_grouped(group, waves, drifts) for group in plan_groups(document["actions"])]


def _lists(document: Document) -> list[tuple[str, Sequence[str]]]:
    found: list[tuple[str, Sequence[str]]] = [
        ("Deleted along with it", document.get("consequences", ())),
        ("Left out", [f"{o['address']}, which {o['reason']}" for o in document.get("leftOut", ())]),
        ("Changed in the tenant", [_drifted(one) for one in document.get("drift", ())]),
        ("Owned, but in no manifest", values.left_orphans(document)),
        ("Notes", values.note_lines(document)),
    ]
    return [(title, items) for title, items in found if items]


def _outcome(document: Document) -> Page:
    waves = _waves(document)
    entries = [_ended(one, waves) for status in _PAST for one in document["actions"] if _is(one, status)]
    return Page(
        _titled("Apply", document),
        values.outcome_line(document),
        any(_is(action, "failed") or _is(action, "stale") for action in document["actions"])
        or bool(document.get("refusals") or document.get("errors")),
        document["environment"],
        _named(document),
        _alerts(document),
        entries,
        [(title, some) for title, some in (("Left out", values.left_out_lines(document)),) if some],
        drawing=drawing(document),
        rollouts=rollouts.lines(document),
        waves=list(rollouts.waves(document)),
    )


def _is(action: Document, status: str) -> bool:
    return bool(action["status"] == status)


def _ended(action: Document, waves: Mapping[str, str]) -> Entry:
    said = [action["error"], values.unfinished(action), action["hint"] and f"hint: {action['hint']}"]
    said += [f"in doubt: {values.DOUBT}"] if action["doubtful"] else []
    if action["kept"]:
        said += [f"the draft that was there is kept: {action['kept']}", f"bring it back: {action['restore']}"]
    lines = [one for one in said if one]
    step = _step(action, action["reason"], {}, 0, lines)
    address, status = action["address"], action["status"]
    title = f"{status}: {action['verb']} {address}"
    causes = _causes([action])
    bad = status in ("failed", "stale")
    through = [waves[address]] if address in waves else []
    return Entry(
        status, title, _kind(address), [address], [step], [action["verb"], status], causes, through, bad
    )


def _drift(document: Document) -> Page:
    entries = [_drift_entry(group) for group in drift_groups(document["drift"])]
    for one in document.get("missing", ()):
        step = Step("missing", values.missing_line(one), (), [one["told"]] if one.get("told") else ())
        address = one["address"]
        entries.append(Entry("delete", address, _kind(address), [address], [step], ["missing"]))
    lists = [
        ("Managed by nobody", values.unmanaged_lines(document)),
        ("Owned, but in no manifest", values.left_orphans(document)),
        ("Notes", values.note_lines(document)),
    ]
    sure = any(one.get("certain", True) for one in document["drift"]) or bool(document.get("missing"))
    return Page(
        _titled("Drift", document),
        values.drift_line(document),
        sure or bool(document.get("errors")),
        document["environment"],
        _named(document),
        _alerts(document),
        entries,
        [(title, items) for title, items in lists if items],
        sides=("as it was applied", "in the tenant"),
    )


def _drift_entry(group: Group) -> Entry:
    fields, hunks = [], []
    for one in group.entries:
        path, applied, live, why = one["path"], one["applied"], one["live"], _WHY[one["cause"]]
        if is_long(path, applied, live):
            hunks.append(hunk(path, applied, live, why))
        else:
            fields.append(Field(values.readable_path(path), *values.pair(applied, live, values.LONG), why))
    step = Step("drift", "not as last applied", fields, (), joined(hunks))
    causes = sorted({_WHY[one["cause"]] for one in group.entries})
    return Entry(
        "update", _title(group), _kind(group.addresses[0]), group.addresses, [step], ["drift"], causes,
        who=_who(group, group.entries),
    )  # fmt: skip


def _who(group: Group, drifts: Iterable[Document]) -> str:
    """Who changed a resource, and when; of several alike that is told of none."""
    return values.touched_line(drifts) if len(group.addresses) == 1 else ""


def _inventory(document: Document) -> Page:
    entries = []
    for row in document["resources"]:
        owner = f", of {row['owner']}" if row["owner"] else ""
        step = Step(row["status"], f"{row['name']}{owner}", (), [row["id"]] if row["id"] else ())
        address = row["address"]
        entries.append(Entry(row["status"], address, row["kind"], [address], [step], [row["status"]]))
    return Page(
        _titled("Inventory", document),
        inventory.line(document),
        bool(document.get("errors")),
        document["environment"],
        _named(document),
        _alerts(document),
        entries,
    )


def _test(document: Document) -> Page:
    entries = []
    for run in document["tests"]:
        logs = [f"{log['severity']} {log['message']}" for log in run["logs"] or ()]
        verb, reason = (
            ("failed", "; ".join(run["problems"])) if run["problems"] else ("passed", "as expected")
        )
        steps = [Step(verb, reason, (), [f"{run['seconds']:.1f} s", *logs])]
        address = document["address"]
        entries.append(
            Entry(verb, run["flow"], _kind(address), [address], steps, [verb], is_open=verb == "failed")
        )
    counts = document["summary"]
    return Page(
        f"Tests of {document['address']} in {document['environment']}",
        f"{counts['passed']:,} passed, {counts['failed']:,} failed.",
        bool(counts["failed"] or document.get("errors")),
        document["environment"],
        _named(document),
        _alerts(document),
        entries,
    )


def _rehearsal(document: Document) -> Page:
    failed = [
        Alert("failed", one["error"] or one["status"], [one["id"]], one["hint"] or "")
        for one in document["failures"]
    ]
    left = f"still to do: {', '.join(document['left'])}"
    return Page(
        _titled("Rehearsal", document),
        "It converges: planned again, there is nothing to do." if document["converges"] else left,
        not document["succeeds"],
        document["environment"],
        _named(document),
        [*failed, *_alerts(document)],
        _planned(document["plan"]),
        drawing=drawing(document["plan"]),
        rollouts=rollouts.lines(document["plan"]),
        waves=list(rollouts.waves(document["plan"])),
    )


def _errors(document: Document) -> Page:
    number = len(document.get("errors", ()))
    return Page("Errors", f"{values.count(number, 'error')}.", bool(number), alerts=_alerts(document))


def _told(kind: str, document: Document) -> Page:
    said = facts(kind, document)
    rows = [[cell(row.get(name)) for name in said.columns] for row in said.rows]
    bad = bool(document.get("errors"))
    alerts = _alerts(document)
    return Page(said.title, said.line, bad, "", said.named, alerts, columns=said.columns, rows=rows)


_PAGES: Mapping[str, Callable[[Document], Page]] = {
    "plan": _plan,
    "outcome": _outcome,
    "drift": _drift,
    "inventory": _inventory,
    "test": _test,
    "rehearsal": _rehearsal,
    "errors": _errors,
    "abreast": abreast_page,
}


def _titled(what: str, document: Document) -> str:
    return f"{what} of {document['project']} in {document['environment']}"


def _named(document: Document) -> dict[str, str]:
    found = {"made": document.get("createdAt"), "tenant": document.get("tenant")}
    found |= {"checksum": document.get("checksum"), "lease": values.lease_line(document)}
    found |= {"not shown": unproven.why(document)}
    return {name: str(value) for name, value in found.items() if value}


def _alerts(document: Document) -> list[Alert]:
    """What stands against it first."""
    # A run of the past only counts its actions.
    waiting = values.waiting_line(document) if isinstance(document.get("actions"), list) else ""
    return [
        *_entries("error", values.findings(document.get("errors", ()))),
        *_entries("refused", values.refusals(document)),
        *([Alert("waits", waiting)] if waiting else []),
        *_entries("warning", values.findings(document.get("warnings", ()))),
    ]


def _entries(level: str, entries: Iterable[Document]) -> Iterable[Alert]:
    for one in entries:
        where = [*str(one["places"]).split(", "), *str(one["address"]).split(", ")]
        yield Alert(level, one["message"], [place for place in where if place], one.get("hint") or "")


def _grouped(group: Group, waves: Mapping[str, str], drifts: Mapping[str, Sequence[Document]]) -> Entry:
    fate = values.fate(group.entries)
    steps = []
    for number, action in enumerate(group.entries):
        reasons = group.differing.get((number, ""))
        reason = f"for {reasons:,} reasons, such as: {action['reason']}" if reasons else action["reason"]
        steps.append(_step(action, reason, group.differing, number))
    verbs = list(dict.fromkeys(action["verb"] for action in group.entries))
    through = sorted({waves[address] for address in group.addresses if address in waves})
    causes = _causes(group.entries)
    first = group.addresses[0]
    return Entry(
        fate, _title(group), _kind(first), group.addresses, steps, verbs, causes, through, fate == "delete",
        _who(group, drifts.get(first, ())),
    )  # fmt: skip


def _step(
    action: Document,
    reason: str,
    differing: Mapping[tuple[int, str], int],
    number: int,
    lines: Sequence[str] = (),
) -> Step:
    fields, hunks = [], []
    for change in action["changes"]:
        path, before, after = change["path"], change["before"], change["after"]
        many = differing.get((number, path))
        notes = [f"{many:,} different, such as"] if many else []
        notes += [why] if (why := values.cause(change, action["verb"])) else []
        note = ", ".join(notes)
        if is_long(path, before, after):
            hunks.append(hunk(path, before, after, note))
            continue
        old, new = values.pair(before, after, values.LONG)
        fields.append(Field(values.readable_path(path), "" if before is None else old, new, note))
    return Step(action["verb"], reason, fields, lines, joined(hunks))


def _causes(actions: Iterable[Document]) -> list[str]:
    """Why fields differ; of what is new or goes away there is nothing to ask."""
    fields = [c for one in actions if one["verb"] not in ("create", "delete") for c in one["changes"]]
    return sorted({_WHY.get(change["cause"], change["cause"]) for change in fields})


def _waves(document: Document) -> dict[str, str]:
    return {
        address: f"wave {number:,}"
        for rollout in document.get("rollouts", ())
        for number, wave in enumerate(rollout["waves"], 1)
        for address in wave
    }


def _drifted(one: Document) -> str:
    applied, live = values.pair(one["applied"], one["live"])
    return f"{one['address']}: {values.readable_path(one['path'])}: applied {applied}, live {live}"


def _title(group: Group) -> str:
    return group.addresses[0] if len(group.addresses) == 1 else group.title


def _kind(address: str) -> str:
    return address.partition("/")[0]
