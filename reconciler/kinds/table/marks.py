"""The labels that are ours: the mark of ownership, the record of what was last applied, and the protection.

Labels are lower-cased by the platform and seen by customers, so a mark is lower case and holds neither a
secret nor a customer's name (api notes: "Labels and comments").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from reconciler.model.address import Address
from reconciler.model.state import LiveObject

PREFIX = "reconciler:"
RECORD = "reconciler-applied:"
PROTECT = "reconciler-protect"
"""Stands for `metadata.protect`, so that it holds when the manifest is gone."""
LIMIT = 64
_DIGITS = 8


def mark(project: str, address: Address) -> str:
    """The label that says that `project` owns the object: `reconciler:<project>/<kind>/<name>`.

    An instance's mark names the instance, not its customer. Longer than 64 characters, it is cut and
    closed with 8 hex digits of its digest.
    """
    return mark_named(project, address.kind, address.leaf)


@lru_cache(10_000)
def mark_named(project: str, kind: str, leaf: str) -> str:
    """The same by the last part of the name: one object for all instances of a set."""
    whole = f"{PREFIX}{project}/{kind}/{leaf}".lower()
    if len(whole) <= LIMIT:
        return whole
    return whole[: LIMIT - _DIGITS - 1] + "-" + hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]


def marks_in(labels: Iterable[str], kind: str = "") -> list[str]:
    """All marks among `labels`, whichever project's, sorted; with `kind` without those that name another
    one: people, and the web app, copy an integration's labels to its instances.
    """
    marks = [label for label in labels if label.startswith(PREFIX) and (not kind or _is_of(label, kind))]
    return sorted(marks) if len(marks) > 1 else marks


def marks_of(live: LiveObject) -> list[str]:
    """The marks by which an object is known: those that it wears, else the one that it remembers apart from
    its labels, which an import may clear.
    """
    return marks_in(live.labels, live.kind) or ([live.facts.mark] if live.facts.mark else [])


def is_protected(live: LiveObject) -> bool:
    """Whether the object remembers that it must not be deleted: in a label, or where its kind keeps that."""
    return PROTECT in live.labels or live.facts.protect


def is_ours(label: str) -> bool:
    """Whether a label belongs to this tool (any project's), rather than to people."""
    return label.startswith((PREFIX, RECORD)) or label == PROTECT


def project_of(label: str) -> str:
    """The project that a mark names."""
    return label.removeprefix(PREFIX).split("/", 1)[0]


@lru_cache(10_000)
def _is_of(label: str, kind: str) -> bool:
    """Whether a mark names this kind; one that was cut within the kind names all that begin so."""
    _, _, rest = label.removeprefix(PREFIX).partition("/")
    named, slash, _ = rest.partition("/")
    return named == kind.lower() if slash else kind.lower().startswith(named[: -_DIGITS - 1])


def owned_name(labels: Iterable[str], project: str, kind: str) -> str | None:
    """The last part of the name that this project's mark for this kind gives; None where there is no such
    mark. A mark that was cut cannot be read back: its text from the kind on is returned as it stands, or its
    digits alone where it was cut within the kind.
    """
    start = f"{PREFIX}{project}/{kind}/".lower()
    for label in marks_in(labels, kind):
        if label.startswith(start):
            return label[len(start) :]
        if project_of(label) == project.lower() and len(label) == LIMIT < len(start) + _DIGITS + 1:
            return label[-_DIGITS:]
    return None
