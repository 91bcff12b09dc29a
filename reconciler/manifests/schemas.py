"""The JSON Schemas of everything that people write or read, found in a wheel and in a checkout alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.manifests import kinds
from reconciler.manifests.schema_files import folder
from reconciler.model.problem import Where

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

KINDS = (
    "project",
    *(kind.lower() for kind in kinds.KINDS),
    "manifest",
    "definition",
    "plan",
    "outcome",
    "drift",
    "inventory",
    "environments",
    "rehearsal",
    "test",
    "policytest",
    "watch",
)
"""The names of the schemas, as `load` takes them."""


@cache
def text(kind: str) -> str:
    """The schema of `kind` as it stands in its file. Raises KeyError for a kind that is not in `KINDS`."""
    if kind not in KINDS:
        raise KeyError(kind)
    return folder().joinpath(f"{kind}.json").read_text("utf-8")


@cache
def load(kind: str) -> dict[str, Any]:
    """The schema of `kind`. Raises KeyError for a kind that is not in `KINDS`."""
    schema: dict[str, Any] = json.loads(text(kind))
    return schema


@cache
def validator(kind: str) -> Draft202012Validator:
    """The compiled validator of `kind`, made once: making it costs more than using it."""
    # Imported here, as it takes as long as all the rest of a command that loads no manifest.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    strict: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]  # the stubs leave it bare
        Draft202012Validator, {"pattern": _pattern}
    )
    return strict(load(kind))


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[Any]:
    """JSON Schema's `$` is the end of the text; Python's would also let a line break follow."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not compiled(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern of a schema as one of Python's."""
    return re.compile(re.sub(r"\$\Z", r"\\Z", pattern))


@cache
def at(kind: str, path: Where) -> Draft202012Validator | None:
    """The validator of the values at one place of the manifests of a kind; None where any value may stand."""
    schema = load(kind)
    for part in path:
        below = schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)
        below = schema.get("additionalProperties") if below is None and isinstance(part, str) else below
        if not isinstance(below, dict):
            return None
        schema = below
    return type(validator(kind))(schema)
