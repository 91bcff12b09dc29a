"""Several operations as one document, and its answer taken apart again.

Each operation's root fields get aliases of their own: "several root fields through aliases are recommended"
(transport.md, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from msgspec import Struct

from reconciler.api.wire import Answer, Envelope, clean
from reconciler.model.digest import sha256
from reconciler.model.operation import Operation

_HERE = "\0"
"""Stands in names for the place among the operations: no name can hold it."""


class _Pattern(Struct, frozen=True):
    """A document, ready to become a part of another."""

    keyword: str
    variables: str
    fields: str
    fragments: str
    keys: tuple[str, ...]
    """What the answers to its root fields stand under."""
    names: tuple[str, ...]
    """Its variables."""


class Parted(Struct, frozen=True):
    """What one operation of several is answered: `answer`, or None where it must be asked `again`, or where
    nobody knows whether it was carried out.
    """

    answer: Answer | None
    again: bool = False


def joins(op: Operation) -> bool:
    """Whether a document can be a part of another."""
    return _pattern(op.document) is not None


def joined(ops: Sequence[Operation]) -> Operation:
    """One operation that carries out all of these, in their order; each must join. It is called by their name
    where they have one, and may take as long as the slowest of them.
    """
    patterns = [one for op in ops if (one := _pattern(op.document))]
    parts = [(one, f"_{index}") for index, one in enumerate(patterns)]
    given = ", ".join(one.variables.replace(_HERE, at) for one, at in parts if one.variables)
    fields = "\n".join(one.fields.replace(_HERE, at) for one, at in parts)
    fragments = "".join(dict.fromkeys(one.fragments.replace(_HERE, at) for one, at in parts))
    names = list(dict.fromkeys(op.name for op in ops))
    called = names[0] if len(names) == 1 else "Joined"
    limits = [op.timeout for op in ops]
    return Operation(
        name=names[0] if len(names) == 1 else f"{len(ops)} operations",
        document=f"{patterns[0].keyword} {called}{given and f'({given})'} {{\n{fields}\n}}{fragments}",
        variables={
            f"{name}{at}": op.variables[name]
            for (one, at), op in zip(parts, ops, strict=True)
            for name in one.names
            if name in op.variables
        },
        result=ops[0].result,
        repeatable=all(op.repeatable for op in ops),
        withdrawable=any(op.withdrawable for op in ops),
        parts=tuple(ops),
        timeout=None if None in limits else max(limit for limit in limits if limit is not None),
    )


def parted(ops: Sequence[Operation], whole: Operation, answer: Answer) -> list[Parted] | None:
    """The answer to `whole`, taken apart; None where it says nothing of the single ones, and they may be
    asked for again: it was refused before anything was carried out, or only reads.

    A refusal of one may have undone the others of its request, even where their part of the answer looks
    good: of those that write, nobody knows then.
    """
    faults = _of_each(len(ops), whole, answer)
    if faults is None:
        ran = answer.status >= 500 or answer.data or any(fault.path for fault in answer.faults)
        return [Parted(None) for _ in ops] if whole.is_mutation and ran else None
    data = answer.data or {}
    single = [_single(op, index, data, faults[index], answer.status) for index, op in enumerate(ops)]
    failed = [_has_failed(op, one) for op, one in zip(ops, single, strict=True)]
    if not any(failed):
        return [Parted(one) for one in single]
    return [
        Parted(one)
        if bad or (not op.is_mutation and _is_there(op, index, data))
        else Parted(None, not op.is_mutation)
        for index, (op, one, bad) in enumerate(zip(ops, single, failed, strict=True))
    ]


def together(ops: Sequence[Operation], bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body that answers several operations at once, made of those that answer each of them."""
    data: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for index, (op, body) in enumerate(zip(ops, bodies, strict=True)):
        keys = _keys(op)
        data |= {f"{key}_{index}": (body.get("data") or {}).get(key) for key in keys}
        for error in body.get("errors") or ():
            key, *inner = error.get("path") or keys
            errors.append({**error, "path": [f"{key}_{index}", *(inner if error.get("path") else [])]})
    return {"data": data, **({"errors": errors} if errors else {})}


def _of_each(count: int, whole: Operation, answer: Answer) -> list[list[dict[str, Any]]] | None:
    """The answer's errors by the operation at which their path begins, without the secrets of any of them."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    for fault in answer.faults:
        root = fault.path[0] if fault.path else ""
        key, _, place = str(root).rpartition("_")
        if not key or not place.isdigit() or int(place) >= count:
            return None
        path = [key, *(fault.path or ())[1:]]
        found[int(place)].append({"message": clean(fault.message, whole.variables), "path": path})
    return found


def _single(
    op: Operation, index: int, data: Mapping[str, Any], faults: list[dict[str, Any]], status: int
) -> Answer:
    keys = _keys(op)
    told = {key: data[f"{key}_{index}"] for key in keys if f"{key}_{index}" in data}
    return Answer(status, Envelope(told or None, faults or None))


def _is_there(op: Operation, index: int, data: Mapping[str, Any]) -> bool:
    return all(f"{key}_{index}" in data for key in _keys(op))


def _has_failed(op: Operation, answer: Answer) -> bool:
    if answer.faults:
        return True
    values = (answer.data or {}).values()
    return op.is_mutation and any(isinstance(one, Mapping) and one.get("errors") for one in values)


def _keys(op: Operation) -> tuple[str, ...]:
    pattern = _pattern(op.document)
    return pattern.keys if pattern else ()


@lru_cache(maxsize=512)
def _pattern(document: str) -> _Pattern | None:
    """The pattern of a document; None where it is more than one operation, or its root is no plain fields."""
    parsed = parse(document, no_location=True)
    shared = [print_ast(one) for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)]
    # Equal fragments stand once in the whole, unless they use variables.
    suffix = _HERE if any("$" in one for one in shared) else f"_{sha256(shared)[:8]}"
    parsed = visit(parsed, _Renaming(suffix))
    operations = [one for one in parsed.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = [one for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)]
    if len(operations) != 1 or operations[0].directives:
        return None
    roots = operations[0].selection_set.selections
    if not all(isinstance(one, FieldNode) for one in roots):
        return None
    asked = operations[0].variable_definitions or ()
    fields = [one for one in roots if isinstance(one, FieldNode)]
    return _Pattern(
        operations[0].operation.value,
        ", ".join(map(print_ast, asked)),
        "\n".join(map(print_ast, map(_aliased, fields))),
        "".join(f"\n{print_ast(one)}" for one in fragments),
        tuple(map(_key, fields)),
        tuple(one.variable.name.value.removesuffix(_HERE) for one in asked),
    )


def _key(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value


def _aliased(field: FieldNode) -> FieldNode:
    return replace(field, alias=NameNode(value=_key(field) + _HERE))


class _Renaming(Visitor):
    """Gives variables and fragments names of their own."""

    def __init__(self, suffix: str) -> None:
        super().__init__()
        self._suffix = suffix

    def leave_variable(self, node: VariableNode, *_: Any) -> Node:
        """A variable where it is declared or used."""
        return replace(node, name=NameNode(value=node.name.value + _HERE))

    def leave_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Node:
        """Where a fragment is used."""
        return replace(node, name=NameNode(value=node.name.value + self._suffix))

    def leave_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Node:
        """Where it is written down."""
        return replace(node, name=NameNode(value=node.name.value + self._suffix))
