"""Environments side by side as a page: an entry for each resource, with a step for each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.report.abreast import NOT_KNOWN, cells, environment_line
from reconciler.report.html.parts import Alert, Entry, Page, Step

_ALIKE, _DIFFERS = "alike", "differs"


def abreast_page(document: Mapping[str, Any]) -> Page:
    """What a page shows of them."""
    columns = document["environments"]
    names = ", ".join(one["name"] for one in columns)
    silent = [one for one in columns if one["errors"]]
    said = [
        Alert("error", error["message"], [one["name"]], error["hint"])
        for one in silent
        for error in one["errors"]
    ]
    said += [Alert("note", note["message"], [one["name"]]) for one in columns for note in one["notes"]]
    counts = [environment_line(one) for one in columns if not one["errors"]]
    return Page(
        f"{document['project']} in {names}",
        f"{'; '.join(counts)}." if counts else "No environment answered.",
        bool(silent),
        named={"made": document["createdAt"]},
        alerts=said,
        entries=[_entry(address, some) for address, some in cells(document)],
    )


def _entry(address: str, some: Sequence[tuple[str, str, str, str, str]]) -> Entry:
    steps, verbs = [], []
    for name, release, runs, pending, drifted in some:
        told = [release, runs, pending and f"{pending} pending", drifted and f"{drifted} drifted"]
        steps.append(Step(name, "; ".join(one for one in told if one)))
        verbs += [word for word, there in (("pending", pending), ("drifted", drifted)) if there]
    known = {one[1:] for one in some if one[1] != NOT_KNOWN}  # without the environment's name
    fate = _ALIKE if len(known) < 2 and not verbs else _DIFFERS
    kind = address.partition("/")[0]
    return Entry(
        fate, address, kind, [address], steps, [fate, *dict.fromkeys(verbs)], is_open=fate == _DIFFERS,
        environments=[one[0] for one in some],
    )  # fmt: skip
