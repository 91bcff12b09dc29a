"""The form in which a config value enters a digest: the same for all that mean the same.

A digest is written before the tenant has told what it makes of a value, and without the variable's type. So
the form is coarse: 1 is 1.0 and "1", a day is a day however it is written, a key-value list is a map.
Two values of one form leave a cause open, and hide no difference: plans compare the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, DecimalException
from functools import lru_cache

from reconciler.kinds.instance.config_values import (
    as_json,
    has_secret,
    inputs_of,
    is_bound,
    is_connection,
    is_schedule,
    read_date,
    read_timestamp,
    schedule_text,
    text,
)
from reconciler.model.digest import sha256
from reconciler.model.secret import SHOWN, Hidden
from reconciler.model.state import How

_PAIR = {"key", "value", "label"}
_SHORT = 100


def how(value: object) -> How:
    """How a manifest's value is to be recorded as written."""
    if isinstance(value, str):  # most are
        return How.PLAIN
    if is_connection(value):
        return How.PARTS
    return How.SECRET if has_secret(value) else How.PLAIN


def form(value: object) -> object:
    """The form of a manifest's value; secrets count by their presence alone."""
    if isinstance(value, str):  # most are
        return coarse(value)
    if is_connection(value):
        return {"inputs": input_forms(value["inputs"])}
    if has_secret(value):
        return SHOWN
    if is_bound(value):
        return dict(value)
    if isinstance(value, Mapping) and is_schedule(value, None):
        return _schedule(value)
    return coarse(value)


def form_digest(value: object) -> str:
    """The digest of that form."""
    if isinstance(value, str) and len(value) <= _SHORT:
        return _digest_of_text(value)
    return sha256(form(value))


@lru_cache(10_000)
def _digest_of_text(value: str) -> str:
    """Kept for a while: the instances of a set have many texts alike."""
    return sha256(form(value))


def live_form(wanted: object, found: object) -> object:
    """The form of a live value, as far as a manifest that says `wanted` would have written it."""
    if is_connection(wanted):
        return {"inputs": live_input_forms(wanted["inputs"], found)}
    if is_bound(wanted):
        return dict(found) if is_bound(found) else None
    if is_schedule(wanted, found):
        known = found if isinstance(found, Mapping) else {}
        if isinstance(wanted, Mapping):
            return _schedule({name: known.get(name, "") for name in wanted})
        return coarse(known.get("value", ""))
    return coarse(found)


def input_forms(inputs: Mapping[str, object]) -> dict[str, object]:
    """The forms of the inputs that a manifest gives to a connection."""
    return {name: _part(value) for name, value in inputs.items()}


def live_input_forms(wanted: Mapping[str, object], found: object) -> dict[str, object]:
    """The forms of a connection's live inputs that a manifest mentions."""
    known = inputs_of(found)
    return {
        name: SHOWN if has_secret(value) else _part(known[name], plain=True)
        for name, value in wanted.items()
        if name in known
    }


def unmentioned_input_forms(wanted: Mapping[str, object], found: object) -> dict[str, object]:
    """The forms of those that it does not mention, as if they had been plain."""
    return {name: _part(value, plain=True) for name, value in inputs_of(found).items() if name not in wanted}


def coarse(value: object) -> object:
    """A value in the one form of all that mean the same. Blanks around a text are kept: whether a tenant
    keeps them, the record must tell.
    """
    if not isinstance(value, Mapping | list | tuple):
        plain = text(value)
        if plain != plain.strip():
            return plain
        value = as_json(plain)
    if isinstance(value, Mapping):
        return sorted([str(k), coarse(v)] for k, v in value.items() if k != "label")
    if isinstance(value, list | tuple):
        pairs = [one for one in value if isinstance(one, Mapping) and "key" in one and set(one) <= _PAIR]
        if value and len(pairs) == len(value):
            return sorted([text(one["key"]), coarse(one.get("value"))] for one in pairs)
        return [coarse(entry) for entry in value]
    return _scalar(text(value))


def _scalar(value: str) -> str:
    if value.lower() in ("true", "false"):
        return value.lower()
    try:
        number = Decimal(value)
        return str(number.normalize()) if number.is_finite() else value
    except DecimalException:
        pass
    if day := read_date(value):
        return day.isoformat()
    moment = read_timestamp(value)
    return repr(moment.timestamp()) if moment else value


def _part(value: object, *, plain: bool = False) -> object:
    if isinstance(value, Hidden):
        return SHOWN if value.present else ""
    return SHOWN if has_secret(value) and not plain else coarse(value)


def _schedule(value: Mapping[str, object]) -> dict[str, str]:
    return {name: schedule_text(one) for name, one in value.items()}
