"""One definition: the author's text, and the questions that the rest of the program has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reconciler.definition import components, holes, meaning
from reconciler.definition.components import ComponentReference
from reconciler.definition.configuration import Configuration, configuration
from reconciler.definition.differences import Comparison, compared
from reconciler.definition.flows import Flow, flows
from reconciler.definition.holes import Covered, Secrets
from reconciler.definition.tree import Tree, text
from reconciler.definition.variables import Variable, by_key, renamed
from reconciler.definition.withheld import Inputs, covered, withheld_alike
from reconciler.model.address import Address
from reconciler.model.digest import Canonical, sha256
from reconciler.model.nested import leaves
from reconciler.model.secret import Sealed, Secret


@dataclass(frozen=True)
class Definition(Canonical):
    """An integration definition. `text` is sent as it is; `tree` is what it says.

    One that a bundle generated refers to a component that is published along with it: `component` is that
    resource, `key` what the definition calls it, `signature` the package that is meant.
    """

    text: str = field(repr=False)
    tree: Tree = field(repr=False)
    file: str = ""
    component: Address | None = None
    key: str = ""
    signature: str = ""
    secrets: Secrets = field(default_factory=dict, repr=False, compare=False)
    """What is put in the place of each `${secret:NAME}` before it is sent."""
    filled_in: Secret | None = field(default=None, repr=False, compare=False)
    """The text with all of them in their places."""
    # A plan asks again and again about one pair, and no other question costs as much.
    _compared: dict[str, Comparison] = field(default_factory=dict, init=False, repr=False, compare=False)

    def canonical(self) -> Any:
        """What it says, however it is written."""
        return {"$definition": self.tree}

    # What stands in it

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """The config variables by their names."""
        return by_key(self.tree)

    @cached_property
    def renamed_variables(self) -> Mapping[str, str]:
        """The new names of variables by their old ones, under which their values go on."""
        return renamed(self.tree)

    @cached_property
    def variables_to_set(self) -> tuple[Variable, ...]:
        """The variables without which an instance is incomplete."""
        return tuple(one for one in self.variables.values() if one.needs_value)

    @cached_property
    def configuration(self) -> Configuration | None:
        """What an instance is configured with beside variables; None for most."""
        return configuration(self.tree)

    @cached_property
    def flow_names(self) -> frozenset[str]:
        """The names by which instances' settings refer to flows."""
        return frozenset(flow.name for flow in self.flows)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """The flows, in their order."""
        return flows(self.tree)

    @cached_property
    def components(self) -> tuple[ComponentReference, ...]:
        """Every reference to a component, in the order in which they stand."""
        return tuple(components.references(self.tree))

    @property
    def component_versions(self) -> Mapping[str, Any]:
        """The version or signature of each component by its key; a list where several are used."""
        return meaning.component_versions(self.tree)

    @property
    def shared_connections(self) -> tuple[str, ...]:
        """The stable keys of the connections that must be there before it is imported."""
        return tuple(one.shared for one in self.variables.values() if one.shared)

    @property
    def instance_profile(self) -> str:
        """The name of the profile that instances start with; empty for the tenant's own choice."""
        return text(self.tree.get("defaultInstanceProfile"))

    @property
    def own_fields(self) -> Mapping[str, str]:
        """Its name, description and category, as far as it gives them."""
        given = {name: self.tree.get(name) for name in ("name", "description", "category")}
        return {name: one for name, one in given.items() if isinstance(one, str)}

    @property
    def own_labels(self) -> tuple[str, ...] | None:
        """The labels that it gives; None where it does not speak of any."""
        given = self.tree.get("labels")
        return tuple(one for one in given if isinstance(one, str)) if isinstance(given, list) else None

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing yet: no flow, no config variable."""
        return meaning.blank(self.tree)

    @property
    def is_code_native(self) -> bool:
        """Whether it was written in code."""
        return bool(self.tree.get("isCodeNative"))

    # How it compares

    @cached_property
    def digest(self) -> str:
        """A digest of what it says, as it is written (defaults and numbers included)."""
        return meaning.digest(self.tree)

    @cached_property
    def meaning_digest(self) -> str:
        """A digest of what it means, however it is written."""
        return sha256(meaning.meaning(self.tree))

    def same(self, found: Definition) -> bool:
        """Whether the other means what this one asks for; LATEST equals any number."""
        return meaning.same(self.tree, found.tree, self.secrets)

    def differences(self, found: Definition, inputs: Inputs | None = None) -> list[tuple[str, Any, Any]]:
        """Each difference as (path, found value, wanted value), secrets wrapped. `inputs` tells what
        components call a password.
        """
        if found.digest not in self._compared:
            self._compared[found.digest] = compared(self.tree, found.tree, self.secrets)
        return self._compared[found.digest].shown(inputs)

    # What a bundle adds

    def referring(self, own: str, reference: Tree) -> Definition:
        """A copy in which each reference to the private component `own` is this one. Its text stays."""

        def change(value: Tree) -> Tree:
            versioned = "version" in value or "signature" in value
            return reference if versioned and _is_own(value, own) else value

        return replace(self, tree=components.replaced(self.tree, change))

    def numbered(self, number: object) -> Definition:
        """As it is sent to a tenant that gave the bundle's package this number."""
        there = self.referring(self.key, {"key": self.key, "isPublic": False, "version": number})
        named, numbered = f'"signature": "{self.signature}"', f'"version": {number}'
        filled = self.filled_in
        if filled is not None:
            filled = replace(filled, _value=filled.reveal().replace(named, numbered))
        return replace(there, text=self.text.replace(named, numbered), filled_in=filled)

    def without_version_of(self, own: str) -> Definition:
        """A copy in which the private component `own` has no version: that is one difference, not many."""
        return self.referring(own, {"key": own, "isPublic": False}) if own else self

    def versions_of(self, own: str) -> set[Any]:
        """The versions (or signatures) under which it refers to the private component `own`."""
        return {one.wanted for one in self.components if one.key == own and not one.is_public}

    @property
    def outgoing(self) -> str | Secret:
        """What is sent."""
        return self.text if self.filled_in is None else self.filled_in

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """The secrets that it names and nobody gives: it must not be sent without them."""
        return tuple(name for name in holes.names_in(self.tree) if name not in self.secrets)

    def with_secrets(self, secrets: Secrets, dump: Callable[[Tree], str]) -> Definition:
        """A copy to which these secrets are given; `dump` writes the text that is sent."""
        used = {name: secrets[name] for name in holes.names_in(self.tree) if name in secrets}
        if not used:
            return self
        known = replace(self, secrets=used)
        if known.lacking or any(isinstance(one, Sealed) for one in used.values()):
            return known
        text = Secret(
            dump(holes.sent(self.tree, used)), parts=tuple(t for s in used.values() for t in s.told())
        )
        return replace(known, filled_in=text)

    def covered(self, inputs: Inputs | None = None) -> Definition:
        """A copy in which all that is or may be a secret is covered; `inputs` as for `differences`."""
        return replace(self, tree=covered(self.tree, inputs))

    def withheld_alike(self, other: Definition, text: str, dump: Callable[[Tree], str]) -> Definition:
        """A copy in which what is this text in the other is so, too, as `dump` writes it."""
        tree = withheld_alike(self.tree, other.tree, text)
        return self if tree == self.tree else replace(self, tree=tree, text=dump(tree))

    @property
    def values(self) -> Iterator[object]:
        """All that stands in it, as it is written and as it is sent."""
        known = {name: one for name, one in self.secrets.items() if not isinstance(one, Sealed)}
        for tree in (self.tree, holes.sent(self.tree, known)):
            yield from (leaf for _, leaf in leaves(tree))

    @property
    def is_covered(self) -> bool:
        """Whether something in it is."""
        return any(isinstance(leaf, Covered) for _, leaf in leaves(self.tree))

    def written(self, dump: Callable[[Tree], str]) -> Definition:
        """A copy whose text says what the tree does, as `dump` writes it."""
        return replace(self, text=dump(self.tree))


def _is_own(value: Tree, own: str) -> bool:
    return value.get("key") == own and value.get("isPublic") is False
