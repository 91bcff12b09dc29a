"""What travels: the request's bytes, with secrets revealed at this last moment, and the answer's bytes.

Secrets are revealed here and nowhere earlier, so the same walk knows each of them exactly and can keep
them out of the messages in which a server repeats what it was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from reconciler.model.secret import SHORT, SHOWN, Sealed, Secret

# Validation quotes the offending value, whatever it holds, and some reasons quote it once more. Greedy, so
# that nothing in the value can end it early (graphql-core: execution/values.py, type/scalars.py).
_REASONS = r"; (?:Expected|Field|Unspecified|Exactly|\w+ cannot represent)"
_QUOTED_VALUE = re.compile(rf"got invalid value\s(?:.*(?={_REASONS})|.*)", re.DOTALL)
_REPEATED_VALUE = re.compile(r"(cannot represent [\w -]{0,60}value):.*", re.DOTALL)
_NOT_SHOWN = "(not shown)"
_WITHHELD = "(message withheld: it repeats a secret)"
_PART = 16
_PLAIN = {str, int, float, bool, type(None)}


N = TypeVar("N")


class Envelope(msgspec.Struct, frozen=True):
    """A GraphQL answer; a key that is absent is UNSET, so that `{}` is not taken for an answer."""

    data: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    errors: list[Any] | msgspec.UnsetType | None = msgspec.UNSET


class _Sheaf(msgspec.Struct, frozen=True):
    """The same answer to several queries, of which each part is still as it came."""

    data: dict[str, msgspec.Raw] | None
    errors: list[Any] | None = None


class Fault(Struct, frozen=True):
    """One entry of an answer's top-level `errors`. `line` and `column` are 0 where the server gives none."""

    message: str
    path: tuple[str | int, ...] | None = None
    line: int = 0
    column: int = 0


class Answer(Struct, frozen=True):
    """A usable answer: its body parsed and is a GraphQL envelope."""

    status: int
    envelope: Envelope
    body: bytes = b""
    """As it came; empty where it came along with others."""

    @property
    def content(self) -> dict[str, Any]:
        """What the body says, as far as it belongs to GraphQL."""
        data = self.envelope.data
        data = {name: opened(one) for name, one in data.items()} if isinstance(data, dict) else data
        parts = {"data": data, "errors": self.envelope.errors}
        return {name: part for name, part in parts.items() if not isinstance(part, msgspec.UnsetType)}

    @property
    def data(self) -> dict[str, Any] | None:
        """The `data` mapping, None where it is null or absent."""
        data = self.envelope.data
        return None if isinstance(data, msgspec.UnsetType) else data

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The top-level errors, empty where there are none."""
        errors = self.envelope.errors
        return () if isinstance(errors, msgspec.UnsetType) or not errors else tuple(map(_fault, errors))


_decoder = msgspec.json.Decoder(Envelope)
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_sheaf_decoder = msgspec.json.Decoder(_Sheaf)


def decode(status: int, body: bytes) -> Answer | None:
    """The answer in a body of any status; None if it is no GraphQL answer (transport.md, section 2)."""
    try:
        envelope = _decoder.decode(body)
    except UNREADABLE:
        return None
    if envelope.data is msgspec.UNSET and not isinstance(envelope.errors, list):
        return None
    return Answer(status, envelope, body)


def decode_sheaf(status: int, body: bytes) -> Answer | None:
    """The answer to several queries at once. Where all went well each part of it stays closed, until whoever
    asked opens it: fifty pages of a list take ten times the room of their bytes.
    """
    try:
        sheaf = _sheaf_decoder.decode(body)
    except UNREADABLE:
        return decode(status, body)
    if status != 200 or sheaf.errors or not sheaf.data:
        return decode(status, body)
    return Answer(status, Envelope(dict(sheaf.data)), body)


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a list goes on, and where."""

    has_next_page: bool
    end_cursor: str | None = None


class Connection(msgspec.Struct, Generic[N], frozen=True, rename="camel"):
    """A page of a list whose nodes are of a type."""

    nodes: list[N | None]
    total_count: int
    page_info: PageInfo


@cache
def _connection(node: type[msgspec.Struct]) -> msgspec.json.Decoder[Connection[Any]]:
    return msgspec.json.Decoder(Connection[node])  # type: ignore[valid-type]


def opened(value: Any, node: type[msgspec.Struct] | None = None) -> Any:
    """A part of an answer as what it says; of a list, a Connection where all nodes are of the type `node`.
    Raises one of UNREADABLE where what was closed says nothing.
    """
    if not isinstance(value, msgspec.Raw):
        return value
    if node is not None:
        with suppress(msgspec.ValidationError):
            return _connection(node).decode(value)
    return msgspec.json.decode(value)


def _fault(entry: Any) -> Fault:
    if not isinstance(entry, Mapping):
        return Fault(str(entry))
    path = entry.get("path")
    locations = entry.get("locations")
    place = locations[0] if isinstance(locations, list) and locations else {}
    place = place if isinstance(place, Mapping) else {}
    line, column = place.get("line"), place.get("column")
    return Fault(
        message=str(entry.get("message") or "an error without a message"),
        path=tuple(path) if isinstance(path, list) else None,
        line=line if isinstance(line, int) else 0,
        column=column if isinstance(column, int) else 0,
    )


def encode(document: str, variables: Mapping[str, Any]) -> bytes:
    """The request's body, secrets revealed. Raises TypeError for a value that JSON has no form for."""
    return msgspec.json.encode({"query": document, "variables": _revealed(variables)})


def _revealed(value: Any) -> Any:
    # msgspec would take the dataclass Secret apart by itself, so the walk comes first.
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Sealed):
        raise TypeError("a secret that was not read cannot be sent")
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a variable of type {type(value).__name__} cannot be sent")


def _secrets(value: Any) -> Iterable[str]:
    if isinstance(value, Secret):
        yield from value.told()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item)


def clean(message: str, variables: Mapping[str, Any]) -> str:
    """One message of a server, without the variables' secrets and without the values it quotes."""
    message = _REPEATED_VALUE.sub(rf"\1: {_NOT_SHOWN}", message)
    message = _QUOTED_VALUE.sub(f"got invalid value {_NOT_SHOWN}", message)
    for secret in sorted(set(_secrets(variables)), key=lambda text: (-len(text), text)):
        for form in _forms(secret):
            if form in message and len(form) < SHORT:
                return _WITHHELD
            message = message.replace(form, SHOWN)
        # Servers also cut what they repeat; a recognisable part of a secret is as bad as all of it.
        if len(secret) > _PART and (secret[:_PART] in message or secret[-_PART:] in message):
            return _WITHHELD
    return message


def _forms(secret: str) -> list[str]:
    """The spellings in which a secret may be repeated: as it is, in JSON, as Python prints it."""
    spellings = (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    )
    return list(dict.fromkeys(form for form in spellings if form))
