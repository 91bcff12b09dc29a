"""Digests of values in one canonical form, so that equal meaning gives equal bytes on every machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import msgspec

from reconciler.model.address import Address, Ref
from reconciler.model.secret import Hidden, Secret, Unseen


class Canonical:
    """A value that says itself what a digest of it covers."""

    __slots__ = ()

    def canonical(self) -> Any:
        """What is digested in its place."""
        raise NotImplementedError


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON bytes: keys sorted, sets sorted, no blanks.

    A Secret counts as its presence alone: its value never reaches an unkeyed digest.
    """
    return canonical_of_plain(value) if type(value) in _SCALARS else _encoded(value)


def sha256(value: Any) -> str:
    """The SHA-256 of the canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


Plain = str | int | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What has one form in JSON, and no secret in it."""


def canonical_of_plain(value: Plain) -> bytes:
    """The same bytes as `canonical` gives, several times as quick."""
    try:
        return _PLAIN.encode(value)
    except UnicodeEncodeError:  # half a character of two: only the slower encoder writes that
        return _encoded(value)


def sha256_of_plain(value: Plain) -> str:
    """The same digest as `sha256` gives."""
    return hashlib.sha256(canonical_of_plain(value)).hexdigest()


def sha256_of_each(values: Iterable[bytes]) -> str:
    """The SHA-256 of the list of the values, each of which is in its canonical form."""
    digest, before = hashlib.sha256(b"["), b""
    for value in values:
        digest.update(before + value)
        before = b","
    digest.update(b"]")
    return digest.hexdigest()


def keyed(key: str, parts: Sequence[str]) -> str:
    """An HMAC-SHA-256 of `parts` (hex), for secrets whose equality must be remembered, not their value."""
    message = json.dumps(list(parts), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hmac.new(key.encode("utf-8", "surrogatepass"), message, hashlib.sha256).hexdigest()


def _encoded(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def _plain(value: object) -> object:
    """What JSON has in place of a value that it does not know."""
    if isinstance(value, Secret | Unseen):
        return {"$secret": True}
    if isinstance(value, Hidden):
        return {"$hidden": value.present}
    if isinstance(value, Ref):
        return {"$ref": [str(value.address), value.field]}
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, Canonical):
        return value.canonical()
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, Set):
        return sorted(
            (one if type(one) is str else json.loads(_ENCODER.encode(one)) for one in value), key=repr
        )
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"a {type(value).__name__} has no canonical form")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
_PLAIN = msgspec.json.Encoder(order="sorted")
_SCALARS = frozenset({str, bool, type(None)})
