"""What the instances of a set have in common is checked and made once: one that differs from another in
nothing but its own texts is that other one, with these texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definition import Definition, Variable
from reconciler.manifests import schemas
from reconciler.manifests.config_types import takes_texts, wrong
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.overrides import TEMPLATE
from reconciler.manifests.shapes import Demand
from reconciler.manifests.variables import CustomerFacts, Own, Scope, filled, own_parts
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.problem import Where
from reconciler.model.state import Resource

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_OWN = re.compile(r"\$\{\s*customer\.")
_FREE = (("name",), ("description",))


_TRIES = 3


class Alike(Struct):
    """The stencil of a set, once one of its instances has given it; the first few are asked."""

    manifest: Manifest
    stencil: Stencil | None = None
    _tried: int = 0

    def learn(self, made: Resource, definition: Definition, told: Sequence[Diagnostic]) -> None:
        """Takes an instance of the set, of which this was told, as the one that others are like."""
        if self.stencil is None and self._tried < _TRIES:
            self._tried += 1
            self.stencil = Stencil.of(self.manifest, made, definition, told)


class Text(Struct, frozen=True):
    """A text of a template that is not the same for all customers: what is written, and its path."""

    written: str
    path: tuple[str | int, ...]
    rule: Draft202012Validator | None
    field: str
    """The field of the instance that it is; of a config variable, its key."""
    variable: Variable | None = None
    """The config variable that it is of; else it is a field."""
    parts: Own | None = None
    """What is filled in, where all of it is the customer's own."""
    demand: Demand | None = None
    """What its rule demands, where that is easily asked."""
    takes_any: bool = True
    """Whether the variable takes any text."""

    def is_doubtful(self, value: str) -> bool:
        """Whether anything is to be told of what it became."""
        if not (self.demand and self.demand.is_met(value)) and self.rule and not self.rule.is_valid(value):
            return True
        return self.variable is not None and not self.takes_any and any(wrong(self.variable, value))


class Stencil(Struct, frozen=True):
    """One instance of a set, and the texts in which the others differ from it: what stands at their places in
    the template. `told` is what was said of it, and holds of all that are alike.
    """

    like: Resource
    texts: Sequence[Text]
    told: Sequence[Diagnostic] = ()
    tells_config: bool = False
    """Whether any of the texts is a variable's."""

    @classmethod
    def of(
        cls, manifest: Manifest, like: Resource, definition: Definition, told: Sequence[Diagnostic]
    ) -> Stencil | None:
        """The stencil that an instance gives; None where others may differ from it in more than texts that
        nothing follows from, or what was said of it is its own.
        """
        found = [_text(path, text, definition) for path, text in _own(manifest.spec["template"], ())]
        texts = [text for text in found if text is not None]
        own = (str(like.address), like.address.name.partition("/")[0])
        is_own = any(text in one.message + one.hint for one in told for text in own)
        if like.sensitive or is_own or len(texts) < len(found) or any(d.severity == "error" for d in told):
            return None
        return cls(like, texts, tuple(told), any(text.variable for text in texts))

    def instance(
        self, facts: CustomerFacts, scope: Callable[[], Scope], address: Address, labels: Mapping[str, str]
    ) -> Resource | None:
        """The instance of another customer, whose names `scope` gives; None where anything about its texts is
        to be told.
        """
        like = self.like
        fields: dict[str, Any] = {**like.fields, "customer": facts.address}
        if self.tells_config:
            fields["config"] = dict(fields["config"])
        for text in self.texts:
            value = filled(text.parts, facts) if text.parts else _by_names(text, scope())
            if not isinstance(value, str) or text.is_doubtful(value):
                return None
            value = intern(value)  # the tenant has the same, and for other sets it may be the same
            if text.variable is not None:
                fields["config"][text.field] = value
            else:
                fields[text.field] = value
        return Resource(
            address,
            fields,
            labels,
            like.protect,
            like.ignore,
            like.was,
            like.source,
            like.positions,
            like.part_of,
            like.sensitive,
        )

    def of_address(self, address: Address) -> Iterator[Diagnostic]:
        """What is said of the first one, of another."""
        return (replace(one, address=str(address)) for one in self.told)


def _by_names(text: Text, scope: Scope) -> Any:
    """The text with all names filled in; None where one cannot be."""
    value = scope.fill(text.written, text.path)
    return None if scope.problems else value


def _own(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Where, str]]:
    """The texts of a template that are not the same for all customers, each with its path."""
    if isinstance(value, str):
        if _OWN.search(value):
            yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _own(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _own(inner, (*path, index))


def _text(path: Where, written: str, definition: Definition) -> Text | None:
    """A text that is sent as it is and decides nothing else; None for another one."""
    at = (*TEMPLATE, *path)
    variable = None
    if tuple(path) not in _FREE:
        if len(path) != 2 or path[0] != "config":
            return None
        variable = definition.variables.get(str(path[1]))
        if variable is None or variable.shared or variable.is_connection:
            return None
    rule = schemas.at("instanceset", at)
    demand = Demand.of(rule.schema) if rule is not None and isinstance(rule.schema, Mapping) else None
    takes_any = variable is None or takes_texts(variable)
    field = str(path[0]) if variable is None else variable.key
    return Text(written, at, rule, field, variable, own_parts(written), demand, takes_any)
