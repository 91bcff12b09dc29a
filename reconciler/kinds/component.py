"""Component: that a component is there, in the version that integrations rely on.

Nothing of it is written: most components are code of their own, and published by what builds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds import documents
from reconciler.kinds.base import Request, Resolve, Steps, address_of
from reconciler.kinds.field import Field
from reconciler.kinds.tabled import TabledKind
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject, Resource

MISSING = "component-missing"
INPUTS = "inputs"


def reference(key: str, is_public: bool) -> str:
    """What a component is called by others: a key may be both a public and a private component's."""
    return f"{'public' if is_public else 'private'}/{key}"


class ComponentKind(TabledKind):
    """The field table of `Component`, which is compared and never written."""

    name = "Component"
    noun = "component"
    list_name = "components"
    page_size = 50
    lookup = "reference"
    keys = ("key",)
    fields = (
        Field("key"),
        Field("isPublic", empty=True, path="public"),
        Field("version", empty=None, path="versionNumber"),
        Field("signature"),
    )

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """The newest version, with the signatures of those before it and the ids of its connections."""
        versions = (node.get("versionSequence") or {}).get("nodes") or ()
        connections = (node.get("connections") or {}).get("nodes") or ()
        named = {"name": node["key"], "reference": reference(node["key"], node["public"])}
        return LiveObject(
            self.name,
            node["id"],
            {**{row.name: row.parsed(node) for row in self.fields}, **named},
            facts={
                "signatures": [row["signature"] for row in versions if row],
                "connections": {row["key"]: row["id"] for row in connections if row},
            },
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The key and whether it is public; the key alone, to say what else is there."""
        key = resource.fields["key"]
        return [("reference", reference(key, resource.fields.get("isPublic", True))), ("key", key)]

    def live_key(self, live: LiveObject, name: str) -> Any:
        """The field of that name."""
        return live.fields[name]

    def value(self, live: LiveObject, name: str) -> Any:
        """Also `connection:KEY`, the id of one of its connections; `inputs:ACTION`, the types of an action's
        inputs, where the tenant was asked for them.
        """
        if name.startswith("inputs:"):
            return live.facts.get(INPUTS, {}).get(name.removeprefix("inputs:"))
        if name.startswith("connection:"):
            return live.facts["connections"].get(name.removeprefix("connection:"))
        return super().value(live, name)

    def promises(self, resource: Resource, name: str) -> bool:
        """No plan brings a component."""
        return False

    def absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """The component is not there, or it has no such connection."""
        if live is None:
            return (
                MISSING,
                f'component "{ref.address.name}" is not in this tenant',
                "publish it first, or correct its key; see: reconciler get components",
            )
        known = ", ".join(sorted(live.facts["connections"])) or "none"
        name = ref.field.removeprefix("connection:")
        return MISSING, f'component "{ref.address.name}" has no connection "{name}"', f"it has: {known}"

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """None: what is missing is refused."""
        return Steps(refusals=tuple(_lacking(request)))


def described(keys: Sequence[str]) -> Operation:
    """Reads what the components of these keys, public or not, call the inputs of their actions."""
    return Operation("components", documents.load("component")["describedComponents"], {"keys": list(keys)})


def inputs_of(node: Mapping[str, Any]) -> LiveObject:
    """A component of the answer. An action whose inputs are not all told is left out."""
    actions = (action for action in (node.get("actions") or {}).get("nodes") or () if action)
    known = {
        action["key"]: {row["key"]: row["type"] for row in rows}
        for action in actions
        for rows in [[row for row in action["inputs"]["nodes"] if row]]
        if action["inputs"]["totalCount"] == len(rows)
    }
    named = {"key": node["key"], "reference": reference(node["key"], node["public"])}
    return LiveObject("Component", node["id"], named, facts={INPUTS: known, "connections": {}})


def _lacking(request: Request) -> Iterator[Refusal]:
    resource, live = request.resource, request.live
    fields = resource.fields
    wanted = reference(fields["key"], fields.get("isPublic", True))
    address = address_of(resource)
    if live is None or live.fields["reference"] != wanted:
        there = f"; there is only {live.fields['reference']}" if live else ""
        hint = "publish it first, or correct the key; see: reconciler get components"
        yield Refusal(MISSING, f'component "{wanted}" is not in this tenant{there}', address, hint)
        return
    newest = live.fields["version"]
    if fields.get("version") and newest < fields["version"]:
        message = f'component "{wanted}" is there in version {newest}, and {fields["version"]} is asked for'
        yield Refusal(MISSING, message, address, "publish that version first")
    signatures = [live.fields["signature"], *live.facts["signatures"]]
    if fields.get("signature") and fields["signature"] not in signatures:
        message = (
            f'component "{wanted}" has no version with the signature "{fields["signature"]}"; '
            f'the newest, {newest}, has "{live.fields["signature"]}"'
        )
        yield Refusal(MISSING, message, address, "publish that version first")
