"""Reads the `.graphql` files that lie beside the code: one sendable document for each operation in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphql import FragmentDefinitionNode, OperationDefinitionNode


class Documents(Mapping[str, str]):
    """The operations of a package's `NAME.graphql` by their names, each with just the fragments that it uses.
    The file is read, and an operation written out, when it is asked for: most commands need few of them.

    Clients of this API send one operation a document and no operationName (api notes: "Requests and
    answers"), so a file with several is taken apart here.
    """

    def __init__(self, name: str, package: str) -> None:
        self._name, self._package = name, package
        self._written: dict[str, str] = {}

    def __getitem__(self, operation: str) -> str:
        if operation not in self._written:
            operations, fragments = self._parts
            self._written[operation] = _written(operations[operation], fragments)
        return self._written[operation]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts[0])

    def __len__(self) -> int:
        return len(self._parts[0])

    @cached_property
    def _parts(self) -> tuple[dict[str, OperationDefinitionNode], dict[str, FragmentDefinitionNode]]:
        """The operations and the fragments of the file."""
        from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

        text = resources.files(self._package).joinpath(f"{self._name}.graphql").read_text("utf-8")
        found = parse(text, no_location=True).definitions
        operations = {d.name.value: d for d in found if isinstance(d, OperationDefinitionNode) and d.name}
        fragments = {d.name.value: d for d in found if isinstance(d, FragmentDefinitionNode)}
        return operations, fragments


@cache
def load(name: str, package: str) -> Documents:
    """Those of a file, once for all."""
    return Documents(name, package)


def _written(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> str:
    from graphql import DocumentNode, FragmentSpreadNode, Visitor, print_ast, visit

    found: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: object) -> None:
            name = spread.name.value
            if name not in found:
                found[name] = fragments[name]
                visit(fragments[name], self)

    visit(operation, Spreads())
    used = (found[name] for name in sorted(found))
    return print_ast(DocumentNode(definitions=(operation, *used)))
