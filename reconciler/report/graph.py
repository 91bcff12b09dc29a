"""The plan's dependencies as a graph, from the plan's document: as data, as Mermaid and as DOT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.report.sanitize import fence, terminal
from reconciler.report.values import shorten

Document = dict[str, Any]

GRAPH = "reconciler.graph/v1"
PLANNED, REFUSED, LEFT_OUT = "planned", "refused", "left out"
_WHOLE = "the whole plan"
_LONGEST = 80
# Outside of words Mermaid reads all of these, and "%%{…}" even within quotes.
_MERMAID = re.compile(r'["#&<>`%\\{}\[\]();|]')


def graph_document(plan: Mapping[str, Any]) -> Document:
    """The graph of a plan's document: its resources, each with its actions as nodes, and an edge from each
    action to each that waits for it. What is refused or left out is a resource, too.
    """
    nodes = [
        {name: action[name] for name in ("id", "address", "verb", "reason")} for action in plan["actions"]
    ]
    known = {node["id"] for node in nodes}
    edges = [
        {"from": other, "to": action["id"]}
        for action in plan["actions"]
        for other in action["dependsOn"]
        if other in known
    ]
    head = {name: plan[name] for name in ("project", "environment", "createdAt")}
    return {"format": GRAPH, **head, "resources": _resources(plan), "nodes": nodes, "edges": edges}


def _resources(plan: Mapping[str, Any]) -> list[Document]:
    barred = {one["address"]: (LEFT_OUT, one["reason"]) for one in plan.get("leftOut", ())}
    for one in reversed(plan.get("refusals", ())):  # the first that concerns a resource is told
        barred[one["address"]] = (REFUSED, one["message"])
    named = dict.fromkeys([action["address"] for action in plan["actions"]])
    found = []
    for address in [*named, *(one for one in barred if one not in named)]:
        status, reason = barred.get(address, (PLANNED, ""))
        found.append({"address": address, "status": status, **({"reason": reason} if reason else {})})
    return found


def mermaid(graph: Mapping[str, Any]) -> str:
    """A flowchart of Mermaid: a box for each resource around its actions."""
    numbers = {node["id"]: f"a{number}" for number, node in enumerate(graph["nodes"])}
    lines = ["flowchart LR"]
    for number, resource, nodes in _grouped(graph):
        lines.append(f'  subgraph r{number}["{_mermaid(_title(resource))}"]')
        lines += [
            f'    {numbers[node["id"]]}["{_mermaid(node["verb"])}<br/>{_mermaid(_short(node["reason"]))}"]'
            for node in nodes
        ]
        if "reason" in resource:
            text = f"{resource['status']}: {_short(resource['reason'])}"
            lines.append(f'    x{number}["{_mermaid(text)}"]:::{_CLASSES[resource["status"]]}')
        lines.append("  end")
    lines += [f"  {numbers[edge['from']]} --> {numbers[edge['to']]}" for edge in graph["edges"]]
    used = {resource["status"] for resource in graph["resources"]}
    lines += [f"  classDef {_CLASSES[one]} {_STYLES[one]}" for one in (REFUSED, LEFT_OUT) if one in used]
    return "\n".join(lines) + "\n"


_CLASSES = {REFUSED: "refused", LEFT_OUT: "leftOut"}
_STYLES = {REFUSED: "stroke:#c00,stroke-width:2px", LEFT_OUT: "stroke:#888,stroke-dasharray:4 4"}


def dot(graph: Mapping[str, Any]) -> str:
    """A directed graph of Graphviz: a cluster for each resource around its actions."""
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    for number, resource, nodes in _grouped(graph):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_dot(_title(resource))};"]
        lines += [
            f"    {_dot(node['id'])} [label={_dot(node['verb'], _short(node['reason']))}];" for node in nodes
        ]
        if "reason" in resource:
            status = resource["status"]
            label = _dot(f"{status}: {_short(resource['reason'])}")
            lines.append(f"    x{number} [label={label}, {_LOOKS[status]}];")
        lines.append("  }")
    lines += [f"  {_dot(edge['from'])} -> {_dot(edge['to'])};" for edge in graph["edges"]]
    return "\n".join([*lines, "}"]) + "\n"


_LOOKS = {REFUSED: 'color="#cc0000", penwidth=2', LEFT_OUT: 'color="#888888", style=dashed'}


def _markdown(graph: Mapping[str, Any]) -> str:
    return fence(mermaid(graph).splitlines(), "mermaid") + "\n"


FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "mermaid": mermaid,
    "dot": dot,
    "markdown": _markdown,
}
"""How a graph is written, besides JSON; in Markdown it is a block of Mermaid."""


def _grouped(graph: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """The resources with their numbers and their nodes."""
    nodes: dict[str, list[Mapping[str, Any]]] = {one["address"]: [] for one in graph["resources"]}
    for node in graph["nodes"]:
        nodes[node["address"]].append(node)
    for number, resource in enumerate(graph["resources"]):
        yield number, resource, nodes[resource["address"]]


def _title(resource: Mapping[str, Any]) -> str:
    return resource["address"] or _WHOLE


def _short(text: str) -> str:
    return shorten(text, _LONGEST)


def _mermaid(text: str) -> str:
    """A text within a label's quotes, where nothing of it means anything."""
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", terminal(text))


def _dot(*texts: str) -> str:
    """One quoted string, a line for each text."""
    escaped = (terminal(text).replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return '"' + "\\n".join(escaped) + '"'
