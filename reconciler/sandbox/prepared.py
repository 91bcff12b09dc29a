"""Why this exists: clients send few different documents and many requests of each, so what a document asks
for is worked out once: which resolver fills which key, and what becomes of what it gives.

It answers as graphql-core does, which carries out whatever is not understood here: directives, types that
stand for several, questions about the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_argument_values,
    get_operation_ast,
    get_variable_values,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    located_error,
)
from graphql.language import Visitor, visit
from graphql.pyutils import Undefined, inspect, is_iterable

from .document import parsed
from .resolve.executable import schema

Path = tuple[Any, str | int] | None
"""Where in the answer something stands: where that is in which it stands, and the key or place there."""
Complete = Callable[[Any, "_Asked", Path], Any]
"""What is answered for what a resolver gave."""
_MOST_ERRORS = 50


@dataclass(slots=True)
class _Asked:
    """One request on its way."""

    context: object
    variables: Any
    errors: list[GraphQLError] = field(default_factory=list)

    def failed(self, error: Exception, nodes: list[FieldNode], path: Path, *, nullable: bool) -> None:
        """Notes what went wrong, or raises it where what it is about cannot be null."""
        located = located_error(error, nodes, _keys(path))
        if not nullable:
            raise located
        self.errors.append(located)


@dataclass(slots=True)
class _Info:
    """What resolvers are told of what is asked."""

    field_name: str
    context: object


@dataclass(frozen=True, slots=True)
class _Part:
    """A key of the answer."""

    key: str
    name: str
    resolve: Callable[..., Any]
    arguments: Callable[[Any], Mapping[str, Any]] | None
    complete: Complete
    nodes: list[FieldNode]
    nullable: bool

    def fill(self, source: Any, asked: _Asked, path: Path) -> Any:
        """What stands under it."""
        here = (path, self.key)
        try:
            given = self.arguments(asked.variables) if self.arguments else {}
            found = self.resolve(source, _Info(self.name, asked.context), **given)
            return self.complete(found, asked, here)
        except Exception as error:
            asked.failed(error, self.nodes, here, nullable=self.nullable)
            return None


class Prepared:
    """An operation whose parts are known."""

    def __init__(self, operation: OperationDefinitionNode, parts: list[_Part]) -> None:
        self._operation, self._parts = operation, parts

    def answer(self, variables: dict[str, Any] | None, context: object) -> ExecutionResult:
        """The result of one request."""
        definitions = self._operation.variable_definitions or ()
        given = get_variable_values(schema(), definitions, variables or {}, max_errors=_MOST_ERRORS)
        if isinstance(given, list):
            return ExecutionResult(None, errors=given)
        asked, data = _Asked(context, given), None
        try:
            data = {part.key: part.fill(None, asked, None) for part in self._parts}
        except GraphQLError as error:
            asked.errors.append(error)
        return ExecutionResult(data, asked.errors or None)


@lru_cache(maxsize=1024)
def prepared(query: str, operation_name: str | None) -> Prepared | None:
    """The operation of a valid document; None where graphql-core is to carry it out."""
    document, problems, introspects = parsed(query)
    operation = get_operation_ast(document, operation_name) if document else None
    if document is None or operation is None or problems or introspects or _has_directives(document):
        return None
    fragments = {
        part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)
    }
    root = schema().mutation_type if operation.operation is OperationType.MUTATION else schema().query_type
    try:
        return Prepared(operation, _Preparing(fragments).parts(root, [operation.selection_set]))
    except _UnknownError:
        return None


class _UnknownError(Exception):
    """Something that is not understood here."""


class _Preparing:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments

    def parts(self, parent: GraphQLObjectType | None, selected: Iterable[SelectionSetNode]) -> list[_Part]:
        """All that is asked of an object, in order; what stands under one key is asked once."""
        if parent is None or parent.is_type_of is not None:
            raise _UnknownError
        keys: dict[str, list[FieldNode]] = {}
        for selection in selected:
            for node in self._fields(parent, selection):
                keys.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return [self._part(parent, key, nodes) for key, nodes in keys.items()]

    def _fields(self, parent: GraphQLObjectType, selection: SelectionSetNode) -> Iterator[FieldNode]:
        for one in selection.selections:
            if isinstance(one, FieldNode):
                yield one
                continue
            assert isinstance(one, FragmentSpreadNode | InlineFragmentNode)
            part = self._fragments[one.name.value] if isinstance(one, FragmentSpreadNode) else one
            if part.type_condition and part.type_condition.name.value != parent.name:
                raise _UnknownError
            yield from self._fields(parent, part.selection_set)

    def _part(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> _Part:
        node = nodes[0]
        name = node.name.value
        if name == "__typename":
            return _Part(key, name, lambda *_: parent.name, None, lambda found, *_: found, nodes, True)
        shown = parent.fields.get(name)
        if shown is None or shown.resolve is None:
            raise _UnknownError
        return _Part(
            key,
            name,
            shown.resolve,
            _arguments(shown, node),
            self._completing(shown.type, nodes, f"{parent.name}.{name}"),
            nodes,
            not is_non_null_type(shown.type),
        )

    def _completing(self, shown: Any, nodes: list[FieldNode], place: str) -> Complete:
        if is_non_null_type(shown):
            return _never_null(self._completing(shown.of_type, nodes, place), place)
        if is_list_type(shown):
            item = self._completing(shown.of_type, nodes, place)
            return _each(item, nodes, place, nullable=not is_non_null_type(shown.of_type))
        if is_leaf_type(shown):
            return _leaf(shown)
        if not is_object_type(shown):
            raise _UnknownError
        return _object(self.parts(shown, [node.selection_set for node in nodes if node.selection_set]))


def _arguments(shown: GraphQLField, node: FieldNode) -> Callable[[Any], Mapping[str, Any]] | None:
    if not shown.args:
        return None
    if node.arguments:
        return lambda variables: get_argument_values(shown, node, variables)
    given = get_argument_values(shown, node)
    return lambda _: given


def _never_null(inner: Complete, place: str) -> Complete:
    def complete(found: Any, asked: _Asked, path: Path) -> Any:
        completed = inner(found, asked, path)
        if completed is None:
            raise TypeError(f"Cannot return null for non-nullable field {place}.")
        return completed

    return complete


def _each(item: Complete, nodes: list[FieldNode], place: str, *, nullable: bool) -> Complete:
    def one(found: Any, asked: _Asked, path: Path) -> Any:
        try:
            return item(found, asked, path)
        except Exception as error:
            asked.failed(error, nodes, path, nullable=nullable)
            return None

    def complete(found: Any, asked: _Asked, path: Path) -> Any:
        if _is_nothing(found):
            return None
        if not is_iterable(found):
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{place}'.")
        return [one(inner, asked, (path, at)) for at, inner in enumerate(found)]

    return complete


def _leaf(shown: GraphQLLeafType) -> Complete:
    def complete(found: Any, _: _Asked, __: Path) -> Any:
        if _is_nothing(found):
            return None
        shown_as = shown.coerce_output_value(found)
        if _is_nothing(shown_as):
            raise TypeError(
                f"Expected `{inspect(shown)}.coerce_output_value({inspect(found)})` to return non-nullable "
                f"value, returned: {inspect(shown_as)}"
            )
        return shown_as

    return complete


def _object(parts: list[_Part]) -> Complete:
    def complete(found: Any, asked: _Asked, path: Path) -> Any:
        if _is_nothing(found):
            return None
        return {part.key: part.fill(found, asked, path) for part in parts}

    return complete


def _is_nothing(found: Any) -> bool:
    if isinstance(found, Exception):
        raise found
    return found is None or found is Undefined


def _keys(path: Path) -> list[str | int]:
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    return keys[::-1]


def _has_directives(document: DocumentNode) -> bool:
    seen = _Directives()
    visit(document, seen)
    return seen.found


class _Directives(Visitor):
    """Looks for what may leave something out, or change it."""

    found = False

    def enter_directive(self, *_: Any) -> None:
        self.found = True
