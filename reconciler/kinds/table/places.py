"""Where objects bear our mark and record: their labels, a header that goes along, or a description's end.

All are read and written by whoever may update the object, and neither changes what it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from reconciler.kinds.nodes import Odd
from reconciler.kinds.table.labels import people
from reconciler.kinds.table.marks import is_ours
from reconciler.kinds.table.row import Row, revealed, same
from reconciler.kinds.table.shape import LABELS as LABEL_TEXTS
from reconciler.kinds.table.shape import MAYBE_SECRET, Schema, by_name
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject

HEADER = "X-Reconciler"

Node = Mapping[str, Any]
"""An answer's object, before its rows read it."""
Values = dict[str, Any]
"""A mutation's input."""


def headers_read(value: object) -> dict[str, object]:
    """The API's JSON text as a map; {} where there is none. Raises Odd where it is something else."""
    try:
        parsed: object = json.loads(value) if isinstance(value, str) and value else value
    except ValueError:
        parsed = value
    if not parsed:
        return {}
    if not isinstance(parsed, Mapping):
        raise Odd("its headers are not a map")
    return dict(parsed)


def headers_sent(value: Mapping[str, object]) -> Secret:
    """A map as the API's JSON text. All of it is wrapped, since the client keeps only what is a Secret out of
    its messages.
    """
    text = json.dumps({key: revealed(inner) for key, inner in value.items()})
    return Secret(text, parts=tuple(t for v in value.values() if isinstance(v, Secret) for t in v.told()))


def headers(
    keys: Schema | None = None,
    read: Callable[[Any], object] = same,
    write: Callable[[Any], object] = same,
) -> Row:
    """The row of the headers that an object sends along."""
    return Row(
        "headers",
        by_name(MAYBE_SECRET, keys=keys),
        "Headers to send along, by name. Values may be secrets.",
        {"Authorization": {"secret": {"env": "OPS_TOKEN"}}},
        secret="always",
        read=read,
        write=write,
    )


MARKED_HEADERS = headers(
    {
        "pattern": f"^(?!{HEADER}$)",
        "errorMessage": f"must not be {HEADER}: that header holds the mark of ownership",
    }
)
"""The row of the headers where one of them is `Headers`."""


class Place(Protocol):
    """One such place."""

    def read(self, node: Node) -> tuple[Node, frozenset[str]]:
        """The answer's node without what is ours in it, and what was."""
        ...

    def write(self, values: Values, labels: Sequence[str], live: LiveObject | None) -> Values:
        """A mutation's values with ours put in; what people wrote there stays."""
        ...


LABELS = Row(
    "labels",
    LABEL_TEXTS,
    "Labels on the server. Prismatic writes them in lower case; those that begin with reconciler: are ours.",
    ["orders"],
    wire=list[str],
    form=people,
)
"""The row of an object's labels."""


class Labels:
    """The object's own labels, among which ours stand."""

    def read(self, node: Node) -> tuple[Node, frozenset[str]]:
        """The labels that people put there; and all of them, since labels that are sent replace all."""
        labels = frozenset(node.get("labels") or ())
        return {**node, "labels": people(labels)}, labels

    def write(self, values: Values, labels: Sequence[str], live: LiveObject | None) -> Values:
        """The whole list."""
        return {**values, "labels": list(labels)}


class Headers:
    """A header among those that the object sends along. The API takes and gives them as JSON text."""

    def read(self, node: Node) -> tuple[Node, frozenset[str]]:
        """`headers` as a map without our own."""
        headers = headers_read(node.get("headers"))
        named = [key for key in headers if key.lower() == HEADER.lower()]
        ours = next((key for key in named if any(map(is_ours, str(headers[key]).split()))), "")
        words = str(headers.pop(ours)).split() if ours else []
        return {**node, "headers": headers}, frozenset(word for word in words if is_ours(word))

    def write(self, values: Values, labels: Sequence[str], live: LiveObject | None) -> Values:
        """All headers as JSON text: those given, else those there."""
        kept = values.get("headers")
        if kept is None:
            kept = live.fields["headers"] if live else {}
        ours = {HEADER: " ".join(labels)} if labels else {}
        return {**values, "headers": headers_sent({**kept, **ours})}


class Description:
    """The last line of a description, until people write below it."""

    def read(self, node: Node) -> tuple[Node, frozenset[str]]:
        """The description without our line, wherever that stands by now."""
        lines = (node.get("description") or "").split("\n")
        for index in reversed(range(len(lines))):
            words = lines[index].split()
            if words and all(map(is_ours, words)):
                parts = ("\n".join(lines[:index]).rstrip(), "\n".join(lines[index + 1 :]).rstrip())
                return {**node, "description": "\n".join(filter(None, parts))}, frozenset(words)
        return node, frozenset()

    def write(self, values: Values, labels: Sequence[str], live: LiveObject | None) -> Values:
        """The description, given or there, with our line below it."""
        text = values.get("description")
        if text is None:
            text = live.fields["description"] if live else ""
        return {**values, "description": f"{text}\n\n{' '.join(labels)}".strip()}
