"""Integration definitions: read once each, told apart by version, and checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.definition import Definition
from reconciler.definition.check import is_refused, only_definition
from reconciler.definition.check import problems as cross_check
from reconciler.manifests import schemas
from reconciler.manifests.messages import and_more, place, schema_problems
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import closest
from reconciler.yaml12.document import Document
from reconciler.yaml12.file import read as read_yaml


class Definitions:
    """The definition files of one load, each read and checked once, however many manifests name it."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[Definition | None, list[Diagnostic]]] = {}

    def get(self, path: Path, file: str) -> Definition | None:
        """The definition at `path` (a real path), which messages call `file`; None if it has errors."""
        if path not in self._read:
            self._read[path] = read(path, file)
        return self._read[path][0]

    def problems(self) -> Iterator[Diagnostic]:
        """What was found in all the files that were read."""
        for _, found in self._read.values():
            yield from found


def read(path: Path, file: str) -> tuple[Definition | None, list[Diagnostic]]:
    """The definition at `path`, with everything that is wrong or doubtful in it."""
    text, documents, problems = read_yaml(path, file)
    if problems:
        return None, problems
    return check(text, documents, file)


def check(text: str, documents: list[Document], file: str) -> tuple[Definition | None, list[Diagnostic]]:
    """The definition that `documents` hold, which were read from `text`."""
    document = only_definition(documents, file)
    if isinstance(document, Diagnostic):
        return None, [document]
    problems = schema_problems("definition", document, is_error=is_refused)
    if _valid(problems):
        problems += cross_check(document)
    problems += _unknown_keys(document)
    return Definition(text, document.value, file) if _valid(problems) else None, problems


def _valid(problems: list[Diagnostic]) -> bool:
    return not any(problem.severity == "error" for problem in problems)


def _unknown_keys(document: Document) -> list[Diagnostic]:
    """Warnings for keys that the schema does not know: one a key and kind of place, however often.

    Prismatic adds keys without a new version, so they are sent as they are; but one may be a slip.
    """
    found: dict[tuple[str, str], tuple[tuple[str | int, ...], int, str]] = {}
    root = schemas.load("definition")
    todo: list[tuple[Any, dict[str, Any], tuple[str | int, ...], str]] = [(document.value, root, (), "")]
    while todo:
        value, schema, path, kind = todo.pop()
        kind = schema.get("$ref", kind).rsplit("/", 1)[-1]
        schema = _resolved(schema, root, value)
        if isinstance(value, list):
            items = schema.get("items", {})
            todo.extend(
                (inner, items, (*path, index), kind) for index, inner in reversed(list(enumerate(value)))
            )
        if not isinstance(value, dict):
            continue
        known: Mapping[str, Any] = schema.get("properties", {})
        rest = schema.get("additionalProperties", not known)
        for key, inner in reversed(list(value.items())):
            deeper = known.get(key, rest if isinstance(rest, dict) else None)
            if deeper is not None:
                todo.append((inner, deeper, (*path, key), kind))
            elif rest is not True:
                near = closest(key, [name for name in known if name not in value])
                first, count, near = found.get((kind, key), ((*path, key), 0, near))
                found[kind, key] = (first, count + 1, near)
    return [and_more(_unknown_key(document, path, near), count) for path, count, near in found.values()]


def _unknown_key(document: Document, path: tuple[str | int, ...], near: str) -> Diagnostic:
    where = f" in {place(path[:-1])}" if len(path) > 1 else ""
    message = f'unknown key "{path[-1]}"{where}'
    hint = f'did you mean "{near}"?' if near else "it is sent as it is"
    return Diagnostic("unknown-key", message, document.source(path, key=True), hint=hint)


def _resolved(schema: dict[str, Any], root: dict[str, Any], value: Any) -> dict[str, Any]:
    """`schema` with its reference followed, and the alternative chosen that fits the type of `value`."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "properties" in schema or "anyOf" not in schema:
        return schema
    wanted = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else ""
    for choice in schema["anyOf"]:
        resolved = _resolved(choice, root, value)
        if wanted and resolved.get("type") == wanted:
            return resolved
    return {}
