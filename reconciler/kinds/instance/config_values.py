"""What a config variable's type makes of its value: the text on the wire, and which texts mean the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, DecimalException
from typing import TypeGuard

from msgspec import Struct

from reconciler.model.nested import holds, leaves, with_leaves
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.model.uncompared import is_uncompared

SCHEDULE = ("value", "scheduleType", "timeZone")
SHARED = "customerConnection"
"""Names a customer's own values of a connection that integrations share: a manifest's address, or an id."""
ALWAYS_SHOWN = frozenset({"boolean", "date", "number", "picklist", "schedule", "timestamp"})
"""The types whose values are never secrets, unless they are one of a list."""
NEVER_SHOWN = frozenset({"connection", "credential"})
_LABELLED = frozenset({"objectselection", "objectfieldmap", ""})
_AS_JSON = frozenset({"json", "jsonform", "objectselection", "objectfieldmap"})
_DATES = ("%m/%d/%Y", "%Y-%m-%d")
_BEGINS_JSON = frozenset('{["-0123456789tfn')


class ValueType(Struct, frozen=True):
    """A variable's data type and collection type, in lower case as definitions and answers differ in it."""

    data: str = ""
    collection: str = ""

    @classmethod
    def named(cls, data: str | None, collection: str | None, language: str | None = None) -> ValueType:
        """The type of these names; code in JSON is JSON."""
        kind = (data or "").lower()
        is_json = kind == "code" and (language or "").lower() == "json"
        return cls("json" if is_json else kind, (collection or "").lower())


UNTYPED = ValueType()


def is_connection(value: object) -> TypeGuard[Mapping[str, Mapping[str, object]]]:
    """Whether a config value is a connection's: a map with a map of `inputs` alone."""
    return isinstance(value, Mapping) and set(value) == {"inputs"} and isinstance(value["inputs"], Mapping)


def inputs_of(found: object) -> Mapping[str, object]:
    """The live inputs of a connection; none where the live value is no connection's."""
    inputs = found.get("inputs") if isinstance(found, Mapping) else None
    return inputs if isinstance(inputs, Mapping) else {}


def is_bound(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a config value names a customer's own value of a shared connection."""
    return isinstance(value, Mapping) and set(value) == {SHARED}


def is_schedule(value: object, live: object) -> bool:
    """Whether a config value is a schedule's: the live side says so, or it names a schedule's type."""
    shape = isinstance(live, Mapping) and set(live) == set(SCHEDULE)
    return shape or (isinstance(value, Mapping) and "scheduleType" in value and set(value) <= set(SCHEDULE))


def schedule_text(value: object) -> str:
    """A part of a schedule in the one form of all that mean the same."""
    return " ".join(text(value).lower().split())


def in_api_shape(value: object, kind: ValueType) -> object:
    """A manifest's value in the shape that the API takes: the entries of a list as texts, those of a
    key-value list, which a map may stand for, as `{key, value}` in their order.
    """
    if kind.collection == "valuelist" and isinstance(value, list | tuple):
        return [_entry(one) for one in value]
    if kind.collection != "keyvaluelist":
        return value
    if isinstance(value, Mapping) and not isinstance(value, Secret):
        return [{"key": text(name), "value": _entry(one)} for name, one in value.items()]
    if isinstance(value, list | tuple):
        return [_pair(one) for one in value]
    return value


def same_value(wanted: object, found: object, kind: ValueType = UNTYPED) -> bool:
    """Whether a live text means the wanted value. Text is compared letter by letter, all else by meaning."""
    if found is None:
        return False
    if is_same_text(wanted, found, kind) or is_uncompared(wanted, found):
        return True
    ours, theirs = text(wanted), text(found)
    if kind.collection:
        held = exact_json(theirs)
        # A map may stand for a key-value list in git; the platform wants the list.
        is_list = isinstance(held, list) or wanted in (None, "")
        return is_list and same_json(_read(exact_json(ours), kind), _read(held, kind))
    if holds_json(wanted, kind):
        held, given = exact_json(theirs), exact_json(ours)
        return same_json(given, _labelled_alike(given, held) if kind.data in _LABELLED else held)
    read = _READERS.get(kind.data) or _reader_of(wanted)
    one, other = read(ours), read(theirs)
    return ours == theirs if one is None or other is None else bool(one == other)


def is_same_text(wanted: object, found: object, kind: ValueType) -> bool:
    """Whether both sides are the same text, which then means the same; but a list must be one. It is so of
    nearly all values of a plan, and quickly found.
    """
    if not isinstance(wanted, str) or kind.collection:
        return False
    return wanted == (found.reveal() if isinstance(found, Unproven) else found)


def meanings(value: str, kind: ValueType, *, loosely: bool = False) -> list[str]:
    """The forms of a text of which two are shared by just those that mean the same; none where only the text
    itself does. `loosely` is a text that was made of a number or the like: it may be written otherwise.
    """
    if kind.collection or kind.data in _AS_JSON:
        held = exact_json(value)
        read = _read(held, kind) if kind.collection else held
        forms = [read, _without_labels(read)] if kind.data in _LABELLED else [read]
        return list(dict.fromkeys(_shape(one) for one in forms))
    number = _number(value) if loosely else None
    return [_shape(number)] if number is not None else []


def _without_labels(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _without_labels(one) for name, one in value.items() if name != "label"}
    return [_without_labels(one) for one in value] if isinstance(value, list) else value


def _shape(value: object) -> str:
    """One text for all values that are equal as `same_json` finds it."""
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{_shape(value[name])}' for name in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_shape, value))}]"
    if isinstance(value, Decimal):
        return f"n{value.normalize() + 0}"
    return f"{type(value).__name__}:{value}"


def holds_json(wanted: object, kind: ValueType) -> bool:
    """Whether what a value holds is JSON; of a secret without a type, whether it could be."""
    if isinstance(wanted, Secret):
        is_map = not kind.data and isinstance(as_json(wanted.reveal()), Mapping | list)
    else:
        is_map = isinstance(wanted, Mapping | list | tuple)
    return is_map or kind.data in _AS_JSON


def same_json(wanted: object, found: object) -> bool:
    """Whether two JSON values are equal; unlike in Python, true is not 1."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return wanted.keys() == found.keys() and all(same_json(wanted[name], found[name]) for name in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(same_json, wanted, found))
    alike = all(isinstance(wanted, one) is isinstance(found, one) for one in (bool, NotJson))
    return alike and bool(wanted == found)


def aligned(found: object, wanted: object) -> object:
    """A live JSON value, written like the wanted one as far as both mean the same."""
    if same_json(_exact(wanted), _exact(found)):
        return wanted
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        there = {name: aligned(found[name], one) for name, one in wanted.items() if name in found}
        return {**there, **{name: one for name, one in found.items() if name not in there}}
    if isinstance(wanted, list | tuple) and isinstance(found, list):
        known = len(wanted)
        return [aligned(one, wanted[index]) if index < known else one for index, one in enumerate(found)]
    return found


def _exact(value: object) -> object:
    return value if value is None or isinstance(value, str | Secret) else exact_json(text(value))


def beside(found: object, wanted: object, kind: ValueType = UNTYPED) -> tuple[object, object]:
    """A live and the wanted value as they are shown: what is JSON as such, and what they share alike."""
    if not isinstance(found, str) or not holds_json(wanted, kind):
        return found, wanted
    held, given = as_json(found), as_json(wanted) if isinstance(wanted, str) else wanted
    if not isinstance(given, Mapping | list | tuple):
        return found, wanted
    there = aligned(held, given)
    # Digits that are not kept here are what differs: then both are shown as they are written.
    return (found, wanted) if same_json(_exact(given), _exact(there)) else (there, given)


def _labelled_alike(wanted: object, found: object) -> object:
    """A live value without the labels that only it has: they say how something is shown, and do not count."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return {
            name: _labelled_alike(wanted.get(name), one)
            for name, one in found.items()
            if name != "label" or name in wanted
        }
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [_labelled_alike(one, other) for one, other in zip(wanted, found, strict=True)]
    return found


def _read(held: object, kind: ValueType) -> object:
    """A list, or a key-value list, with its entries as their type reads them."""
    read = _READERS.get(kind.data)

    def entry(one: object) -> object:
        known = read(text(one)) if read and not isinstance(one, Mapping | list) else None
        return one if known is None else known

    shaped = in_api_shape(held, kind)
    if not isinstance(shaped, list):
        return shaped
    return [
        {name: entry(value) if name == "value" else value for name, value in one.items() if name != "label"}
        if isinstance(one, Mapping)
        else entry(one)
        for one in shaped
    ]


def text(value: object) -> str:
    """A value as the API takes it: text, "true", "42", JSON text for lists and maps."""
    if isinstance(value, Secret):
        return value.reveal()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(with_leaves(value, _revealed), separators=(",", ":"), ensure_ascii=False)
    return str(value)


def on_wire(value: object) -> str | Secret:
    """A value's text, wrapped where it is or holds a secret."""
    return Secret(text(value), parts=secret_parts(value)) if has_secret(value) else text(value)


def as_json(value: str) -> object:
    """What a JSON text holds; the text itself where it is none."""
    if value.lstrip(" \t\n\r")[:1] not in _BEGINS_JSON:  # most are none, and to fail takes long
        return value
    try:
        held: object = json.loads(value, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return value
    return held


class NotJson(str):
    """A text that is no JSON; as one that is, it would be in quotes."""


def exact_json(value: str) -> object:
    """What a JSON text holds, to be compared: numbers with all their digits."""
    try:
        held: object = json.loads(value, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_json)
    except (ValueError, RecursionError, DecimalException):
        return NotJson(value)
    return held


def _no_json(name: str) -> object:
    raise ValueError(name)  # Python reads NaN and Infinity


def read_date(value: str) -> date | None:
    """The day that a text names, as the platform writes it (month first) or as ISO 8601 does."""
    value = value.strip()
    for form in _DATES if value[:1].isdecimal() else ():  # most name none, and to fail takes long
        try:
            return datetime.strptime(value, form).date()
        except ValueError:
            continue
    return None


def read_timestamp(value: str) -> datetime | None:
    """The moment that a text of ISO 8601 names, in UTC where it says no zone; None for a mere day."""
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) if ":" in value else None


def has_secret(value: object) -> bool:
    """Whether a value is or holds a secret."""
    return holds(value, Secret)


def is_held(value: object) -> bool:
    """Whether a live value is there at all; of a map, any part of it."""
    if isinstance(value, Mapping):
        return any(is_held(inner) for inner in value.values())
    if isinstance(value, Hidden):
        return value.present
    return isinstance(value, Secret) or value not in (None, "")


def veiled(found: object, wanted: object) -> object:
    """A live value; what a secret replaces is taken to be one, too."""
    is_text = isinstance(found, str | Secret | Mapping)
    return Secret(text(found)) if is_text and has_secret(wanted) else found


def secret_parts(value: object) -> tuple[str, ...]:
    """The secrets that a value holds, by which it could be told in what a server says."""
    secrets = [leaf for _, leaf in leaves(value) if isinstance(leaf, Secret)]
    return tuple(text for secret in secrets for text in secret.told())


def secrets_in(value: object) -> Iterator[tuple[str, str]]:
    """The secrets in a value, revealed, with their paths; the order of a map's keys does not matter."""
    yield from ((path, leaf.reveal()) for path, leaf in leaves(value) if isinstance(leaf, Secret))


def _entry(value: object) -> object:
    return value if isinstance(value, Secret | Mapping | list | tuple) else text(value)


def _pair(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {name: _entry(one) for name, one in value.items()}


def _number(value: str) -> Decimal | None:
    if "_" in value:  # which Python reads over
        return None
    try:
        found = Decimal(value)
    except DecimalException:
        return None
    return found if found.is_finite() else None


def _boolean(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


_READERS: dict[str, Callable[[str], object]] = {
    "number": _number,
    "boolean": _boolean,
    "date": read_date,
    "timestamp": read_timestamp,
}


def _reader_of(value: object) -> Callable[[str], object]:
    """How to read a text of which only the wanted value tells what it is."""
    if isinstance(value, bool):
        return _boolean
    return _number if isinstance(value, int | float) else lambda _: None


def _revealed(leaf: object) -> object:
    return leaf.reveal() if isinstance(leaf, Secret) else leaf
