"""Words for a document's values, changes and counts, shared by the formats that people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.few import few
from reconciler.report.sanitize import terminal

SHORT = 60
LONG = 2_000
_MANY = 4
_CONTEXT = 16
_SPLIT_SECOND = re.compile(r"(?<=:\d\d)\.\d+")
# The words that stand for values; they are shown bare, as nobody's text.
_WORDS = re.compile(
    r"\((?:secret|not shown: it may be a secret|known after apply|definition|digest only|not recorded)\)"
    r"(?: sha256:[0-9a-f]+)?\Z"
)

CAUSES = {
    "drift": "changed in the tenant",
    "both": "changed in git and in the tenant",
    "unknown": "no record of what was applied",
}


def show(value: Any) -> str:
    """A value on one line: text in quotes, collections as JSON, placeholders bare."""
    if value is None:
        return "(none)"
    if isinstance(value, str) and _WORDS.match(value):
        return value
    return terminal(json.dumps(value, ensure_ascii=False))


def shorten(text: str, limit: int = SHORT) -> str:
    """`text`, cut in its end where it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def pair(before: Any, after: Any, limit: int = SHORT) -> tuple[str, str]:
    """Both values on one line each, cut to `limit` so that the place where they begin to differ is seen."""
    one, two = show(before), show(after)
    if max(len(one), len(two)) <= limit:
        return one, two
    same = next(
        (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )
    start = max(0, same - _CONTEXT)
    # A cut in front is worth it only where the difference would not be seen without it.
    if start + 2 * _CONTEXT <= limit:
        return shorten(one, limit), shorten(two, limit)
    return shorten(f"…{one[start:]}", limit), shorten(f"…{two[start:]}", limit)


def readable_path(path: str) -> str:
    """A field's path; one inside a definition as a trail: `definition › flows[A] › steps[B] › inputs.x`."""
    trail = path.replace("definition.", "definition › ", 1) if path.startswith("definition.") else path
    return terminal(re.sub(r"\]\.", "] › ", trail))


def cause(change: Mapping[str, Any], verb: str) -> str:
    """Why a field differs, in words, where there is more to say than that git changed."""
    return "" if verb in ("create", "delete") else CAUSES.get(str(change.get("cause")), "")


def place(entry: Mapping[str, Any]) -> str:
    """`file:line:column` of an entry, as far as it is known."""
    if not entry.get("file"):
        return ""
    numbers = [str(entry[name]) for name in ("line", "column") if entry.get("line") and entry.get(name)]
    return terminal(":".join([str(entry["file"]), *numbers]))


def count(number: int, noun: str) -> str:
    """`1 action`, `2,000 actions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def findings(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries of which some say the same of several resources or places: these as one, with the first of
    both, and how many there are besides.
    """
    return [
        {**some[0], "address": few(_addresses(some)), "places": _places(some)} for some in _alike(entries)
    ]


def refusals(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a document tells to be refused, each reason once, with every address that it is about."""
    found = _alike(document.get("refusals", ()))
    return [{**some[0], "address": ", ".join(_addresses(some)), "places": _places(some)} for some in found]


def _alike(entries: Iterable[Mapping[str, Any]]) -> Iterable[Sequence[Mapping[str, Any]]]:
    alike: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        said = (entry.get("code"), entry["message"], entry.get("hint"))
        alike.setdefault(said, []).append(entry)
    return alike.values()


def _addresses(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(one["address"] for one in entries if one.get("address")))


def _places(entries: Sequence[Mapping[str, Any]]) -> str:
    return few(list(dict.fromkeys(shown for one in entries if (shown := place(one)))))


def by_address(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Entries by their address, in the order in which the addresses first appear."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(str(entry["address"]), []).append(entry)
    return groups


def fate(actions: Sequence[Mapping[str, Any]]) -> str:
    """What happens to a resource by all its actions: create, delete, adopt, forget, test, or else update."""
    verbs = {str(action["verb"]) for action in actions}
    for verb in ("create", "delete"):
        if verb in verbs:
            return verb
    return verbs.pop() if verbs in ({"adopt"}, {"forget"}, {"test"}) else "update"


def fates(document: Mapping[str, Any]) -> dict[str, int]:
    """How many resources a plan creates, updates, deletes, adopts, forgets and tests."""
    found = dict.fromkeys(("create", "update", "delete", "adopt", "forget", "test"), 0)
    for actions in by_address(document["actions"]).values():
        found[fate(actions)] += 1
    return found


def left_out_lines(document: Mapping[str, Any]) -> list[str]:
    """What nothing is done of, since something else is excluded, refused or was not selected."""
    alike: dict[str, list[str]] = {}
    for one in document.get("leftOut", ()):
        alike.setdefault(one["reason"], []).append(one["address"])
    return [
        line
        for reason, some in alike.items()
        for line in (
            [f"{address}, which {reason}" for address in some]
            if len(some) < _MANY
            else [f"{len(some):,} resources, of which each {reason}: {few(some)}"]
        )
    ]


def left_orphans(document: Mapping[str, Any]) -> list[str]:
    """The orphans that stay, since the plan does not delete them."""
    deleted = {one["address"] for one in document.get("actions", ()) if one["verb"] == "delete"}
    return [address for address in document.get("orphans", ()) if address not in deleted]


NOTHING = "No changes. The tenant matches the manifests."
NOT_NEEDED = "Nothing was to be done."


def plan_line(document: Mapping[str, Any]) -> str:
    """The plan in one line."""
    refused, left = _refused(document), len(document.get("leftOut", ()))
    if not document["actions"]:
        if refused:
            waits = f", and {count(left, 'resource')} left out" if left else ""
            return f"Nothing can be done: {count(refused, 'resource')} refused{waits}."
        same = f"No changes; {count(left, 'resource')} left out." if left else _same(document)
        return "" if document.get("refusals") else same
    found = fates(document)
    parts = [f"{found[fate]:,} to {fate}" for fate in ("create", "update", "delete")]
    parts += [f"{found[fate]:,} to {fate}" for fate in ("adopt", "forget", "test") if found[fate]]
    beside = [f"{document['summary'].get('unchanged', 0):,} unchanged"]
    beside += [f"{refused:,} refused"] if refused else []
    return f"Plan: {', '.join(parts)}; {', '.join(beside)}."


def _same(document: Mapping[str, Any]) -> str:
    """That nothing differs, of what was compared."""
    part = _compared(document)
    return f"No changes. {part} matches the manifests." if part else NOTHING


def _compared(document: Mapping[str, Any]) -> str:
    """What was compared, where that was not all."""
    options = document.get("options", {})
    if options.get("select"):
        return "What was selected"
    if options.get("shard"):
        return f"Shard {options['shard']}"
    return "All but what was excluded" if options.get("exclude") else ""


def _refused(document: Mapping[str, Any]) -> int:
    """How many resources are refused; none where that is all of it."""
    refusals = () if document.get("refused") else document.get("refusals", ())
    return len({one["address"] for one in refusals})


def waiting_line(document: Mapping[str, Any]) -> str:
    """That deletions wait for what is refused; empty where there are none, or nothing is refused."""
    deletions = sum(one["verb"] == "delete" for one in document["actions"])
    if not deletions or not _refused(document):
        return ""
    return (
        f"Nothing is deleted beside a refusal: {count(deletions, 'deletion')} will be skipped. "
        "To go on without what is refused, give --exclude ADDRESS."
    )


def lease_line(document: Mapping[str, Any]) -> str:
    """Who works on the tenant while the plan is made, in one line; empty where nobody does."""
    lease = document.get("lease")
    if not lease:
        return ""
    holder = terminal(lease["holder"])
    why = f" ({terminal(lease['reason'])})" if lease["reason"] else ""
    if lease["expired"]:
        return f"{holder} left a lease that ran out at {lease['until']}{why}: apply takes it over."
    if not lease["until"]:
        return f"{holder} has the lease on this tenant: apply would be refused."
    span = f"since {lease['since']}, until {lease['until']}"
    return f"{holder} works on this tenant {span}{why}: apply would be refused."


def note_lines(document: Mapping[str, Any]) -> list[str]:
    """What is to be known, one a line."""
    alike: dict[str, list[str]] = {}
    for one in document.get("notes", ()):
        alike.setdefault(one["message"], []).append(one["address"])
    found = []
    for message, some in alike.items():
        if len(some) < _MANY:
            found += [f"{address}: {message}" if address else message for address in some]
        else:
            found.append(f"{len(some):,} times: {message} ({few([one for one in some if one])})")
    return [terminal(line) for line in found]


def outcome_line(document: Mapping[str, Any]) -> str:
    """The outcome in one line."""
    summary = document["summary"]
    refused = _refused(document)
    if not summary["actions"]:
        return f"Nothing was done: {count(refused, 'resource')} refused." if refused else NOT_NEEDED
    parts = [f"{summary[status]:,} {status}" for status in ("done", "failed", "stale", "skipped")]
    parts += [f"{refused:,} refused"]
    kept = [part for part in parts if not part.startswith("0 ")]
    stopped = "Interrupted" if document.get("interrupted") else "Apply"
    took = f" in {document['seconds']:.1f} s" if document.get("seconds") else ""
    doubt = f" ({summary['doubtful']:,} in doubt)" if summary.get("doubtful") else ""
    return f"{stopped}: {', '.join(kept)}{doubt}{took}."


def is_told(action: Mapping[str, Any]) -> bool:
    """Whether the end of an action is told also where one asks for no details."""
    return action["status"] != "done" or bool(action["kept"]) or bool(action.get("unplanned"))


def next_line(document: Mapping[str, Any]) -> str:
    """What to do after a run that did not do everything; empty where it did."""
    ends = {action["status"] for action in document["actions"]}
    if ends <= {"done"} and not document.get("refusals"):
        return ""
    failed = any(one["status"] == "failed" and not one["doubtful"] for one in document["actions"])
    bad = [*(["failed"] if failed else []), *(["is refused"] if document.get("refusals") else [])]
    first = f"Mend what {' or '.join(bad)}, then run apply again" if bad else "Run apply again"
    return f"{first}: it looks first at what is there, and goes on from that."


def unfinished(action: Mapping[str, Any]) -> str:
    """Why an action was not begun, or not ended, in words; empty where its error says all."""
    if action["because"] == "interrupted":
        return "stopped while it was under way" if action["doubtful"] else "not begun: interrupted"
    return f"because of {action['because']}" if action["because"] else ""


DOUBT = "no answer came: it may have been carried out"


def unseen(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The warnings that a comparison did not see everything; those about the manifests are the plan's."""
    codes = ("unread", "unreadable", "selects-nothing", "excludes-nothing")
    return [one for one in document.get("warnings", ()) if one["code"] in codes]


def touched_line(drifts: Iterable[Mapping[str, Any]]) -> str:
    """When an object that drifted was changed, and by whom, in the tenant's own words; empty where nobody
    asked.
    """
    told = next((one for one in drifts if "who" in one), None)
    if told is None:
        return ""
    if not told["updatedAt"]:
        return "when it was changed, and by whom, is not known"
    when = f"changed {_SPLIT_SECOND.sub('', told['updatedAt'])}"
    said = [_quoted(one) for one in told["activities"]]
    if not said:
        return f"{when}; by whom is not known"
    perhaps = "perhaps " if told["who"] == "perhaps" else ""
    return f"{when}; the tenant's log: {perhaps}{' or '.join(said)}"


def _quoted(activity: Mapping[str, Any]) -> str:
    """A sentence of the log, with who is named beside it where the sentence does not say so."""
    sentence, who = str(activity["sentence"]).removesuffix("."), activity["who"]
    return f"“{sentence}”" if not who or who in sentence else f"“{sentence}” ({who})"


def drift_line(document: Mapping[str, Any]) -> str:
    """The drift in one line."""
    sure = [one for one in document["drift"] if one.get("certain", True)]
    open_, gone = len(document["drift"]) - len(sure), len(document.get("missing", ()))
    parts = []
    if sure:
        resources = count(len({one["address"] for one in sure}), "resource")
        parts.append(f"{count(len(sure), 'field')} of {resources} not as last applied")
    if gone:
        parts.append(f"{count(gone, 'resource')} missing")
    doubt = f"of {count(open_, 'field')} nobody can tell who changed {'it' if open_ == 1 else 'them'}"
    if parts:
        return f"Drift: {', '.join(parts)}{f'; {doubt}' if open_ else ''}."
    return f"No known drift; {doubt}." if open_ else _no_drift(document)


def _no_drift(document: Mapping[str, Any]) -> str:
    return f"No drift. {_compared(document) or 'The tenant'} is as it was last applied."


def missing_line(missing: Mapping[str, Any]) -> str:
    """That a resource is missing, and what became of it where that is known."""
    return f"missing, {missing['why']}" if missing.get("why") else "missing"


def missing_text(missing: Mapping[str, Any]) -> str:
    """The same, with what tells so on a line below."""
    return "\n".join(part for part in (missing_line(missing), missing.get("told")) if part)


def unmanaged_line(document: Mapping[str, Any]) -> str:
    """How much nobody manages, in one line, where it is not listed; empty where that is nothing."""
    number = document["summary"].get("unmanaged", 0)
    if not number or "unmanaged" in document:
        return ""
    return f"Nobody manages {count(number, 'object')}: --unmanaged lists them, and those of other kinds."


def unmanaged_lines(document: Mapping[str, Any]) -> list[str]:
    """What nobody manages: what its address could be, and its id."""
    return [f"{one['address']}  {one['id']}" for one in document.get("unmanaged", ())]
