"""Several documents of one kind as one, in the form of a single run's, so that every format can show it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.digest import sha256
from reconciler.model.outcome import Status
from reconciler.model.plan import Cause

Document = dict[str, Any]

OWN = ("actions", "drift", "missing", "leftOut", "matches", "undecided")
"""The lists in which an address belongs to one document alone."""
_SHARED = (
    "unmanaged",
    "warnings",
    "refusals",
    "notes",
    "consequences",
    "orphans",
    "rollouts",
    "errors",
)
"""The lists in which several documents may tell the same: that stands there once."""
_DIGESTS = ("desired", "live", "checksum")
_FLAGS = ("refused", "interrupted")
_ACTION = {"reason": "", "dependsOn": [], "changes": []}
_ENDED = {"error": None, "hint": "", "because": None, "startedAt": None, "seconds": 0.0, "doubtful": False}
_FINDING = {"code": "", "address": "", "hint": ""}
# What the schemas leave open, and the formats go by.
_OPEN: Mapping[str, Mapping[str, Any]] = {
    "plan.actions": _ACTION,
    "outcome.actions": {**_ACTION, **_ENDED, "kept": None, "restore": None},
    "drift": {"cause": Cause.UNKNOWN.value},
    **dict.fromkeys(("warnings", "refusals", "notes"), _FINDING),
}


def merged(kind: str, documents: Sequence[Document]) -> Document:
    """One document of `documents`, which are of one kind, project and environment, and of which no two are
    about one address: the lists one after the other, the counts as sums, and what refuses, ends or fails one
    of them stands for all.
    """
    lists = {name: _joined(kind, name, documents) for name in (*OWN, *_SHARED) if _any_has(name, documents)}
    return {
        **{name: documents[0][name] for name in ("format", "project", "environment")},
        "createdAt": max(str(one.get("createdAt", "")) for one in documents),
        **{
            name: _digest([one.get(name, "") for one in documents])
            for name in _DIGESTS
            if _any_has(name, documents) or (name, kind) == ("checksum", "outcome")
        },
        **{name: any(one.get(name) for one in documents) for name in _FLAGS if _any_has(name, documents)},
        **_tenant(kind, documents),
        **_seconds(documents),
        "summary": _summary(kind, documents, lists),
        **_added("requests", documents),
        **lists,
        **_lease(documents),
        **_since(documents),
        **_options(documents),
    }


def _any_has(name: str, documents: Sequence[Document]) -> bool:
    return any(name in one for one in documents)


def _joined(kind: str, name: str, documents: Sequence[Document]) -> list[Any]:
    filled = _OPEN.get(f"{kind}.{name}") or _OPEN.get(name)
    found = [entry for one in documents for entry in one.get(name, ())]
    if name in _SHARED:
        found = list({json.dumps(entry, sort_keys=True): entry for entry in found}.values())
    return [{**filled, **entry} for entry in found] if filled else found


def _digest(digests: Sequence[str]) -> str:
    """The one that all have, or else one of them together."""
    return digests[0] if len(set(digests)) == 1 and digests[0] else f"sha256:{sha256(list(digests))}"


def _tenant(kind: str, documents: Sequence[Document]) -> Document:
    """Not of a plan: nobody takes it for a saved one then. What waits across its parts is not in it."""
    found = next((one["tenant"] for one in documents if "tenant" in one), "")
    return {"tenant": found} if found and kind != "plan" else {}


def _seconds(documents: Sequence[Document]) -> Document:
    return (
        {"seconds": round(total, 3)} if (total := sum(one.get("seconds") or 0 for one in documents)) else {}
    )


def _summary(kind: str, documents: Sequence[Document], lists: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The counts; of what several documents told alike, how much is left of it."""
    added = _sums(one.get("summary", {}) for one in documents)
    told = {name: len(lists[name]) for name in _SHARED if name in added and name in lists}
    return {**_counted(kind, lists), **added, **told}


def _counted(kind: str, lists: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """What a summary needs to have, by what is listed."""
    if kind != "outcome":
        return {}
    actions = lists.get("actions", ())
    ends = Counter(one["status"] for one in actions)
    return {"actions": len(actions), **{status.value: ends[status.value] for status in Status}}


def _added(name: str, documents: Sequence[Document]) -> Document:
    sums = _sums(one.get(name, {}) for one in documents)
    return {name: {part: round(number, 3) for part, number in sums.items()}} if sums else {}


def _sums(counts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in counts:
        for name, number in one.items():
            found[name] = found.get(name, 0) + number
    return found


def _lease(documents: Sequence[Document]) -> Document:
    """One that still holds, before one that ran out."""
    found = sorted(
        (one["lease"] for one in documents if one.get("lease")), key=lambda one: bool(one["expired"])
    )
    return {"lease": found[0]} if found else {}


def _since(documents: Sequence[Document]) -> Document:
    found = [one["since"] for one in documents if "since" in one]
    if not found:
        return {}
    parts = {
        name: {
            kind: [entry for one in found for entry in one.get(name, {}).get(kind, ())]
            for kind in ("drift", "missing")
        }
        for name in ("new", "mended", "remaining")
    }
    return {"since": {"createdAt": min(one["createdAt"] for one in found), **parts}}


def _options(documents: Sequence[Document]) -> Document:
    """What was compared: whatever one of them selected, but for what all excluded."""
    chosen = [one.get("options", {}) for one in documents]
    selects, excludes = ([one.get(name) or () for one in chosen] for name in ("select", "exclude"))
    select = list(dict.fromkeys(p for some in selects for p in some)) if all(selects) else []
    exclude = [pattern for pattern in excludes[0] if all(pattern in some for some in excludes)]
    found = {name: some for name, some in (("select", select), ("exclude", exclude)) if some}
    return {"options": found} if found else {}
