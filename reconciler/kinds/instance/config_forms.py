"""The form in which a config value enters a digest: the same for all that mean the same.

A digest is written before the tenant has told what it makes of a value, and without the variable's type. So
the form is coarse: 1 is 1.0 and "1", a day is a day however it is written, a key-value list is a map.
Two values of one form leave a cause open, and hide no difference: plans compare the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import Any

from reconciler.kinds.instance.config_values import (
    as_json,
    has_secret,
    is_bound,
    is_connection,
    is_schedule,
    read_date,
    read_timestamp,
    spaced,
    text,
)
from reconciler.model.secret import SHOWN, Hidden
from reconciler.model.state import How

_PAIR = {"key", "value", "label"}


def how(value: Any) -> How:
    """How a manifest's value is to be recorded as written."""
    if is_connection(value):
        return How.PARTS
    return How.SECRET if has_secret(value) else How.PLAIN


def form(value: Any) -> Any:
    """The form of a manifest's value; secrets count by their presence alone."""
    if is_connection(value):
        return {"inputs": {name: _part(one) for name, one in value["inputs"].items()}}
    if has_secret(value):
        return SHOWN
    if is_bound(value):
        return dict(value)
    return _schedule(value) if is_schedule(value, None) else coarse(value)


def live_form(wanted: Any, found: Any) -> Any:
    """The form of a live value, as far as a manifest that says `wanted` would have written it."""
    if is_connection(wanted):
        return {"inputs": live_parts(wanted, found)}
    if is_bound(wanted):
        return dict(found) if is_bound(found) else None
    if is_schedule(wanted, found):
        known = found if isinstance(found, Mapping) else {}
        if isinstance(wanted, Mapping):
            return _schedule({name: known.get(name, "") for name in wanted})
        return coarse(known.get("value", ""))
    return coarse(found)


def live_parts(wanted: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The forms of a connection's live inputs that a manifest mentions."""
    known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
    return {
        name: SHOWN if has_secret(value) else _part(known[name], plain=True)
        for name, value in wanted["inputs"].items()
        if name in known
    }


def other_parts(wanted: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The forms of those that it does not mention, as if they had been plain."""
    known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
    return {name: _part(one, plain=True) for name, one in known.items() if name not in wanted["inputs"]}


def coarse(value: Any) -> Any:
    """A value in the one form of all that mean the same."""
    value = as_json(text(value)) if not isinstance(value, Mapping | list | tuple) else value
    if isinstance(value, Mapping):
        return sorted([str(k), coarse(v)] for k, v in value.items() if k != "label")
    if isinstance(value, list | tuple):
        return _pairs(value) if _is_pairs(value) else [coarse(one) for one in value]
    return _scalar(text(value))


def _is_pairs(value: Sequence[Any]) -> bool:
    return bool(value) and all(isinstance(v, Mapping) and "key" in v and set(v) <= _PAIR for v in value)


def _pairs(value: Sequence[Any]) -> list[Any]:
    return sorted([text(one["key"]), coarse(one.get("value"))] for one in value)


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


def _part(value: Any, *, plain: bool = False) -> Any:
    if isinstance(value, Hidden):
        return SHOWN if value.present else ""
    return SHOWN if has_secret(value) and not plain else coarse(value)


def _schedule(value: Mapping[str, Any]) -> dict[str, str]:
    return {name: spaced(one) for name, one in value.items()}
