"""What the type of a config variable allows as its value in a manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from msgspec.structs import replace

from reconciler.definition import Variable
from reconciler.kinds.instance.config_values import SCHEDULE, NotJson, exact_json, read_date, read_timestamp
from reconciler.manifests import secrets
from reconciler.manifests.cron import cron_problem
from reconciler.model.hints import listed, suggest
from reconciler.model.problem import Problem, Where

SCHEDULE_TYPES = ("none", "custom", "minute", "hour", "day", "week")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_DATE = 'write a date such as "01/31/2026" or "2026-01-31"'
_MOMENT = 'write a moment such as "2026-01-31T08:00:00Z"'


TYPE, VALUE = "config-type", "config-value"
Found = Iterator[Problem]


def wrong(variable: Variable, value: Any) -> Found:
    """All that is wrong with `value`, of which what is secret is not known yet."""
    if secrets.is_secret(value) or value is None:
        return
    collection = variable.collection
    if collection == "valuelist":
        yield from _list(variable, value)
    elif collection == "keyvaluelist":
        yield from _pairs(variable, value)
    else:
        yield from _single(variable, value)


def takes_texts(variable: Variable) -> bool:
    """Whether any text is a value of it."""
    return not variable.collection and _CHECKS.get(variable.data_type, _text) is _text


def is_known(variable: Variable) -> bool:
    """Whether its type says what its values are; what others are sent is text."""
    return variable.data_type in _CHECKS or bool(variable.collection)


def _list(variable: Variable, value: Any) -> Found:
    if not isinstance(value, list):
        yield Problem(TYPE, "must be a list", f"write {variable.key}: [VALUE]")
        return
    for index, inner in enumerate(value):
        yield from _below((index,), _single(variable, inner))


def _pairs(variable: Variable, value: Any) -> Found:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _below((name,), _single(variable, inner))
        return
    if not isinstance(value, list):
        yield Problem(TYPE, "must be a map", "write KEY: VALUE below it")
        return
    for index, pair in enumerate(value):
        hint = "write {key: KEY, value: VALUE}"
        if not isinstance(pair, dict) or set(pair) != {"key", "value"}:
            yield Problem(TYPE, "must be a list of keys with values", hint, path=(index,))
            continue
        if not isinstance(pair["key"], str):
            yield Problem(TYPE, "must have text as its keys", path=(index, "key"))
        yield from _below((index, "value"), _single(variable, pair["value"]))


def _below(path: Where, found: Found) -> Found:
    for one in found:
        yield replace(one, path=(*path, *one.path))


def _single(variable: Variable, value: Any) -> Found:
    check = _CHECKS.get(variable.data_type)
    if check is not None and not secrets.is_secret(value):
        yield from check(variable, value)


def _text(_: Variable, value: Any) -> Found:
    if not isinstance(value, str):
        yield Problem(TYPE, "must be text")


def _picklist(variable: Variable, value: Any) -> Found:
    choices = variable.choices
    if not isinstance(value, str):
        yield Problem(TYPE, "must be text")
    elif choices and value not in choices:
        yield Problem(VALUE, f"must be one of {listed(choices)}", suggest(value, choices))


def _number(_: Variable, value: Any) -> Found:
    as_text = isinstance(value, str) and _NUMBER.fullmatch(value)
    if isinstance(value, bool) or not (as_text or isinstance(value, int | float)):
        yield Problem(TYPE, "must be a number", "write a number")


def _boolean(_: Variable, value: Any) -> Found:
    if not isinstance(value, bool) and value not in ("true", "false"):
        yield Problem(TYPE, "must be true or false", "write true or false")


def _date(_: Variable, value: Any) -> Found:
    if not isinstance(value, str):
        yield Problem(TYPE, "must be text")
    elif value and read_date(value) is None:
        yield Problem(VALUE, "must be a date", _DATE)


def _timestamp(_: Variable, value: Any) -> Found:
    if not isinstance(value, str):
        yield Problem(TYPE, "must be text")
    elif value and read_timestamp(value) is None:
        yield Problem(VALUE, "must be a moment", _MOMENT)


def _code(variable: Variable, value: Any) -> Found:
    if variable.code_language != "json":
        yield from _text(variable, value)
    elif isinstance(value, str) and value and not _is_json(value):
        hint = "correct it, or write it as plain YAML"
        yield Problem(VALUE, "holds text that is not JSON", hint, severity="warning")


def _schedule(_: Variable, value: Any) -> Found:
    if not isinstance(value, str | dict):
        yield Problem(TYPE, "must be a schedule", 'write a cron text such as "0 4 * * *"')
        return
    parts = value if isinstance(value, dict) else {"value": value}
    for name, given in parts.items():
        path: Where = (name,) if isinstance(value, dict) else ()
        if name not in SCHEDULE:
            yield Problem(
                "unknown-field",
                f'has an unknown field "{name}"',
                suggest(name, SCHEDULE),
                path=(name,),
                is_key=True,
            )
        elif not isinstance(given, str):
            yield Problem(TYPE, "must be text", path=path)
        elif given:
            yield from _below(path, _PARTS[name](given))


def _cron(given: str) -> Found:
    if problem := cron_problem(given):
        yield Problem(VALUE, f"must be a cron text: {problem}", 'write one such as "0 4 * * *"')


def _schedule_type(given: str) -> Found:
    if given.lower() not in SCHEDULE_TYPES:
        rule = f"must have a scheduleType of {listed(SCHEDULE_TYPES)}"
        yield Problem(VALUE, rule, suggest(given, SCHEDULE_TYPES))


def _time_zone(given: str) -> Found:
    known = _zones()
    if known and given not in known:
        hint = suggest(given, known, "write one such as Europe/Berlin")
        yield Problem(VALUE, f'names an unknown time zone "{given}"', hint)


@cache
def _zones() -> frozenset[str]:
    """The time zones that this machine knows; none where it has no table of them."""
    return frozenset(available_timezones())


def _is_json(value: str) -> bool:
    return not isinstance(exact_json(value), NotJson)


def _json_form(_: Variable, value: Any) -> Found:
    if isinstance(value, str) and value and not _is_json(value):
        yield Problem(VALUE, "must be JSON", "write it as plain YAML, or correct the JSON text")


# A shape is a type, a list of one shape, or a map of shapes by name; "?" ends the name of what may be absent.
_ELEMENT = {"key": str, "label?": str}
_SELECTION = [{"object": _ELEMENT, "fields?": [_ELEMENT], "defaultSelected?": bool}]
_MAPPED = ("mappedObject?", "mappedField?", "defaultObject?", "defaultField?")
_FIELD_MAP = {
    "fields": [{"field": _ELEMENT, **dict.fromkeys(_MAPPED, _ELEMENT)}],
    "options?": [{"object": _ELEMENT, "fields": [_ELEMENT]}],
}
_NOUNS = {str: "text", bool: "true or false"}


def _shaped(shape: Any, example: str) -> Callable[[Variable, Any], Found]:
    def check(_: Variable, value: Any) -> Found:
        if isinstance(value, str):
            found = list(_json_form(_, value)) or list(_misfits(shape, json.loads(value or "null"), example))
            yield from (replace(one, path=()) for one in found)
        else:
            yield from _misfits(shape, value, example)

    return check


def _misfits(shape: Any, value: Any, example: str) -> Found:
    hint = f"write it like {example}"
    if value is None:
        return
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield Problem(TYPE, "must be a list here", hint)
            return
        for index, inner in enumerate(value):
            yield from _below((index,), _misfits(shape[0], inner, example))
    elif not isinstance(shape, dict):
        if not isinstance(value, shape):
            yield Problem(
                TYPE, f"must be {_NOUNS[shape]} here", "" if shape is str else "write true or false"
            )
    elif not isinstance(value, dict):
        yield Problem(TYPE, "must be a map here", hint)
    else:
        yield from _map_misfits(shape, value, example)


def _map_misfits(shape: dict[str, Any], value: dict[str, Any], example: str) -> Found:
    known = {name.rstrip("?"): inner for name, inner in shape.items()}
    for name in shape.keys() - value.keys():
        if not name.endswith("?"):
            yield Problem(TYPE, f'lacks "{name}" here', f"write it like {example}")
    for name, inner in value.items():
        if name in known:
            yield from _below((name,), _misfits(known[name], inner, example))
        else:
            hint = suggest(name, known)
            yield Problem("unknown-field", f'has an unknown field "{name}"', hint, path=(name,), is_key=True)


_PARTS: dict[str, Callable[[str], Found]] = {
    "value": _cron,
    "scheduleType": _schedule_type,
    "timeZone": _time_zone,
}
_CHECKS: dict[str, Callable[[Variable, Any], Found]] = {
    "string": _text,
    "code": _code,
    "picklist": _picklist,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "schedule": _schedule,
    "jsonForm": _json_form,
    "objectSelection": _shaped(_SELECTION, "[{object: {key: Contact}, fields: [{key: Email}]}]"),
    "objectFieldMap": _shaped(_FIELD_MAP, "{fields: [{field: {key: email}, mappedField: {key: Email}}]}"),
}
