"""One YAML document as a manifest: told apart by kind, and held against its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.kinds.table.schema import API_VERSION
from reconciler.manifests.holes import holes_of
from reconciler.manifests.kinds import FIELDS, KINDS, SECRETS
from reconciler.manifests.messages import schema_problems
from reconciler.manifests.numbers import number_problems
from reconciler.manifests.shapes import known
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.hints import closest, listed, suggest
from reconciler.yaml12.document import Document

_KINDS_HINT = f"write one of {listed(KINDS[:4])}, or another of those that reconciler schema lists"
RESERVED = ("reconciler:", "reconciler-applied:", "reconciler-protect")
_TOLD_IN_METADATA = frozenset({"environments", "ignore", "sensitive", "was"})
_WITH_LABELS = frozenset({"labels", "template", "overrides"})


class Manifest(Struct, frozen=True):
    """One document of a known kind. `valid` is False where its schema or its metadata found an error: it then
    counts as there, so that references to it do not fail too, but nothing is made of it.
    """

    kind: str
    name: str
    document: Document
    path: Path
    valid: bool

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`, which a schema error may have left with anything in it."""
        return _map(self.document.value.get("metadata"))

    @property
    def spec(self) -> Mapping[str, Any]:
        """`spec`, which a schema error may have left with anything in it."""
        return _map(self.document.value.get("spec"))

    @property
    def environments(self) -> tuple[str, ...] | None:
        """The only environments in which it counts; None: all."""
        named = self.metadata.get("environments")
        return tuple(e for e in named if isinstance(e, str)) if isinstance(named, list) else None

    @property
    def labels(self) -> dict[str, str]:
        """The labels for selection."""
        return {k: v for k, v in _map(self.metadata.get("labels")).items() if isinstance(v, str)}

    @property
    def source(self) -> Source:
        """Where the manifest begins."""
        return self.document.source()


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def classify(
    document: Document, path: Path, environments: Mapping[str, Any]
) -> tuple[Manifest | None, list[Diagnostic]]:
    """The manifest that `document` is, with what its schema and metadata find. None where its kind is not
    known, or there is nothing in it.
    """
    value = document.value
    if value is None:
        return None, []
    wrong = _header(document)
    if wrong is not None:
        return None, [wrong]
    kind = value["kind"]
    metadata = _map(value.get("metadata"))
    name = metadata.get("name")
    name = name if isinstance(name, str) else ""
    address = _address(kind, name, _map(value.get("spec")))
    problems = _by_schema(document, kind, address)
    told = {problem.source for problem in problems}
    problems.extend(one for one in number_problems(document, address) if one.source not in told)
    problems.extend(_metadata(document, kind, metadata, environments, address))
    valid = not any(problem.severity == "error" for problem in problems)
    return Manifest(kind, name, document, path, valid), problems


def _by_schema(document: Document, kind: str, address: str) -> list[Diagnostic]:
    shapes = known(kind.lower())
    if shapes.is_right(document):
        return []
    problems = schema_problems(kind.lower(), document, address=address, holes=holes_of(kind))
    if not problems:
        shapes.learn(document)
    return problems


def _address(kind: str, name: str, spec: Mapping[str, Any]) -> str:
    if not name:
        return ""
    customer = spec.get("customer")
    if kind == "Instance":
        return f"Instance/{customer}/{name}" if isinstance(customer, str) and "${" not in customer else ""
    return f"{kind}/{name}"


def _header(document: Document) -> Diagnostic | None:
    """Why `document` is no manifest at all, if it is none."""
    value = document.value
    if not isinstance(value, dict):
        hint = "a manifest begins with apiVersion, kind, metadata and spec"
        return Diagnostic("not-a-manifest", "a manifest must be a map", document.source(), hint=hint)
    if "definitionVersion" in value and "kind" not in value:
        hint = (
            "move it out of the folders under spec.manifests, and name it in an Integration: spec.definition"
        )
        message = "an integration definition stands where manifests are expected"
        return Diagnostic("definition-as-manifest", message, document.source(), hint=hint)
    for key, wanted in (("apiVersion", (API_VERSION,)), ("kind", KINDS)):
        if key not in value:
            hint = f"add {key}: {wanted[0]}" if len(wanted) == 1 else _KINDS_HINT
            return Diagnostic("missing-field", f'"{key}" is missing', document.source(), hint=hint)
        given = value[key]
        if given not in wanted:
            return _unknown(document, key, given, wanted)
    return None


def _unknown(document: Document, key: str, given: Any, wanted: tuple[str, ...]) -> Diagnostic:
    source = document.source((key,))
    if key == "apiVersion":
        return Diagnostic(
            "unknown-version",
            f'"apiVersion" must be "{API_VERSION}"',
            source,
            hint=f"write apiVersion: {API_VERSION}",
        )
    if given == "Project":
        hint = "only reconciler.yaml holds a Project: move it there"
        return Diagnostic("unknown-kind", "a Project stands where manifests are expected", source, hint=hint)
    text = given if isinstance(given, str) else ""
    shown = f'unknown kind "{text}"' if text else '"kind" must be text'
    return Diagnostic("unknown-kind", shown, source, hint=suggest(text, wanted, _KINDS_HINT))


def _metadata(
    document: Document, kind: str, metadata: Mapping[str, Any], environments: Mapping[str, Any], address: str
) -> list[Diagnostic]:
    """What a schema cannot see in `metadata` and in the labels of `spec`."""
    problems: list[Diagnostic] = []
    spec = _map(document.value.get("spec"))
    if _TOLD_IN_METADATA.isdisjoint(metadata) and _WITH_LABELS.isdisjoint(spec):
        return problems

    def wrong(code: str, message: str, path: tuple[str | int, ...], hint: str) -> None:
        problems.append(Diagnostic(code, message, document.source(path), address=address, hint=hint))

    for index, name in _texts(metadata.get("environments")):
        if name not in environments:
            hint = suggest(name, list(environments))
            wrong(
                "unknown-environment",
                f'unknown environment "{name}"',
                ("metadata", "environments", index),
                hint,
            )
    for code, message, path, hint in _paths(kind, metadata):
        wrong(code, message, path, hint)
    for index, name in _texts(metadata.get("was")):
        if name == metadata.get("name"):
            wrong(
                "bad-was", f'"was" holds the present name "{name}"', ("metadata", "was", index), "remove it"
            )
    for path, labels in _label_lists(spec):
        for index, label in _texts(labels):
            if label.strip().lower().startswith(RESERVED):
                message = f'label "{label}" is reserved'
                hint = "the reconciler writes its own marks with it: choose another label"
                wrong("reserved-label", message, (*path, index), hint)
    return problems


def _paths(kind: str, metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str | int, ...], str]]:
    """What is wrong with the fields that `metadata` names: code, message, place and hint."""
    for name in ("ignore", "sensitive"):
        for index, field in _texts(metadata.get(name)):
            first, path = _first(field), ("metadata", name, index)
            if first not in FIELDS[kind] and not (name == "ignore" and "*" in first):
                message = f'unknown field "{field}" in metadata.{name}'
                yield "unknown-field", message, path, suggest(first, FIELDS[kind])
            elif name == "sensitive" and first not in SECRETS[kind]:
                hint = f"what may be secret is {listed(SECRETS[kind])}" if SECRETS[kind] else "remove it"
                yield "not-secret", f'"{field}" is always shown, and so cannot be sensitive', path, hint


def _first(path: str) -> str:
    """The field that a path begins with."""
    return path.split(".")[0].split("[")[0]


def _label_lists(spec: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    return [
        (("spec", "labels"), spec.get("labels")),
        (("spec", "template", "labels"), _map(spec.get("template")).get("labels")),
        *(
            (("spec", "overrides", customer, "labels"), _map(given).get("labels"))
            for customer, given in _map(spec.get("overrides")).items()
        ),
    ]


def _texts(value: Any) -> list[tuple[int, str]]:
    return [(i, v) for i, v in enumerate(value) if isinstance(v, str)] if isinstance(value, list) else []


def near_name(name: str, names: Mapping[str, Any]) -> str:
    """A hint for a reference to `name`, which is none of `names`."""
    near = closest(name, names.keys())
    return f'did you mean "{near}"?' if near else ""
