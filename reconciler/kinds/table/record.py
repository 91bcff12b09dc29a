"""The record of what was last applied, as a label holds it: bits that the kind's layout gives a meaning.

A label may hold no more than 64 characters (rule `label_limit`), in lower case, and customers see it. So the
bits are written in base 32, what is not recorded takes none, and what there is no room for is not recorded
(decision 0006).
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from reconciler.kinds.table.marks import LIMIT, RECORD
from reconciler.model.digest import Plain, sha256_of_plain
from reconciler.model.state import How, Memory, Written

FORM = "2:"
"""The version of the record. What begins otherwise is of an earlier one, and says nothing."""
WIDTH = 4
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_OURS = RECORD + FORM
_LABEL = re.compile(f"{_OURS}[{_ALPHABET}]+")
_BITS = {ord(char): f"{index:05b}" for index, char in enumerate(_ALPHABET)}
_GROUPS = 12
"""Bits that say which groups are recorded; more than there are, so that a group can be added."""
_HEAD = 3
"""The letters that hold them."""
_LIST = 20
_HOW = 2


class Layout(Struct, frozen=True, eq=False):
    """What a kind's record holds: `groups` of fields, in this order, each with as many hex digits of its
    digest as `widths` says, else four. The keys of the group `detailed` have digests of their own where there
    is room; else they share one. Where the record stands in no label, `longest` may be more.
    """

    groups: tuple[str, ...]
    widths: Mapping[str, int] = {}
    detailed: str = ""
    longest: int = LIMIT
    spare: str = ""
    """A group that makes way where the keys' digests would not fit beside it."""

    @property
    def room(self) -> int:
        """How many bits there are."""
        return 5 * (self.longest - len(_OURS))

    def width(self, group: str) -> int:
        """How many hex digits of a group's digest are kept."""
        return self.widths.get(group, WIDTH)


def label(
    layout: Layout,
    applied: Mapping[str, str],
    written: Mapping[str, Written] | None,
    keys: Sequence[str],
    owner: Plain,
    whole: Callable[[], str] | None = None,
) -> str:
    """The label to write. `keys` are all that the object has, and `owner` is what tells it from others: under
    another list of keys, or on another object, what is said of keys does not count. `whole` is the digest of
    all keys that have digests of their own, for where there is no room for these.
    """
    groups = {name: text for name, text in applied.items() if name in layout.groups}
    said = "" if written is None else _said(written, keys, owner)
    digests = _digests(layout, written or {}, keys)
    for left_out in ({layout.detailed}, {layout.detailed, layout.spare}) if digests else ():
        others = {name: text for name, text in groups.items() if name not in left_out}
        bits = _grouped(layout, others) + said + digests
        if len(bits) <= layout.room:
            return _OURS + _text(bits)
    if whole is not None:
        groups[layout.detailed] = whole()
    return _OURS + _text((_grouped(layout, groups) + said)[: layout.room])


class LabelRecord(Struct, frozen=True, gc=False):
    """The record in the labels of an object that has these keys and is one of `owners`. It is read only when
    it is asked: of what equals its manifest it is not.
    """

    layout: Layout
    labels: frozenset[str]
    keys: tuple[str, ...]
    owners: tuple[Plain, ...]

    @property
    def memory(self) -> Memory:
        """What it says."""
        return _recalled(self)

    @property
    def is_there(self) -> bool:
        """Whether it is of this version and has any group."""
        body = _body(self.labels)
        return bool(_present(self.layout, body[:_HEAD], len(body)))


@lru_cache(1_000)
def _recalled(one: LabelRecord) -> Memory:
    """Kept for a while, since of what differs it is asked a dozen times in a row."""
    return memory(one.layout, one.labels, one.keys, one.owners)


def memory(layout: Layout, labels: Iterable[str], keys: Sequence[str], owners: Sequence[Plain]) -> Memory:
    """What `label` wrote on the object that has these keys and is one of `owners`."""
    labels = list(labels)
    body = _body(labels)
    recorded = _present(layout, body[:_HEAD], len(body))
    if recorded is None:
        return Memory(older=any(one.startswith(RECORD) for one in labels))
    bits = body.translate(_BITS)[_GROUPS:]
    applied: dict[str, str] = {}
    for group in recorded:
        width = 4 * layout.width(group)
        applied[group], bits = _hex(bits[:width]), bits[width:]
    named, bits = bits[:_LIST], bits[_LIST:]
    if not any(named == _list(keys, owner) for owner in owners):
        return Memory({k: v for k, v in applied.items() if k != layout.detailed})
    written = dict(_written(layout, applied, bits, keys))
    return Memory(applied, written, unsaid=frozenset(keys[len(bits) // _HOW :]))


def _body(labels: Iterable[str]) -> str:
    """The letters of the record of this version among labels, of several of the first; empty where there is
    none.
    """
    ours = [one for one in labels if _LABEL.fullmatch(one)]
    return min(ours).removeprefix(_OURS) if ours else ""


@lru_cache(10_000)
def _present(layout: Layout, head: str, length: int) -> tuple[str, ...] | None:
    """The groups of a record of so many letters, which its first ones name; None where it is no record."""
    present = head.translate(_BITS)[:_GROUPS]
    recorded = tuple(group for group, bit in zip(layout.groups, present, strict=False) if bit == "1")
    known = length > 0 and "1" not in present[len(layout.groups) :]
    is_whole = 5 * length - _GROUPS >= sum(4 * layout.width(one) for one in recorded)
    return recorded if known and is_whole else None


def _written(
    layout: Layout, applied: Mapping[str, str], bits: str, keys: Sequence[str]
) -> Iterator[tuple[str, Written]]:
    room = min(len(keys), len(bits) // _HOW)
    codes, rest = bits[: room * _HOW], bits[len(keys) * _HOW :]
    for index, key in enumerate(keys[:room]):
        code = int(codes[index * _HOW : (index + 1) * _HOW], 2)
        if not code:
            continue
        digest = ""
        detailed = _is_detailed(layout, key, How(code)) and layout.detailed not in applied
        if detailed and len(rest) >= 4 * WIDTH:
            digest, rest = _hex(rest[: 4 * WIDTH]), rest[4 * WIDTH :]
        yield key, _one(code, digest)


@lru_cache(10_000)
def _one(code: int, digest: str) -> Written:
    """What is said of a key: one object for all of which the same is said."""
    return Written(How(code), digest)


def _grouped(layout: Layout, groups: Mapping[str, str]) -> str:
    bits = "".join("1" if group in groups else "0" for group in layout.groups).ljust(_GROUPS, "0")
    return bits + "".join(_binary(groups[one][: layout.width(one)]) for one in layout.groups if one in groups)


def _said(written: Mapping[str, Written], keys: Sequence[str], owner: Plain) -> str:
    known = (written.get(key) for key in keys)
    return _list(keys, owner) + "".join(f"{one.how if one else 0:0{_HOW}b}" for one in known)


def _digests(layout: Layout, written: Mapping[str, Written], keys: Sequence[str]) -> str:
    """The digests of the single keys; none where one of them is not known."""
    digests = [
        written[key].digest for key in keys if key in written and _is_detailed(layout, key, written[key].how)
    ]
    return "".join(_binary(one[:WIDTH]) for one in digests) if all(digests) else ""


def _is_detailed(layout: Layout, key: str, how: How) -> bool:
    return how is not How.SECRET and bool(layout.detailed) and key.startswith(f"{layout.detailed}.")


def _list(keys: Sequence[str], owner: Plain) -> str:
    return _binary(sha256_of_plain([keys, owner])[: _LIST // 4])


@lru_cache(100_000)
def _binary(digits: str) -> str:
    return f"{int(digits, 16):0{4 * len(digits)}b}"


@lru_cache(100_000)
def _hex(bits: str) -> str:
    return f"{int(bits, 2):0{len(bits) // 4}x}" if bits else ""


def _text(bits: str) -> str:
    letters = -(-len(bits) // 5)
    whole = bits.ljust(40 * -(-letters // 8), "0")
    return b32encode(int(whole, 2).to_bytes(len(whole) // 8)).decode()[:letters].lower()
