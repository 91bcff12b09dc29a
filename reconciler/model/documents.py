"""Reads the `.graphql` files that lie beside the code: one sendable document for each operation in them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


@cache
def load(name: str, package: str) -> dict[str, str]:
    """The operations of a package's `NAME.graphql` by their names, each with just the fragments that it uses.

    Clients of this API send one operation a document and no operationName (api notes: "Requests and
    answers"), so a file with several is taken apart here.
    """
    text = resources.files(package).joinpath(f"{name}.graphql").read_text("utf-8")
    tree = parse(text, no_location=True)
    fragments = {d.name.value: d for d in tree.definitions if isinstance(d, FragmentDefinitionNode)}
    return {
        d.name.value: print_ast(DocumentNode(definitions=(d, *_used(d, fragments))))
        for d in tree.definitions
        if isinstance(d, OperationDefinitionNode) and d.name is not None
    }


def _used(
    node: OperationDefinitionNode | FragmentDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> tuple[FragmentDefinitionNode, ...]:
    found: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: object) -> None:
            name = spread.name.value
            if name not in found:
                found[name] = fragments[name]
                visit(fragments[name], self)

    visit(node, Spreads())
    return tuple(found[name] for name in sorted(found))
