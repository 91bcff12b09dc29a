"""What an InstanceSet says of single customers: it goes over the template, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.instance.config_values import is_connection
from reconciler.manifests.expand import chooses
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.references import Index
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import suggest
from reconciler.yaml12.document import Document

TEMPLATE = ("spec", "template")
OVERRIDES = ("spec", "overrides")
_RUNNING = ("release", "version")
"""Either says what runs: one of them is instead of the other."""


def check(manifest: Manifest, chosen: Sequence[Manifest], customers: Index) -> Iterator[Diagnostic]:
    """What the set says of customers that it does not match. Those of other environments may be among them,
    as they may among its names.
    """
    matched = {one.name: None for one in chosen}
    for name in manifest.spec.get("overrides", {}):
        there = customers.elsewhere.get(name)
        if name in matched or (there is not None and chooses(manifest, there)):
            continue
        source = manifest.document.source((*OVERRIDES, name), key=True)
        if name in customers.here or there is not None:
            message = f'set "{manifest.name}" overrides customer "{name}", which it does not match'
            hint = suggest(name, matched, "let spec.customers match it, or remove the override")
            yield Diagnostic("unmatched-override", message, source, f"InstanceSet/{manifest.name}", hint)
            continue
        message = f'set "{manifest.name}" overrides customer "{name}", which no manifest declares'
        hint = suggest(name, matched, "add a Customer manifest")
        yield Diagnostic("unknown-reference", message, source, f"InstanceSet/{manifest.name}", hint)


def of_customer(manifest: Manifest, customer: str) -> Manifest:
    """The set as it is for one customer: its template says what the override says, where it stands there."""
    document = effective(manifest.document, customer)
    return manifest if document is manifest.document else replace(manifest, document=document)


def effective(document: Document, customer: str) -> Document:
    """The same of the document of a set."""
    given: Mapping[str, Any] = document.value["spec"].get("overrides", {}).get(customer, {})
    if not given:
        return document
    instead = [one for one in _RUNNING if one not in given and any(other in given for other in _RUNNING)]
    return document.overlaid(TEMPLATE, (*OVERRIDES, customer), by_key, leaving=instead)


def by_key(path: Sequence[str | int], below: Any, above: Any) -> bool:
    """Whether two values of one field are joined key by key: config, the inputs of a connection, flows and
    the settings of one.
    """
    match tuple(path):
        case ("config",) | ("flows",) | ("flows", _):
            return True
        case ("config", _) | ("config", _, "inputs"):
            return len(path) == 3 or (is_connection(below) and is_connection(above))
    return False
