"""Why this exists: servers bound what one request may ask for, by its root fields or by what it may cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from .rules import Rules

PAGE = 100  # what a list gives that says nothing


def refusal(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
    rules: Rules,
) -> str | None:
    """Why a request is more than the rules let one be; None if it is not."""
    asked = _Asked(document, variables or {})
    aliases, cost = rules["alias_limit"], rules["query_cost"]
    if aliases != "none" and (found := len(list(asked.fields(operation.selection_set)))) > int(aliases):
        return f"Aliases limit of '{aliases}' exceeded, found {found}."
    if cost != "none":
        root = schema.get_root_type(operation.operation)
        found = asked.cost(root, operation.selection_set)
        if found > int(cost):
            return f"Query cost limit of {cost} exceeded, found {found}."
    return None


class _Asked:
    """What a document asks for."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)
        }

    def fields(self, selected: SelectionSetNode) -> Iterator[FieldNode]:
        """The fields of a selection, those of its fragments among them."""
        for part in selected.selections:
            if isinstance(part, FieldNode):
                yield part
            elif isinstance(part, FragmentSpreadNode):
                yield from self.fields(self._fragments[part.name.value].selection_set)
            elif isinstance(part, InlineFragmentNode):
                yield from self.fields(part.selection_set)

    def cost(self, kind: Any, selected: SelectionSetNode) -> int:
        """The greatest product of page sizes from here down to any field."""
        costs = [1]
        for field in self.fields(selected):
            described = getattr(kind, "fields", {}).get(field.name.value)
            if described is None or field.selection_set is None:
                continue
            size = self._size(field) if "first" in described.args else 1
            costs.append(size * self.cost(get_named_type(described.type), field.selection_set))
        return max(costs)

    def _size(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in ("first", "last"):
                given = value_from_ast_untyped(argument.value, dict(self._variables))
                return int(given) if isinstance(given, int) else PAGE
        return PAGE
