"""What values of options must be: one that says nothing is refused by the option's name, and never sent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.moments import moment

if TYPE_CHECKING:
    from reconciler.lists.listing import Filter


def standard_input() -> bytes:
    """All of it, as bytes: what text it is, whoever reads it decides."""
    stream = sys.stdin
    if stream is None:
        return b""
    return stream.buffer.read() if hasattr(stream, "buffer") else stream.read().encode()


def utf8(value: str) -> str:
    """What can be sent: bytes of the command line that are not UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("it is not text in UTF-8") from None
    return value


def text(value: str) -> str:
    """A text that is there, and can be sent."""
    if not value:
        raise click.BadParameter("it is empty")
    return utf8(value)


def path(value: str) -> Path:
    """A file or folder; an empty text would mean the working directory."""
    if not value:
        raise click.BadParameter("it is empty")
    return Path(value)


def cursor(value: str) -> str:
    """Where a page begins; a server takes what is none for the beginning of the list."""
    import base64

    try:
        base64.b64decode(text(value), validate=True)
    except ValueError:
        raise click.BadParameter(f'"{value}" is no cursor') from None
    return value


def identifier(value: str) -> str:
    """An id of the API."""
    from reconciler.lists.lookups import is_id

    if not is_id(text(value)):
        raise click.BadParameter(f'"{value}" is no id')
    return value


def execution(value: str) -> str:
    """An execution's id, and when it started."""
    identifier(value.partition("@")[0])
    moment(value.partition("@")[2])
    return value


def uuid(value: str) -> str:
    """A versionSequenceId."""
    from uuid import UUID

    try:
        UUID(text(value))
    except ValueError:
        raise click.BadParameter(f'"{value}" is no UUID') from None
    return value


def document(value: str) -> str:
    """JSON, as text."""
    import json

    try:
        json.loads(text(value))
    except ValueError:
        raise click.BadParameter(f'"{value}" is no JSON') from None
    return value


def type_for(one: Filter) -> click.Choice[str] | click.IntRange | Callable[[str], str]:
    """What the value of a filter must be."""
    if one.choices:
        return click.Choice(one.choices, case_sensitive=False)
    if one.type == "Int":
        return click.IntRange(-(2**31), 2**31 - 1)
    plain = one.type.strip("[]")
    if plain == "ID":
        return text if one.named else identifier
    return _TYPES.get(plain, text)


_TYPES: dict[str, Callable[[str], str]] = {
    "DateTime": moment,
    "UUID": uuid,
    "JSONString": document,
    "ExecutionInvokedByInput": execution,
}
