"""Why this exists: what a tenant answered is put into a fresh one, so that what would be done can be tried.

Objects keep their ids, marks, versions, definitions and configuration; what no answer tells (executions,
tokens, the log) is not there. What lies inside rows (flows, variables) gets ids of its own, alike in all
versions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .copied_kinds import AFTER, BEFORE, Fill
from .copying import HIDDEN, Copying, Node, has_value, input_of, labels, rows, text, uuid_of
from .resolve.content.merging import stored
from .resolve.definitions import Parsed, parsed, state
from .resolve.frame.context import Context
from .resolve.frame.ids import named
from .resolve.integrations.drafts import create_system_instance
from .store import Row

if TYPE_CHECKING:
    from .sandbox import Sandbox


def copy(
    sandbox: Sandbox,
    tenant: str,
    nodes: Mapping[str, Sequence[Node]],
    definitions: Mapping[str, str],
    listings: Mapping[str, Node],
) -> None:
    """Fill an empty tenant with these nodes, by the schema's types. Definitions and listings are those of
    versions, by id; a version of which there is none is like its draft.
    """
    store = sandbox.store
    with store.writing():
        store.set_meta({"tenant": uuid_of(tenant)})
        context = Context(store, sandbox.rules, store.meta(), "owner")
        copying = Copying(context, definitions, listings)
        for kind, fill in _KINDS:
            fill(copying, nodes.get(kind, ()))


def _customers(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        row = {"name": node["name"], "description": node.get("description") or "", "labels": labels(node)}
        copying.put("customer", node, {**row, "external_id": node.get("externalId")})


def _components(copying: Copying, nodes: Sequence[Node]) -> None:
    """The organization's own, in all their versions; what they hold nobody asked."""
    for node in nodes:
        body = {"key": node["key"], "label": node.get("label") or node["key"], "description": ""}
        body |= {"category": "", "public": False, "actions": [], "connections": [], "data_sources": []}
        for version in reversed((node.get("versionSequence") or {}).get("nodes") or ()):
            copying.context.store.add_component(
                node["key"], version["versionNumber"], version.get("signature") or "", json.dumps(body)
            )


def _integrations(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        _integration(copying, node)


def _integration(copying: Copying, node: Node) -> None:
    context, store = copying.context, copying.context.store
    sequence = uuid_of(node.get("versionSequenceId") or f"sequence of {node['id']}")
    shown = (node.get("versionSequence") or {}).get("nodes") or ()
    versions = [one for one in shown if one and one["id"] != node["id"]]
    newest = max((one["versionNumber"] for one in versions), default=0)
    common = {
        "sequence": sequence,
        "name": node["name"],
        "description": node.get("description") or "",
        "category": node.get("category") or "",
        "metadata": text(node.get("metadata")),
    }
    draft = copying.content(node.get("definition") or "")
    row = {**common, **_columns(sequence, draft), "is_draft": 1, "number": newest, "labels": labels(node)}
    copying.put("integration", node, row)
    last = draft
    for one in reversed(versions):
        told = copying.definitions.get(one["id"])
        last = copying.content(told) if told else draft
        row = {
            **common,
            **_columns(sequence, last),
            **_listing(copying.listings.get(one["id"])),
            "is_draft": 0,
            "number": one["versionNumber"],
            "labels": labels(node) if context.rules["publish_copies_labels"] == "true" else "[]",
            "available": int(bool(one.get("versionIsAvailable"))),
            "comment": one.get("versionComment"),
            "attributes": text(one.get("versionAttributes")),
            "published_at": copying.moment(),
        }
        copying.put("integration", one, row)
    context.forget()
    found = store.get("integration", uuid_of(node["id"])) or {}
    changed = bool(node.get("hasUnpublishedChanges")) or not versions
    published = _published(context, found, last, changed=changed) if versions else None
    settled = {"published_state": published, "unpublished": int(changed)}
    store.update("integration", found["id"], settled)
    create_system_instance(context, {**found, **settled})


def _published(context: Context, draft: Row, last: Parsed, *, changed: bool) -> str:
    """What was published last, such that the draft has changes or has none."""
    now = state(context, draft)
    then = {**now, "definition": last.meaning} if changed else now
    return json.dumps({**then, "name": ""} if changed and then == now else then)


def _columns(sequence: str, content: Parsed) -> Row:
    """What a definition fills. Parts of one name are one part in all versions."""

    def states(parts: Sequence[Mapping[str, Any]], name: str) -> str:
        return json.dumps([{"s": named(sequence, f"{name}/{part[name]}")} for part in parts])

    return {
        "definition": content.digest,
        "flows": states(content.flows, "name"),
        "variables": states(content.variables, "key"),
        "code_native": int(bool(content.body.get("isCodeNative"))),
        "agent": int(any(flow["is_agent_flow"] for flow in content.flows)),
    }


def _listing(node: Node | None) -> Row:
    if node is None:
        return {}
    tabs = node.get("marketplaceTabConfiguration")
    return {
        "marketplace": node.get("marketplaceConfiguration") or "NOT_AVAILABLE_IN_MARKETPLACE",
        "overview": node.get("overview"),
        "multiple": int(bool(node.get("allowMultipleMarketplaceInstances"))),
        "marketplace_tabs": json.dumps(tabs) if tabs else None,
    }


def _instances(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        _instance(copying, node)


def _instance(copying: Copying, node: Node) -> None:
    store = copying.context.store
    version = store.get("integration", uuid_of((node.get("integration") or {}).get("id") or ""))
    customer = uuid_of((node.get("customer") or {}).get("id") or "")
    if version is None or store.get("customer", customer) is None:
        return  # of what is not listed: nothing that is planned is about it
    deployed, content = node.get("lastDeployedAt"), parsed(store, version["definition"])
    config = stored(dict(_config(version["sequence"], node, content)))
    row = {
        "name": node["name"],
        "description": node.get("description") or "",
        "labels": labels(node),
        "integration": version["id"],
        "sequence": version["sequence"],
        "customer": customer,
        "enabled": int(bool(node.get("enabled"))),
        "needs_deploy": int(bool(node.get("needsDeploy"))),
        "deployed_version": node.get("deployedVersion") if deployed else None,
        "last_deployed_at": deployed,
        "config": config,
        "deployed_config": config if deployed and not node.get("needsDeploy") else None,
        "flow_configs": stored(dict(_flows(version["sequence"], node))),
    }
    copying.put("instance", node, row)


def _config(sequence: str, node: Node, content: Parsed) -> Iterator[tuple[str, dict[str, Any]]]:
    defaults = {one["key"]: one["default_value"] for one in content.variables}
    for one in (node.get("configVariables") or {}).get("nodes") or ():
        key = one["requiredConfigVariable"]["key"]
        bound = one.get("customerConfigVariable")
        entry = {
            "value": one["value"] if one.get("value") not in (None, defaults.get(key)) else None,
            "inputs": {row["name"]: input_of(row) for row in rows(one.get("inputs")) if has_value(row)},
            "schedule_type": one.get("scheduleType"),
            "time_zone": one.get("timeZone"),
            "customer_variable": uuid_of(bound["id"]) if bound else None,
            "status": one.get("status"),
        }
        if kept := {name: value for name, value in entry.items() if value not in (None, {})}:
            yield named(sequence, f"key/{key}"), kept


def _flows(sequence: str, node: Node) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in rows(node.get("flowConfigs")):
        found = {
            "api_keys": [HIDDEN] if one.get("apiKeys", ()) is None else one.get("apiKeys"),
            "test_content_type": one.get("testContentType"),
            "test_headers": one.get("testHeaders"),
            "test_payload": one.get("testPayload"),
            "uses_lre": one.get("usesLre"),
        }
        if kept := {name: value for name, value in found.items() if value not in (None, [], False)}:
            yield named(sequence, f"name/{one['flow']['name']}"), kept


_KINDS: tuple[tuple[str, Fill], ...] = (
    ("customers", _customers),
    ("components", _components),
    *BEFORE,
    ("integrations", _integrations),
    ("instances", _instances),
    *AFTER,
)
"""What is filled, by the name of its list; what others refer to comes first."""
