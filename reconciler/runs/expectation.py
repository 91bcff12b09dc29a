"""Whether what a flow brought is what was expected of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.digest import canonical
from reconciler.runs.flow import FlowResult


def failures(expect: Mapping[str, Any], result: FlowResult) -> Iterator[str]:
    """In what a result is not as expected. Without an expected status, one below 400 will do.

    A body is compared as a subset: maps may hold more keys, lists hold just these items.
    """
    if result.error:
        yield f"the execution failed: {result.error}"
    if "status" in expect:
        if result.status != expect["status"]:
            yield f"status {result.status} instead of {expect['status']}"
    elif result.status is not None and result.status >= 400:
        yield f"status {result.status}"
    if "body" in expect:
        yield from _missing(expect["body"], result.body, "body")
    if "schema" in expect:
        from jsonschema import Draft202012Validator  # slow to import, and few tests need it

        for problem in Draft202012Validator(expect["schema"]).iter_errors(result.body):
            where = "".join(f".{part}" for part in problem.absolute_path)
            yield f"body{where} does not fit the schema ({problem.validator})"


def _missing(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            if key in found:
                yield from _missing(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _missing(one, other, f"{path}[{index}]")
    elif canonical(wanted) != canonical(found):
        yield f"{path} is {_kind_of(found)} instead of {_short(wanted)}"


def _kind_of(found: Any) -> str:
    """A value as a report may show it: a flow's answer can hold secrets, and reports are read by many."""
    if isinstance(found, str):
        return f"a text of {len(found)} characters"
    if isinstance(found, Mapping | list):
        return f"a {'map' if isinstance(found, Mapping) else 'list'} of {len(found)}"
    return json.dumps(found)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
