"""What a page is made of, as data: the template and nothing else decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from reconciler.report.html.drawing import Drawing
from reconciler.report.html.sides import Hunk
from reconciler.report.rollouts import Wave


class Alert(Struct, frozen=True):
    """What is refused, wrong, doubtful or only to be known."""

    level: str
    message: str
    where: Sequence[str] = ()
    hint: str = ""


class Field(Struct, frozen=True):
    """A field with its two values; `note` says why it differs, or how many values it has in a group."""

    path: str
    before: str
    after: str
    note: str = ""


class Step(Struct, frozen=True):
    """One thing that happens to a resource, and why. What is long stands side by side, in `hunks`."""

    verb: str
    reason: str
    fields: Sequence[Field] = ()
    lines: Sequence[str] = ()
    hunks: Sequence[Hunk] = ()


class Entry(Struct, frozen=True):
    """One resource, or several alike: what is searched and filtered. `who` changed it last, and when."""

    fate: str
    title: str
    kind: str
    addresses: Sequence[str]
    steps: Sequence[Step]
    verbs: Sequence[str]
    causes: Sequence[str] = ()
    waves: Sequence[str] = ()
    is_open: bool = False
    who: str = ""
    environments: Sequence[str] = ()


class Page(Struct, frozen=True):
    """All that stands on it. `sides` are the titles of the two columns of what stands side by side."""

    title: str
    line: str
    bad: bool = False
    environment: str = ""
    named: Mapping[str, str] = {}
    alerts: Sequence[Alert] = ()
    entries: Sequence[Entry] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    drawing: Drawing | None = None
    rollouts: Sequence[str] = ()
    waves: Sequence[Wave] = ()
    sides: tuple[str, str] = ("in the tenant", "in git")

    def choices(self, name: str) -> list[str]:
        """What entries can be filtered by; nothing where all are the same."""
        found = {value for entry in self.entries for value in _values(entry, name)}
        if name == "environment" and self.environment:
            return [self.environment]
        return sorted(found) if len(found) > 1 else []


def _values(entry: Entry, name: str) -> Sequence[str]:
    found = {"verb": entry.verbs, "kind": (entry.kind,), "cause": entry.causes, "wave": entry.waves}
    return {**found, "environment": entry.environments}[name]
