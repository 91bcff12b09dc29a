"""Why this exists: what a request asks for decides what may befall it, and whether it is answered at all."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)
from graphql.language import FieldNode, Visitor, visit

from .faults import SEVERAL
from .resolve.executable import schema


@lru_cache(maxsize=1024)
def parsed(query: str) -> tuple[DocumentNode | None, list[GraphQLError], bool]:
    """A document, what is wrong with it, and whether it asks about the schema; clients send few different
    ones.
    """
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error], False
    return document, validate(schema(), document), _introspects(document)


def names(query: str, operation_name: str | None) -> frozenset[str]:
    """What a fault may call this request: query or mutation, and its root fields."""
    document, _, _ = parsed(query)
    operation = get_operation_ast(document, operation_name) if document else None
    if operation is None:
        return frozenset()
    fields = [part.name.value for part in operation.selection_set.selections if isinstance(part, FieldNode)]
    several = operation.operation is OperationType.MUTATION and len(fields) > 1
    return frozenset({operation.operation.value, *fields, *([SEVERAL] if several else [])})


def cut(
    document: DocumentNode, operation: OperationDefinitionNode, part: int
) -> tuple[DocumentNode, OperationDefinitionNode]:
    """A document with one of its root fields alone."""
    chosen = replace(operation.selection_set, selections=(operation.selection_set.selections[part],))
    one_alone = replace(operation, selection_set=chosen)
    rest = (one_alone if one is operation else one for one in document.definitions)
    return replace(document, definitions=tuple(rest)), one_alone


def calls(query: str, operation_name: str | None = None) -> int:
    """How many root fields a request has; 0 where it is none."""
    document, _, _ = parsed(query)
    operation = get_operation_ast(document, operation_name) if document else None
    return len(operation.selection_set.selections) if operation else 0


def _introspects(document: DocumentNode) -> bool:
    found = _Introspection()
    visit(document, found)
    return found.seen


class _Introspection(Visitor):
    """Looks for questions about the schema itself; __typename is none."""

    seen = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in ("__schema", "__type"):
            self.seen = True
