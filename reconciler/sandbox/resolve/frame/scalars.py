"""Why this exists: the schema's own scalars, as Django's GraphQL library reads and writes them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from ariadne import ScalarType
from graphql import GraphQLError

from ...store import timestamp


def read_datetime(value: Any) -> str:
    """A moment in the form that the store compares."""
    if not isinstance(value, str):
        raise GraphQLError(f"DateTime cannot represent value: {value!r}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise GraphQLError(f"DateTime cannot represent value: {value!r}") from error
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return timestamp(whole * 1_000_000 + moment.microsecond)


def read_json(value: Any) -> Any:
    """What a JSON text stands for."""
    if not isinstance(value, str):
        raise GraphQLError("JSONString must be a string")
    try:
        return json.loads(value)
    except ValueError as error:
        raise GraphQLError(f"Badly formed JSONString: {error}") from error


def _read_uuid(value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError) as error:
        raise GraphQLError(f"UUID cannot represent value: {value!r}") from error


def _as_is(value: Any) -> Any:
    return value


SCALARS = [
    # Stored moments and JSON are texts in their final form, so writing costs nothing.
    ScalarType("DateTime", serializer=_as_is, value_parser=read_datetime),
    ScalarType("Date", serializer=_as_is, value_parser=_as_is),
    ScalarType("JSONString", serializer=_as_is, value_parser=read_json),
    ScalarType("JSONOrString", serializer=_as_is, value_parser=_as_is),
    ScalarType("BigInt", serializer=_as_is, value_parser=_as_is),
    ScalarType("UUID", serializer=_as_is, value_parser=_read_uuid),
]
