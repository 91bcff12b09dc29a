"""Component: that a component is there, in the version that integrations rely on.

Nothing of it is written: most components are code of their own, and published by what builds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.kinds.capabilities import ExplainsAbsence, LookedUp, Supplies
from reconciler.kinds.nodes import Page, every, fitted
from reconciler.kinds.protocol import Request, Steps, address_of
from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, number, truth
from reconciler.model import documents
from reconciler.model.address import Ref, Resolve
from reconciler.model.needs import Component, Need
from reconciler.model.operation import Operation
from reconciler.model.plan import Refusal
from reconciler.model.refs import ConnectionRef, InputsRef
from reconciler.model.state import Facts, LiveObject, Notes, Resource

MISSING = "component-missing"


def reference(key: str, is_public: bool) -> str:
    """What a component is called by others: a key may be both a public and a private component's. One that
    is called so already stays as it is.
    """
    return f"{'public' if is_public else 'private'}/{key}" if bare(key) == key else key


def bare(name: str) -> str:
    """The key of a component that is called by it, or by what tells public ones from private ones, too."""
    return name.removeprefix("public/").removeprefix("private/")


class Connection(Struct):
    """One connection of a component."""

    id: str
    key: str


class Version(Struct):
    """One version of a component, by its package's signature."""

    signature: str | None = None


class Shown(Struct, rename="camel"):
    """A component in an answer."""

    id: str
    key: str
    public: bool
    connections: Page[Connection] | None = None
    version_sequence: Page[Version] | None = None


class InputField(Struct):
    """What a component calls an input."""

    key: str
    type: str


class Inputs(Struct, rename="camel"):
    """The inputs of an action, with how many there are in all."""

    total_count: int
    nodes: list[InputField | None]


class Action(Struct):
    """One action of a component."""

    key: str
    inputs: Inputs


class Described(Struct):
    """A component that was asked for the inputs of its actions."""

    id: str
    key: str
    public: bool
    actions: Page[Action]


class ComponentFacts(Facts, frozen=True, kw_only=True):
    """The signatures of its newest versions, and the ids of its connections by their keys."""

    signatures: tuple[str | None, ...] = ()
    connections: Mapping[str, str] = {}


class KnownInputs(Notes, frozen=True):
    """The types of the inputs of its actions, where the tenant was asked for them."""

    by_action: Mapping[str, Mapping[str, str]]


class ComponentKind(TabledKind, ExplainsAbsence, LookedUp, Supplies):
    """That a component is there, in the version that integrations rely on. It is compared, and never
    written.
    """

    name = "Component"
    api = Api(
        "component",
        "components",
        order="LABEL",
        search=None,
        allows=(),
        also="connections(first: 100) { nodes { id key } } "
        "versionSequence(first: 20, sortBy: [{field: VERSION_NUMBER, direction: DESC}]) "
        "{ nodes { signature } }",
        mutations=(),
    )
    page_size = 50
    stands_alone = False
    lookup = "reference"
    keys = (("key",),)
    example = "acme-erp"
    fields = (
        Row("key", NAME, "The component's key.", "acme-erp", required=True),
        Row(
            "isPublic",
            truth(absent=True),
            "Whether it is a public component, or the organization's own.",
            False,
            default=True,
            path="public",
        ),
        Row("version", number(1), "The least version that must be there.", 3, path="versionNumber"),
        Row(
            "signature",
            NAME,
            "The signature (the package's SHA-1) that one of its newest twenty versions must have.",
            "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        ),
    )

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """The newest version, with the signatures of those before it and the ids of its connections."""
        shown = fitted(Shown, node, self.name)
        named = {"name": shown.key, "reference": reference(shown.key, shown.public)}
        return LiveObject(
            self.name,
            shown.id,
            {**{row.name: row.parsed(node) for row in self.fields}, **named},
            facts=ComponentFacts(
                signatures=tuple(one.signature for one in every(shown.version_sequence)),
                connections={one.key: one.id for one in every(shown.connections)},
            ),
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The key and whether it is public; the key alone, to say what else is there."""
        key = resource.fields["key"]
        return [("reference", reference(key, resource.fields.get("isPublic", True))), ("key", key)]

    def live_key(self, live: LiveObject, name: str) -> object:
        """The field of that name."""
        return live.fields[name]

    def value(self, live: LiveObject, ref: Ref) -> object:
        """Also the id of one of its connections, and the types of an action's inputs, where the tenant was
        asked for them.
        """
        if isinstance(ref, InputsRef):
            return live.notes.by_action.get(ref.action) if isinstance(live.notes, KnownInputs) else None
        if isinstance(ref, ConnectionRef):
            return _facts_of(live).connections.get(ref.key)
        return super().value(live, ref)

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """No plan brings a component."""
        return False

    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """The component is not there, or it has no such connection."""
        if live is None:
            return (
                MISSING,
                f'component "{ref.address.name}" is not in this tenant',
                "publish it first, or correct its key; see: reconciler get components",
            )
        known = ", ".join(sorted(_facts_of(live).connections)) or "none"
        name = ref.key if isinstance(ref, ConnectionRef) else ref.field
        return MISSING, f'component "{ref.address.name}" has no connection "{name}"', f"it has: {known}"

    def supplies(self, resource: Resource) -> Need:
        """The component."""
        fields = resource.fields
        return Component(str(fields["key"]), bool(fields.get("isPublic", True)))

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """None: what is missing is refused."""
        return Steps(refusals=tuple(_lacking(request)))


def described(keys: Sequence[str]) -> Operation:
    """Reads what the components of these keys, public or not, call the inputs of their actions."""
    return Operation(
        "components", documents.load("component", __package__)["describedComponents"], {"keys": list(keys)}
    )


def inputs_of(node: Mapping[str, object]) -> LiveObject:
    """A component of the answer. An action whose inputs are not all told is left out."""
    shown = fitted(Described, node, "Component")
    known = {
        action.key: {one.key: one.type for one in inputs}
        for action in every(shown.actions)
        for inputs in [[one for one in action.inputs.nodes if one]]
        if action.inputs.total_count == len(inputs)
    }
    named = {"key": shown.key, "reference": reference(shown.key, shown.public)}
    return LiveObject("Component", shown.id, named, facts=ComponentFacts(), notes=KnownInputs(known))


def _facts_of(live: LiveObject) -> ComponentFacts:
    assert isinstance(live.facts, ComponentFacts)
    return live.facts


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
    signatures = [live.fields["signature"], *_facts_of(live).signatures]
    if fields.get("signature") and fields["signature"] not in signatures:
        message = (
            f'component "{wanted}" has no version with the signature "{fields["signature"]}"; '
            f'the newest, {newest}, has "{live.fields["signature"]}"'
        )
        yield Refusal(MISSING, message, address, "publish that version first")
