"""`pull.layout` of the project file: where new files stand, by kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import suggest
from reconciler.yaml12.document import Document

DEFINITION = "Definition"
"""What definition files are called beside the kinds."""
_PLACE = re.compile(r"\{([^{}]*)\}")
_PATH = ("spec", "pull", "layout")


def layout_of(spec: Mapping[str, Any]) -> Mapping[str, str]:
    """The templates of paths, by kind."""
    given = spec.get("pull")
    layout = given.get("layout") if isinstance(given, dict) else None
    return layout if isinstance(layout, dict) else {}


def layout_problems(document: Document, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What is wrong with the templates: what they name, and where they lead."""
    given = spec.get("manifests")
    entries = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    for kind, template in layout_of(spec).items():
        if not isinstance(template, str) or template.startswith("/"):
            continue  # the schema says so
        if found := _problem(kind, template, entries):
            message, hint = found
            yield Diagnostic("bad-layout", message, document.source((*_PATH, kind)), hint=hint)


def _problem(kind: str, template: str, manifests: Sequence[str]) -> tuple[str, str] | None:
    known = ["name", "customer"] if kind == "Instance" else ["name"]
    named = _PLACE.findall(template)
    if unknown := next((one for one in named if one not in known), None):
        return f'the path of {kind} names "{{{unknown}}}", which it has not', suggest(unknown, known)
    if "name" not in named:
        return f'the path of {kind} does not hold "{{name}}"', "all of the kind would stand in one file"
    parts = template.split("/")
    if any(one in ("", ".", "..") for one in parts):
        return f"the path of {kind} leads out of the project, or nowhere", "write folders and a name"
    inside = [entry for entry in manifests if _holds(entry, template)]
    if kind == DEFINITION and inside:
        return (
            f'definitions would stand in "{inside[0]}", where manifests are read',
            "give them a folder of their own",
        )
    if kind != DEFINITION and not inside and not any(set("*?[") & set(entry) for entry in manifests):
        hint = f"begin it with one of them: {', '.join(manifests)}"
        return f"the path of {kind} is in none of spec.manifests: it would not be read", hint
    return None


def _holds(entry: str, template: str) -> bool:
    folder = entry.removeprefix("./").rstrip("/")
    return folder in ("", ".") or template == folder or template.startswith(f"{folder}/")
