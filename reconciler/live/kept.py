"""What is kept of a read for the next one: objects as the tenant showed them, without secrets, in a file that
tells whether it is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct, structs

from reconciler.kinds.instance.config_values import UNTYPED, ValueType
from reconciler.live.redact import Places, Redaction, restored
from reconciler.live.stand_ins import Found, StandIns
from reconciler.model.stand_in import SIGN, stand_in
from reconciler.model.state import LiveObject

FORMAT = "reconciler.reads/v1"
_LINE = msgspec.json.Decoder(tuple[str, str, str, dict[str, Any] | None])


class Damaged(Exception):
    """The file is not as it was written, or not of this version."""


class Head(Struct, frozen=True):
    """What the file is about. `key` tells all that the objects depend on but the tenant's own state,
    `whole_at` is when all was read last, `requests` how many that took, `check` with which key stand-ins were
    made, `secret` what git called secret, and `since` from which moment on each kind may have changed.
    """

    key: str
    whole_at: str
    requests: int
    salt: str
    check: str
    secret: str
    since: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One object of the file; `node` is None where nothing is kept of it but that it is there."""

    kind: str
    id: str
    made: str
    node: Mapping[str, Any] | None = field(repr=False)
    text: bytes = field(repr=False)


def packed(head: Head, lines: Iterable[bytes]) -> bytes:
    """The file."""
    first = json.dumps({"format": FORMAT, **structs.asdict(head)}, sort_keys=True).encode() + b"\n"
    body = b"".join((first, *lines))
    return body + _ending(body)


def line(kind: str, object_id: str, made: str, node: Mapping[str, Any] | None) -> bytes:
    """An object of it."""
    return msgspec.json.encode([kind, object_id, made, node]) + b"\n"


def unpacked(data: bytes) -> tuple[Head, Iterator[Line]]:
    """What a file holds. Raises Damaged."""
    end = data.rfind(b"\n", 0, len(data) - 1) + 1
    if data[end:] != _ending(memoryview(data)[:end]):
        raise Damaged
    lines = _lines(data, end)
    try:
        found = json.loads(next(lines))
        if found.pop("format") != FORMAT:
            raise Damaged
        return msgspec.convert(found, Head), map(_line, lines)
    except (AttributeError, KeyError, StopIteration, ValueError, msgspec.ValidationError) as error:
        raise Damaged from error


def _ending(body: bytes | memoryview) -> bytes:
    return json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode() + b"\n"


def _lines(data: bytes, end: int) -> Iterator[bytes]:
    at = 0
    while at < end:
        after = data.index(b"\n", at) + 1
        yield data[at:after]
        at = after


def _line(text: bytes) -> Line:
    try:
        return Line(*_LINE.decode(text), text)
    except msgspec.DecodeError as error:
        raise Damaged from error


@dataclass(frozen=True, slots=True)
class _Exactly:
    """A cover that remembers what it covers: what stands for a value tells that very text, and no other of
    the same meaning.
    """

    stand_ins: StandIns
    covered: dict[str, Any] = field(default_factory=dict, repr=False)

    def of(self, value: Any, _kind: ValueType = UNTYPED, _recorded: Collection[str] = ()) -> str:
        key, count = self.stand_ins.key, len(self.covered)
        token = stand_in([self.stand_ins.exact(value)]) if key else f"{SIGN}none-{count}"
        self.covered[token] = value
        return token

    def recorded_in(self, _secrets: Collection[str], _record: str) -> frozenset[str]:
        return frozenset()


class Keeping(Struct, frozen=True):
    """Takes out of one project's objects what is or may be a secret, and puts it in again."""

    project: str
    stand_ins: StandIns
    found: Found
    called_secret: Places = {}

    def without(self, node: Mapping[str, Any], live: LiveObject) -> Mapping[str, Any] | None:
        """A node without it; None where it could not be put in again just as it was."""
        cover = _Exactly(self.stand_ins)
        kept = Redaction(self.project, cover, lambda *_: None, self.called_secret).of_object(node, live)
        back = restored(kept, lambda token, _: cover.covered.get(token, token)) if cover.covered else kept
        return kept if back == node else None

    def again(self, kept: Line) -> tuple[Mapping[str, Any] | None, bool]:
        """The node as it was, as far as git has what is missing; whether it has not."""
        if kept.node is None or SIGN.encode() not in kept.text:
            return kept.node, False
        if self.stand_ins.key is None:
            return kept.node, True
        unknown: list[str] = []

        def value(token: str, kind: ValueType) -> Any:
            known = self.found.of(token, kind)
            if known == token:
                unknown.append(token)
            return known

        node: Mapping[str, Any] = restored(kept.node, value)
        return node, bool(unknown)
