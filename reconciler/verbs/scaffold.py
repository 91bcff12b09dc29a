"""`scaffold`: a commented manifest of a kind, from its schema: what must be there with an example, and all
else as comments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from reconciler.manifests import kinds, schemas
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.pull.text import entry
from reconciler.verbs.explain import kind_named
from reconciler.verbs.pull import SCHEMAS
from reconciler.verbs.session import Session

_WIDTH = 100
_USUAL = Path("manifests")
_MORE = "Lines that begin with # and no blank behind it are fields that may be left out."


def scaffold(kind: str, schema: str = "") -> str:
    """The text of the manifest; `schema` is where its schema stands for editors, and usually in the project's
    folder of schemas beside `manifests/`. Raises InvalidInput for a kind that manifests do not declare.
    """
    name = kind_named(kind, kinds.KINDS, "list them with: reconciler explain")
    found = schemas.load(name.lower())
    properties, example = found["properties"], found["examples"][0]
    needed = _needed(name, found)
    place = schema or f"../{SCHEMAS}/{name.lower()}.json"
    lines = [f"# yaml-language-server: $schema={place}"]
    if not schema:
        lines.append(f"# (written by: reconciler schema {name.lower()} > {SCHEMAS}/{name.lower()}.json)")
    lines += [*_comment(str(found["description"])), *_comment(_MORE)]
    lines += [f"apiVersion: {example['apiVersion']}", f"kind: {name}", "metadata:"]
    lines += _fields(properties["metadata"], ["name"], example["metadata"])
    lines += ["spec:", *_fields(properties["spec"], needed, example["spec"])]
    return "\n".join(lines) + "\n"


def write(session: Session, kind: str, path: Path) -> None:
    """Writes the manifest of a kind into a new file, and its schema where the project has none yet. Raises
    InvalidInput where something stands there already.
    """
    name = kind_named(kind, kinds.KINDS, "list them with: reconciler explain")
    schema = session.project.root / SCHEMAS / f"{name.lower()}.json"
    told = Path(os.path.relpath(schema, path.absolute().parent)).as_posix()
    text = scaffold(name, told)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        schema.parent.mkdir(parents=True, exist_ok=True)
        if not schema.exists():
            schema.write_text(schemas.text(name.lower()), "utf-8")
    except FileExistsError as error:
        raise InvalidInput.of(
            "file-exists", f"{path} exists already", hint="name another file, or move it away"
        ) from error
    except OSError as error:
        raise ReconcilerError(f"{error.filename or path} cannot be written: {error.strerror}") from error


def _needed(kind: str, schema: Mapping[str, Any]) -> list[str]:
    """The fields of `spec` that a new resource must have, those among them that only a rule over several
    asks for.
    """
    example, spec = schema["examples"][0], schema["properties"]["spec"]
    found = [*spec.get("required", ()), *(row.name for row in kinds.ROWS[kind] if row.to_create)]
    while True:
        filled = {name: _value(spec, name, example["spec"]) for name in found}
        missing = _missing(kind, {**example, "spec": filled})
        if not missing:
            return found
        found += missing


def _missing(kind: str, document: Mapping[str, Any]) -> list[str]:
    """What the schema says is missing in `spec`: of several ways to be right, that of the first."""
    for error in schemas.validator(kind.lower()).iter_errors(document):
        for one in (error, *(error.context or ())):
            if one.validator == "required":
                return [name for name in one.validator_value if name not in document["spec"]]
    return []


def _fields(schema: Mapping[str, Any], needed: list[str], example: Mapping[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield from (f"  {line}" for line in _comment(str(field.get("description", ""))))
        sign = "" if name in needed else "#"
        yield from (f"  {sign}{line}" for line in entry(name, _value(schema, name, example)))


def _value(schema: Mapping[str, Any], name: str, example: Mapping[str, Any]) -> object:
    """An example of a field: that of the kind, else its own, else the least that fits its type."""
    field = schema["properties"][name]
    own = field.get("examples") or [_LEAST.get(str(field.get("type")), "")]
    return example.get(name, own[0])


_LEAST: Mapping[str, object] = {"boolean": True, "integer": 1, "array": [], "object": {}}


def _comment(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
