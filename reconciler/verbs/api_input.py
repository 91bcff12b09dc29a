"""What `api` is given: a query or a whole body, variables, and which of its operations is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSyntaxError,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    parse,
    print_ast,
    separate_operations,
)
from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import InvalidInput

_KEY = re.compile(r"\A([^\[\]=]+)((?:\[[^\[\]]*\])*)\Z")
_TEXTS = ("String", "ID", "JSONString", "UUID", "DateTime", "Date")
"""The types whose values are texts, whatever the text looks like."""


class Body(Struct, frozen=True):
    """A request as it was written. `name` says where, for messages."""

    query: str
    variables: Mapping[str, Any]
    operation: str = ""
    name: str = "query"


class Document(Struct, frozen=True):
    """The one operation that is sent, and the types of its variables that are not lists."""

    query: str
    types: Mapping[str, str]
    variables: frozenset[str]
    reads: bool


def body_of(text: str, name: str) -> Body:
    """What a file or the standard input holds: a query, or JSON with `query`, `variables` and
    `operationName`. Raises InvalidInput.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return Body(text, {}, name=name)
    parts = found if isinstance(found, dict) else {}
    query, variables = parts.get("query"), parts.get("variables") or {}
    operation = parts.get("operationName") or ""
    if not (isinstance(query, str) and isinstance(variables, dict) and isinstance(operation, str)) or (
        parts.get("variables") == []
    ):
        raise InvalidInput.of(
            "bad-body",
            f'"{name}" is JSON, but no request',
            hint='write {"query": "…", "variables": {…}, "operationName": "…"}, or the query alone',
        )
    return Body(query, variables, operation, name)


def document_of(body: Body) -> Document:
    """The operation that is meant. Raises InvalidInput, with line and column where it cannot be read."""
    try:
        tree = parse(body.query)
    except GraphQLSyntaxError as error:
        source = Source(body.name)
        for place in (error.locations or ())[:1]:
            source = Source(body.name, place.line, place.column)
        text = error.message.removeprefix("Syntax Error: ")
        raise InvalidInput([Diagnostic("graphql-syntax", f"{text[:1].lower()}{text[1:]}", source)]) from None
    operations = {
        one.name.value if one.name else "": one
        for one in tree.definitions
        if isinstance(one, OperationDefinitionNode)
    }
    name = body.operation or (next(iter(operations), "") if len(operations) < 2 else "")
    if name not in operations:
        known = ", ".join(one for one in operations if one) or "none with a name"
        what = f'there is no operation "{name}"' if name else "it does not say which operation is meant"
        hint = f'give "operationName" in a body for --input; there are: {known}'
        raise InvalidInput.of("no-operation", what, hint=hint)
    return _document(body.query if len(operations) == 1 else "", tree, operations[name])


def _document(query: str, tree: DocumentNode, operation: OperationDefinitionNode) -> Document:
    types: dict[str, str] = {}
    names = set()
    for variable in operation.variable_definitions or ():
        type_ = variable.type.type if isinstance(variable.type, NonNullTypeNode) else variable.type
        names.add(variable.variable.name.value)
        if isinstance(type_, NamedTypeNode):
            types[variable.variable.name.value] = type_.name.value
    alone = operation.name.value if operation.name else ""
    return Document(
        query or print_ast(separate_operations(tree)[alone]),
        types,
        frozenset(names),
        operation.operation is OperationType.QUERY,
    )


def variables_of(
    texts: Iterable[str],
    values: Iterable[str],
    read: Callable[[str], str],
    types: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Variables out of `name=value` pairs: `texts` as they stand, `values` as JSON where they are JSON and
    as text otherwise, or where one of `types` says that the variable is text. `@file` in a value is the
    file's content, by `read`. `a[b]=` and `a[]=` fill objects and lists. Raises InvalidInput.
    """
    found: dict[str, Any] = {}
    for pair in texts:
        name, value = _pair(pair)
        _put(found, name, value)
    for pair in values:
        name, value = _pair(pair)
        is_text = (types or {}).get(name) in _TEXTS
        if value.startswith("@"):
            content = read(value[1:])
            _put(found, name, content if is_text else _typed(content))
        else:
            typed = _typed(value)
            _put(found, name, typed if not is_text or typed is None or isinstance(typed, str) else value)
    return found


def read_text(name: str, stdin: Callable[[], bytes]) -> str:
    """A file's text; that of `stdin` for `-`. Raises InvalidInput."""
    try:
        return (stdin() if name == "-" else Path(name).read_bytes()).decode("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        shown = "the standard input" if name == "-" else f'"{name}"'
        raise InvalidInput.of(
            "file-unreadable", f"{shown} cannot be read: {reason[:1].lower()}{reason[1:]}"
        ) from error


def check_text(variables: Mapping[str, Any]) -> None:
    """Raises InvalidInput where a variable holds half a character: JSON can write what UTF-8 cannot."""
    for name, value in variables.items():
        try:
            json.dumps({name: value}, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InvalidInput.of("bad-field", f'the variable "{name}" is not text in UTF-8') from None


def _pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not _KEY.match(name):
        raise InvalidInput.of(
            "bad-field", f'"{pair}" is not NAME=VALUE', hint="write name=value, a[b]=value or a[]=value"
        )
    return name, value


def _typed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    match = _KEY.match(name)
    assert match is not None
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    place: Any = found
    for key, following in zip(path, [*path[1:], None], strict=True):
        fresh: Any = value if following is None else [] if following == "" else {}
        if key == "" and isinstance(place, list):
            place.append(fresh)
            place = fresh
        elif key != "" and isinstance(place, dict):
            place[key] = fresh if following is None else place.get(key, fresh)
            place = place[key]
        else:
            raise InvalidInput.of("bad-field", f'"{name}" is a list in one place and an object in another')
