"""`explain`: what a kind of manifest, or a field of one, means: as its rows and its schema say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.kinds.instance.rows import TEMPLATE
from reconciler.kinds.table.row import Row, Secrecy
from reconciler.manifests import kinds, schemas
from reconciler.model.errors import InvalidInput
from reconciler.model.hints import suggest

PROJECT = "Project"
KINDS = (*kinds.KINDS, PROJECT)
"""What can be explained."""
_SPEC = "spec"
_HEAD = ("apiVersion", "kind", "metadata", _SPEC)


class Field(Struct, frozen=True):
    """A field within another, or within a kind, in short."""

    name: str
    type: str
    required: bool
    description: str


class Explained(Struct, frozen=True):
    """A kind, or one of its fields (`path`, from the top of the manifest). `must` is what a value must be
    besides its type, `refers` the kind of the resources that it names, `fields` what may stand within.
    """

    kind: str
    path: str
    description: str
    type: str
    required: bool
    allowed: tuple[Any, ...]
    default: Any
    examples: tuple[Any, ...]
    must: str
    secret: Secrecy
    refers: str
    fields: tuple[Field, ...]


def kinds_told() -> list[tuple[str, str]]:
    """All that can be explained, each with what it is."""
    return [(kind, str(schemas.load(kind.lower())["description"])) for kind in KINDS]


def explain(asked: str) -> Explained:
    """What `KIND` or `KIND.field.field` means; the kind's case does not matter. Raises InvalidInput."""
    named, *parts = asked.split(".")
    kind = kind_named(named, KINDS, "list them with: reconciler explain")
    schema: Mapping[str, Any] = schemas.load(kind.lower())
    if not parts:
        example = {**schema, "examples": ()}
        return _explained(kind, (), example, None, required=True, within=schema["properties"][_SPEC])
    if parts[0] not in _HEAD or parts[0] in schema["properties"][_SPEC]["properties"]:
        parts = [_SPEC, *parts]
    required = True
    for number, part in enumerate(parts):
        required = part in _listed(_inner(schema).get("required"))
        schema = _below(schema, part, ".".join([kind, *parts[:number]]))
    return _explained(kind, parts, schema, _row(kind, parts), required=required, within=schema)


def kind_named(asked: str, known: Sequence[str], otherwise: str) -> str:
    """The kind of this name, whose case does not matter. Raises InvalidInput."""
    found = next((kind for kind in known if kind.lower() == asked.lower()), "")
    if not found:
        hint = suggest(asked, known, otherwise)
        raise InvalidInput.of("unknown-kind", f'there is no kind "{asked}"', hint=hint)
    return found


def _below(schema: Mapping[str, Any], part: str, above: str) -> Mapping[str, Any]:
    """The schema of a field; in lists of their items, and in maps with names of people's own of what stands
    under any of them.
    """
    inner = _inner(schema)
    found = inner.get("properties", {}).get(part)
    free = inner.get("additionalProperties")
    if found is None and isinstance(free, dict):
        within = _inner(free).get("properties", {})
        found = within.get(part, free)
    if found is None:
        names = list(_fields(inner))
        shown = above.replace(f".{_SPEC}", "", 1)
        if not names:
            raise InvalidInput.of(
                "unknown-field", f'nothing of what stands in "{shown}" is known by name', hint=_see(shown)
            )
        raise InvalidInput.of(
            "unknown-field", f'"{shown}" has no field "{part}"', hint=suggest(part, names, _see(shown))
        )
    return dict(found)


def _see(shown: str) -> str:
    return f"see what it may be with: reconciler explain {shown}"


def _inner(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in a list, however deep; else the schema itself."""
    while isinstance(items := schema.get("items"), dict):
        schema = items
    return schema


def _fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields that are known by name, also those under any name of people's own."""
    free = schema.get("additionalProperties")
    within = _inner(free).get("properties") if isinstance(free, dict) else None
    found: Mapping[str, Any] = schema.get("properties") or within or {}
    return found


def _explained(
    kind: str,
    path: Sequence[str],
    schema: Mapping[str, Any],
    row: Row | None,
    *,
    required: bool,
    within: Mapping[str, Any],
) -> Explained:
    inner = _inner(within)
    free = inner.get("additionalProperties")
    must = inner if inner.get("properties") else _inner(free) if isinstance(free, dict) else inner
    needed = _listed(must.get("required"))
    return Explained(
        kind=kind,
        path=".".join(path),
        description=str(schema.get("description", "")),
        type=type_of(schema),
        required=required,
        allowed=tuple(schema.get("enum", _inner(schema).get("enum", ()))),
        default=schema.get("default"),
        examples=tuple(schema.get("examples", ())),
        must=_must(schema),
        secret=row.secret if row else _secrecy(schema),
        refers=row.refers if row else "",
        fields=tuple(
            Field(name, type_of(one), name in needed, str(one.get("description", "")))
            for name, one in _fields(inner).items()
        ),
    )


def _row(kind: str, path: Sequence[str]) -> Row | None:
    """The row of a field, or of what holds it where its own schema says no more."""
    if kind == PROJECT or path[0] != _SPEC:
        return None
    rows: Sequence[Row] = kinds.ROWS[kind]
    rest = list(path[1:])
    if rest[:1] == ["template"] and len(rest) > 1:
        rows, rest = TEMPLATE, rest[1:]
    return _called(rows, rest[0]) if len(rest) == 1 else None


def _called(rows: Iterable[Row], name: str) -> Row | None:
    return next((row for row in rows if row.name == name), None)


def _secrecy(schema: Mapping[str, Any]) -> Secrecy:
    """Whether a value below a row may be given as a secret."""
    inner = _inner(schema)
    free = inner.get("additionalProperties")
    told = str((free if isinstance(free, dict) else inner).get("errorMessage", ""))
    return "may" if "{secret:" in told else "never"


def _must(schema: Mapping[str, Any]) -> str:
    """What a value must be besides its type, in words."""
    if "errorMessage" in schema:
        return str(schema["errorMessage"])
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"must be from {least} to {most}" if most != 2**31 - 1 else f"must be at least {least}"
    return ""


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "map",
    "array": "list",
    "null": "nothing",
}


def type_of(schema: Mapping[str, Any]) -> str:
    """The type of a field in words."""
    if "const" in schema:
        return f"always {schema['const']}"
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    types = _listed(schema.get("type"))
    if not types:
        alternatives = [one for key in ("oneOf", "anyOf") for one in schema.get(key, ()) if "type" in one]
        return " or ".join(dict.fromkeys(map(type_of, alternatives))) or "anything"
    items, free = schema.get("items"), schema.get("additionalProperties")
    if types == ["array"] and isinstance(items, dict):
        return f"list of: {type_of(items)}"
    if types == ["object"] and isinstance(free, dict) and not schema.get("properties"):
        return f"map of: {type_of(free)}"
    if "{secret:" in str(schema.get("errorMessage", "")):
        return "text or secret"
    return " or ".join(_WORDS.get(one, one) for one in types)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
