"""The config variables of a definition: what each takes, and whether an instance must give it a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.definition.tree import Tree, mapping, maps, text
from reconciler.model.problem import Where

VARIABLES = "requiredConfigVars"
_OAUTH_INPUTS = frozenset({"authorizeUrl", "tokenUrl"})
# Elements of a config page that are no values, but are written as variables by some tools.
_SHOWN_ONLY = frozenset({"htmlElement"})


@dataclass(frozen=True, slots=True)
class Variable:
    """One config variable, as it `says`; `by_users` where each user of a customer gives it a value."""

    says: Tree = field(repr=False)
    path: Where = ()
    by_users: bool = False

    @property
    def key(self) -> str:
        """Its name, by which steps, pages and instances' values refer to it."""
        return text(self.says.get("key"))

    @property
    def data_type(self) -> str:
        """The type as it is written; empty for one that another place declares."""
        return text(self.says.get("dataType"))

    @property
    def collection(self) -> str:
        """`valuelist` or `keyvaluelist`; empty for a single value."""
        return text(self.says.get("collectionType"))

    @property
    def choices(self) -> tuple[str, ...]:
        """What a picklist offers; empty where anything goes, or a data source tells."""
        offered = self.says.get("pickList")
        return tuple(one for one in offered if isinstance(one, str)) if isinstance(offered, list) else ()

    @property
    def code_language(self) -> str:
        """What a code variable is written in."""
        return text(self.says.get("codeLanguage"))

    @property
    def is_connection(self) -> bool:
        """Whether its value is the inputs of a connection; not each says its type."""
        return self.data_type == "connection" or (not self.data_type and "connection" in self.says)

    @property
    def shared(self) -> str:
        """The stable key of the connection that stands in for it; empty for a value of its own."""
        return text(self.says.get("useScopedConfigVar"))

    @property
    def inputs(self) -> Tree:
        """The inputs of its connection or data source, by name."""
        return mapping(self.says.get("inputs"))

    @property
    def connected_to(self) -> str:
        """The key of the component that its connection is of."""
        return text(mapping(mapping(self.says.get("connection")).get("component")).get("key"))

    @property
    def needs_person(self) -> bool:
        """Whether somebody must authorise it, as no manifest can."""
        kind = text(mapping(self.says.get("connection")).get("key"))
        return "oauth" in kind.lower() or bool(_OAUTH_INPUTS & set(self.inputs))

    @property
    def needs_value(self) -> bool:
        """Whether an instance is incomplete until it is given a value."""
        if self.shared or self.by_users or self.data_type in _SHOWN_ONLY:
            return False
        if self.is_connection:
            # A component's own defaults are not known here, so that no inputs are no answer.
            given = [mapping(one).get("value") for one in self.inputs.values()]
            on_premise = self.says.get("onPremiseConnectionConfig") == "required"
            return not on_premise and (not given or not all(given))
        if self.data_type == "schedule" and self.says.get("scheduleType") in (None, "none"):
            return False
        return self.says.get("defaultValue") in (None, "")


def variables(tree: Tree) -> Iterator[Variable]:
    """The variables of a definition, in their order."""
    by_users = set(_on_pages_of_users(tree))
    for one, path in maps(tree.get(VARIABLES), (VARIABLES,)):
        if text(one.get("key")):
            theirs = one["key"] in by_users or bool(one.get("userLevelConfigured"))
            yield Variable(one, path, theirs)


def on_pages(tree: Tree) -> Iterator[tuple[str, Where, str]]:
    """Each variable that a config page shows: its key, where that stands, and the page's name."""
    for page, where in maps(tree.get("configPages"), ("configPages",)):
        for element, path in maps(page.get("elements"), (*where, "elements")):
            if element.get("type") == "configVar":
                yield text(element.get("value")), (*path, "value"), text(page.get("name"))


def _on_pages_of_users(tree: Tree) -> Iterator[str]:
    for page, _ in maps(tree.get("configPages")):
        if page.get("userLevelConfigured"):
            yield from (text(element.get("value")) for element, _ in maps(page.get("elements")))


def by_key(tree: Tree) -> Mapping[str, Variable]:
    """The variables by their names; of two of one name the last."""
    return {one.key: one for one in variables(tree)}


def renamed(tree: Tree) -> Mapping[str, str]:
    """The new names of variables by their old ones, where the definition says that they go on under them."""
    pairs = (one for one, _ in maps(mapping(tree.get("renameAttributes")).get(VARIABLES)))
    found: dict[str, Any] = {text(one.get("oldName")): text(one.get("newName")) for one in pairs}
    return {old: new for old, new in found.items() if old and new}
