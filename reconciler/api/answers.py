"""What an answer means: the object that was asked for, or one of our errors (behaviour.md, point 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.api.wire import Answer, Fault, clean
from reconciler.model.errors import GraphQLError, NotFound, NullObject, PayloadError, TooCostly
from reconciler.model.operation import Operation

_GONE = "record not found"
_DENIED = ("permission", "not authorized", "unauthorized", "forbidden")
_LONGEST = 2_000
_COSTLY = re.compile(r"\b(cost|complexity|complex)\b", re.IGNORECASE)
_COSTLY_HINT = "the tenant bounds what one query may ask for; ask Prismatic to raise that bound"
_DENIED_HINT = "the token's user lacks the role for this; ask an owner or admin of the organization"
_OBJECT_FIELDS = ("", "__all__", "id")  # a payload error that stands at these is about the object itself


def result(op: Operation, answer: Answer, sent: Mapping[str, Any] | None = None) -> Any:
    """A query's value, or a mutation's object; `sent` is all that its request held, where others travelled
    along. Raises GraphQLError, NotFound, PayloadError or NullObject.
    """
    sent = op.variables if sent is None else sent
    if answer.faults:
        raise _graphql_error(op, answer, sent)
    data = answer.data or {}
    value = data.get(op.name)
    if not op.is_mutation:
        return value
    payload = value if isinstance(value, Mapping) else {}
    for field, answered in {op.name: payload, **data}.items():
        if isinstance(answered, Mapping) and (errors := answered.get("errors")):
            raise _payload_error(op, field, errors, sent)
    found = payload.get(op.result)
    if found is None and not op.name.startswith("delete"):
        raise NullObject(
            f"{op.name}: the answer has neither errors nor {op.result}",
            operation=op.name,
            address=op.address,
            hint="the server may have done it all the same; the next plan shows",
            doubtful=True,
        )
    return found


def _graphql_error(op: Operation, answer: Answer, sent: Mapping[str, Any]) -> GraphQLError:
    faults = answer.faults
    text = _joined(dict.fromkeys(clean(fault.message, sent) for fault in faults))
    if all(_is_gone(fault) for fault in faults) and not (answer.data or {}).get(op.name):
        return NotFound(f"{op.name}: {text}", operation=op.name, address=op.address)
    if not op.is_mutation and not answer.data and _COSTLY.search(text):
        return TooCostly(f"{op.name}: {text}", operation=op.name, address=op.address, hint=_COSTLY_HINT)
    denied = any(word in text.lower() for word in _DENIED)
    doubtful = op.is_mutation and not denied and (answer.status >= 500 or any(map(_ran, faults)))
    hint = _DENIED_HINT if denied else ""
    return GraphQLError(
        f"{op.name}: {text}", operation=op.name, address=op.address, hint=hint, doubtful=doubtful
    )


def _joined(texts: Iterable[str]) -> str:
    """All that a server says, as far as anyone reads it: it goes into the journal and onto the screen."""
    text = "; ".join(texts)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_gone(fault: Fault) -> bool:
    # Deeper down it is a part that is gone, and taking the object for gone would create it a second time.
    return _GONE in fault.message.lower() and len(fault.path or ()) <= 1


def _ran(fault: Fault) -> bool:
    """Whether the error came up while executing: those of validation have no path, and nothing ran."""
    return bool(fault.path) and _GONE not in fault.message.lower()


def _payload_error(
    op: Operation, field: str, errors: Iterable[Any], sent: Mapping[str, Any]
) -> PayloadError | NotFound:
    entries = [(at, clean(said, sent)) for at, said in map(_entry, errors)]
    text = _joined(f"{at}: {said}" if at not in ("", "__all__") else said for at, said in entries)
    if all(_GONE in said.lower() and at in _OBJECT_FIELDS for at, said in entries):
        return NotFound(f"{field}: {text}", operation=field, address=op.address)
    return PayloadError(text, operation=field, address=op.address)


def _entry(error: Any) -> tuple[str, str]:
    """The field and the joined messages of one ErrorType (`field`, `messages`)."""
    if not isinstance(error, Mapping):
        return "", str(error)
    messages = error.get("messages")
    lines = messages if isinstance(messages, list) else [messages or "refused without a message"]
    return str(error.get("field") or ""), " ".join(str(line) for line in lines)
