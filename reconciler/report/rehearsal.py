"""A rehearsal: the document, and the text and Markdown that are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console

from reconciler.model.few import few
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Requests
from reconciler.model.policy import CODES
from reconciler.model.rehearsal import Cut, Looks, Rehearsal, failed
from reconciler.model.secret import Secret
from reconciler.report import lines, values
from reconciler.report.document import dumps, outcome_document, plain, plan_document, refusal_document
from reconciler.report.sanitize import terminal

Document = dict[str, Any]

FORMAT = "reconciler.rehearsal/v1"
_NAMED = 5


def rehearsal_document(
    found: Rehearsal, *, created_at: str, rate: float, sent: Requests | None = None, diff: bool
) -> Document:
    """What came of a rehearsal as JSON; `diff` adds what each instance would look like. `rate` is the
    environment's, in requests a second.
    """
    reads = found.sent - found.writes
    return {
        "format": FORMAT,
        "project": found.plan.project,
        "environment": found.plan.environment,
        "createdAt": created_at,
        "tenant": found.tenant,
        "takenAt": found.taken_at,
        "source": "snapshot" if found.from_file else "live",
        "rules": dict(found.rules),
        "succeeds": found.succeeds,
        "converges": found.converges,
        "requests": {
            "read": reads,
            "write": found.writes,
            "seconds": round(found.sent / rate, 1) if rate > 0 else 0.0,
        },
        "failures": _failures(found.outcome),
        "refusals": [refusal_document(one) for one in found.refused],
        "left": [action.id for action in found.again.actions],
        "plan": plan_document(found.plan, created_at=created_at, rate=rate, sent=sent),
        "outcome": outcome_document(found.outcome, created_at=created_at),
        **({"instances": [_look(one) for one in found.looks]} if diff else {}),
        **({"faults": _faults(found)} if found.cuts else {}),
    }


def _failures(outcome: Outcome) -> list[Document]:
    return [
        {
            "id": one.action.id,
            "address": str(one.action.address),
            "status": one.status.value,
            "error": one.error,
            "hint": one.hint,
        }
        for one in failed(outcome)
    ]


def _look(one: Looks) -> Document:
    before, after = (str(v) if isinstance(v, Secret) else v for v in (one.before, one.after))
    return {
        "address": str(one.address),
        "path": one.path,
        "before": plain(before),
        "after": plain(after),
    }


def _faults(found: Rehearsal) -> Document:
    runs = [_cut(one) for one in found.cuts]
    worst = max(range(len(runs)), key=lambda index: _badness(runs[index]))
    return {"seed": found.seed, "worst": worst, "runs": runs}


def _badness(run: Mapping[str, Any]) -> tuple[bool, int]:
    return not run["converges"], len(run["left"])


def _cut(one: Cut) -> Document:
    return {
        "mutation": one.at,
        "operation": one.operation,
        "moment": "after" if one.after else "before",
        "left": [action.id for action in one.left.actions],
        "converges": one.converges,
        "failures": _failures(one.outcome),
        "afterwards": [action.id for action in one.again.actions],
    }


def _text(console: Console, document: Document) -> None:
    for kind, line in _told(document):
        indent = {"head": 0, "end": 0, "item": 2, "sub": 4}[kind]
        style = "bold" if kind == "end" else ""
        lines.write(console, indent, (line, style))
    if document.get("instances"):
        lines.blank(console)
    for address, looks in values.by_address(document.get("instances", ())).items():
        lines.write(console, 2, (terminal(address), "bold"))
        for one in looks:
            lines.write(console, 4, _difference(one))


def _markdown(console: Console, document: Document) -> None:
    out = ["### Rehearsal" + ("" if document["succeeds"] else ": not as it should be")]
    found = document.get("errors", ())
    out += ["", *(f"- ⛔ {_quoted(one['message'])}" for one in found)] if found else []
    listed = False
    for kind, line in _told(document):
        is_item = kind in _MARKS
        out += [*([] if is_item and listed else [""]), f"{_MARKS.get(kind, '')}{_quoted(line)}"]
        listed = is_item
    for address, looks in values.by_address(document.get("instances", ())).items():
        out += ["", f"**{_quoted(address)}**", "", *(f"- {_quoted(_difference(one))}" for one in looks)]
    console.out("\n".join(out)[:_LONGEST], highlight=False)


_LONGEST = 65_000
_MARKS = {"item": "- ", "sub": "  - "}


def _quoted(line: str) -> str:
    """A line in which nothing is taken for Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in terminal(line))


def _told(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The lines, and of which sort each is."""
    source = "the snapshot" if document["source"] == "snapshot" else "the tenant"
    requests = document["requests"]
    number = values.count(document["plan"]["summary"]["actions"], "action")
    sent = values.count(requests["read"] + requests["write"], "request")
    mutations = f"{requests['write']:,} of them mutations"
    cost = f"{sent}, {mutations}, {requests['seconds']:g} s at the environment's rate"
    ruled = f", with {values.count(len(document['rules']), 'rule')} of its own" if document["rules"] else ""
    yield "head", f"On a copy of {source} as of {document['takenAt']}{ruled}: {number}, {cost}."
    for one in document["failures"]:
        yield "item", terminal(f"{one['status']}: {one['id']}: {one['error']}")
        if one["hint"]:
            yield "sub", terminal(f"hint: {one['hint']}")
    for one in document["refusals"]:
        yield "item", terminal(f"refused: {one['address'] or 'the plan'}: {one['message']}")
    for one in document["plan"]["warnings"] + document["plan"]["notes"]:
        if one["code"] in CODES:
            yield "item", terminal(f"{one['address'] or 'the plan'}: {one['message']}")
    if faults := document.get("faults"):
        yield from _killed(faults)
    if document["converges"]:
        yield "end", "It converges: planned again, there is nothing to do."
    else:
        yield (
            "end",
            f"It does not converge: planned again, there is still to do: {_listed(document['left'])}.",
        )


def _killed(faults: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    runs, worst = faults["runs"], faults["runs"][faults["worst"]]
    well = sum(run["converges"] for run in runs)
    times = "once" if len(runs) == 1 else f"{len(runs):,} times"
    yield (
        "head",
        f"Killed {times} (seed {faults['seed']}): {well:,} of {len(runs):,} converged in the next run.",
    )
    where = f"{worst['moment']} mutation {worst['mutation']} ({worst['operation']})"
    yield "item", terminal(f"at worst, {where}, there was left: {_listed(worst['left'])}")
    for run in runs:
        for one in run["failures"]:
            yield "item", terminal(f"then {one['status']}: {one['id']}: {one['error']}")
        if run["afterwards"]:
            yield "item", terminal(f"still to do after that: {_listed(run['afterwards'])}")


def _listed(ids: list[str]) -> str:
    """A few of some actions by their ids, and how many they are."""
    if not ids:
        return "nothing"
    return f"{values.count(len(ids), 'action')} ({few(ids, _NAMED)})"


def _difference(one: Mapping[str, Any]) -> str:
    before, after = values.pair(one["before"], one["after"])
    said = after if one["before"] is None else f"{before} → {after}"
    return f"{values.readable_path(one['path'])}: {said}"


def _json(console: Console, document: Document) -> None:
    console.out(dumps(document), highlight=False)


FORMATS: Mapping[str, Callable[[Console, Document], None]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}
