"""A tenant whose schema lacks a field: the field is left out of the selection, and the rest still works.

Only selections are changed. Arguments and input fields stay: without a filter a query asks something
else, and without an input a write does something else; such an error has to reach the user.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    build_client_schema,
    get_introspection_query,
    is_composite_type,
    parse,
    print_ast,
    visit,
)

from reconciler.api.wire import Answer, Fault
from reconciler.model.operation import Operation

# The vendor's type generator sends this, so introspection without it may be refused (transport.md, 7).
INTROSPECTION_HEADERS = {"Prismatic-Docs-Introspection": "true"}

_MISSING = re.compile(r"""Cannot query field ['"](\w+)['"] on type ['"](\w+)['"]""")


def introspection() -> Operation:
    """The query that asks for the whole schema."""
    return Operation("__schema", get_introspection_query(descriptions=False))


def schema_of(answer: Answer) -> GraphQLSchema | None:
    """The schema in an introspection's answer, None where the tenant refuses or cuts it."""
    if answer.faults or not answer.data or not answer.data.get("__schema"):
        return None
    data: Any = answer.data
    try:
        return build_client_schema(data)
    except (TypeError, GraphQLError):  # incomplete: no better than none
        return None


def speaks_of_missing_fields(faults: Collection[Fault]) -> bool:
    """Whether the errors are about fields that the tenant does not know, and about nothing else."""
    return bool(faults) and all(_MISSING.search(fault.message) for fault in faults)


def without_missing_fields(document: str, schema: GraphQLSchema) -> str:
    """The document without the fields that `schema` lacks; the same text if it lacks none.

    Root fields stay, so that a verb the tenant does not have is an error and not silence.
    """
    info = TypeInfo(schema)
    tree = parse(document)
    pruned = visit(tree, TypeInfoVisitor(info, _Unknown(info)))
    return document if pruned is tree else _tidied(document, tree, pruned)


def without_reported_fields(document: str, faults: Collection[Fault]) -> str:
    """The document without the fields that the errors of validation name, by their places in the text."""
    tree = parse(document)
    places = {(fault.line, fault.column) for fault in faults if fault.line}
    names = {match[1] for fault in faults if not fault.line and (match := _MISSING.search(fault.message))}
    counter = _Names(names)
    visit(tree, counter)
    # Without a place, only a name that stands once says which field is meant.
    pruned = visit(tree, _Reported(places, {name for name, count in counter.counts.items() if count == 1}))
    return document if pruned is tree else _tidied(document, tree, pruned)


class _Pruner(Visitor):
    """Removes what `drops` names, and what is left empty by it."""

    def drops(self, node: FieldNode, /) -> bool:
        """Whether a field has to go."""
        raise NotImplementedError

    def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        at_root = _is_root(ancestors)
        return REMOVE if not at_root and self.drops(node) else None

    def leave_field(self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        empty = node.selection_set is not None and not node.selection_set.selections
        return REMOVE if empty and not _is_root(ancestors) else None

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        return None if node.selection_set.selections else REMOVE


class _Unknown(_Pruner):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info

    def drops(self, _node: FieldNode, /) -> bool:
        return is_composite_type(self._info.get_parent_type()) and self._info.get_field_def() is None


class _Reported(_Pruner):
    def __init__(self, places: set[tuple[int, int]], names: set[str]) -> None:
        super().__init__()
        self._places = places
        self._names = names

    def drops(self, node: FieldNode, /) -> bool:
        token = node.loc.start_token if node.loc else None
        return node.name.value in self._names or (
            token is not None and (token.line, token.column) in self._places
        )


class _Names(Visitor):
    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.counts = dict.fromkeys(names, 0)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in self.counts:
            self.counts[node.name.value] += 1


class _Used(Visitor):
    """Collects the variables that operations use and the fragments that are spread."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.fragments: set[str] = set()

    def enter_variable_definition(self, _node: VariableDefinitionNode, *_: Any) -> Any:
        return False  # a definition is no use

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.fragments.add(node.name.value)


class _Sweeper(Visitor):
    """Removes spreads of fragments that are gone, fragments that nothing spreads, and unused variables."""

    def __init__(self, used: _Used, gone: set[str]) -> None:
        super().__init__()
        self._used = used
        self._gone = gone

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        name = node.name.value
        return REMOVE if name in self._gone or name not in self._used.fragments else None

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
        return REMOVE if node.name.value in self._gone else None

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return None if node.variable.name.value in self._used.variables else REMOVE

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        return REMOVE if node.selection_set is not None and not node.selection_set.selections else None

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        return None if node.selection_set.selections else REMOVE


def _tidied(document: str, before: DocumentNode, tree: DocumentNode) -> str:
    """The text of a pruned document that validates: servers refuse unused variables and fragments.

    The document as it was if a root field would have to go with all that it selects.
    """
    while True:
        used = _Used()
        visit(tree, used)
        gone = {
            node.name.value
            for node in tree.definitions
            if isinstance(node, FragmentDefinitionNode) and not node.selection_set.selections
        }
        swept = visit(tree, _Sweeper(used, gone))
        if swept is tree:
            break
        tree = swept
    return print_ast(tree) if _roots(tree) == _roots(before) else document


def _roots(tree: DocumentNode) -> list[int]:
    operations = (node for node in tree.definitions if isinstance(node, OperationDefinitionNode))
    return [len(node.selection_set.selections) for node in operations]


def _is_root(ancestors: list[Any]) -> bool:
    """Whether the node that has these ancestors is a field of an operation itself."""
    nodes = [node for node in ancestors if isinstance(node, Node)]
    return len(nodes) == 3 and isinstance(nodes[1], OperationDefinitionNode)
