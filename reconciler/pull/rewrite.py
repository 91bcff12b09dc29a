"""Changes single values of a YAML file by their places, and leaves all else as people wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.model.problem import Where
from reconciler.pull.text import block, entry, flow, scalar

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotRewritable(Exception):
    """Why a value cannot be changed where it stands."""


def written_there(text: str, line: int, path: Where) -> str:
    """What stands at `path` of the document that begins on this line, as it is written; empty for nothing."""
    node = _at(_document(text, line), path)
    return "" if node is None else text[node.start_mark.index : _end(text, node)]


def with_value(text: str, line: int, path: Where, value: object) -> str:
    """The text with another value at `path` of the document that begins on this line, or with a new one in
    the map that is nearest to it. Raises NotRewritable.
    """
    document = _document(text, line)
    known = max(n for n in range(len(path) + 1) if _at(document, path[:n]) is not None)
    if known == len(path):
        return _replaced(text, document, path, value)
    for key in reversed(path[known + 1 :]):
        value = {key: value}
    return _inserted(text, _at(document, path[:known]), str(path[known]), value)


def without(text: str, line: int, path: Where) -> str:
    """The text without what stands at `path`, an entry of a map or an item of a list that has others: the
    lines on which it stands are gone. Raises NotRewritable.
    """
    document = _document(text, line)
    node, parent = _at(document, path), _at(document, path[:-1])
    if node is None or not isinstance(parent, MappingNode | SequenceNode):
        raise NotRewritable("it is nowhere in the file")
    if parent.flow_style or len(parent.value) < 2 or _is_shared(text, node):
        raise NotRewritable("it cannot be taken out alone")
    if isinstance(parent, MappingNode):
        first = next(key for key, one in parent.value if one is node).start_mark.index
    else:
        first = text.rfind("-", 0, node.start_mark.index)
    start = text.rfind("\n", 0, first) + 1
    if text[start:first].strip():
        raise NotRewritable("it does not begin on a line of its own")
    stop = text.find("\n", _end(text, node))
    return text[:start] + ("" if stop < 0 else text[stop + 1 :])


def with_item(text: str, line: int, path: Where, index: int, value: object) -> str:
    """The text with another item at this place of the list at `path`, which has some.

    Raises NotRewritable.
    """
    parent = _at(_document(text, line), path)
    if (
        not isinstance(parent, SequenceNode)
        or parent.flow_style
        or not parent.value
        or _is_shared(text, parent)
    ):
        raise NotRewritable("there is no list to put it into")
    column = parent.start_mark.column
    lines = "".join(f"{' ' * column}{one}\n" if one else "\n" for one in block([value]))
    if index == 0:
        start = text.rfind("\n", 0, parent.start_mark.index) + 1
        if text[start : parent.start_mark.index].strip():
            raise NotRewritable("the list does not begin on a line of its own")
        return text[:start] + lines + text[start:]
    stop = text.find("\n", _end(text, parent.value[index - 1]))
    if stop < 0:
        return f"{text}\n{lines}"
    return text[: stop + 1] + lines + text[stop + 1 :]


def _replaced(text: str, document: Node, path: Where, value: object) -> str:
    node, parent = _at(document, path), _at(document, path[:-1])
    assert node is not None
    if _is_shared(text, node):
        raise NotRewritable("it stands behind an anchor or an alias (&, *)")
    start, end = node.start_mark.index, _end(text, node)
    one_line = isinstance(value, int | float | bool) or (isinstance(value, str) and "\n" not in value)
    if isinstance(node, ScalarNode) and node.style not in ("|", ">") and one_line:
        return text[:start] + _quoted(node, value, parent) + text[end:]
    if isinstance(parent, MappingNode) and not parent.flow_style:
        key = next(k for k, one in parent.value if one is node)
        return _lines_replaced(text, key.start_mark, end, entry(str(path[-1]), value))
    if not isinstance(node, ScalarNode) or node.style not in ("|", ">"):
        return text[:start] + flow(value) + text[end:]
    raise NotRewritable("it stands as a block of text in a list")


def _lines_replaced(text: str, key: Any, end: int, lines: Iterator[str]) -> str:
    pad = " " * key.column
    first, *rest = lines
    new = "\n".join([first, *(f"{pad}{line}" if line else line for line in rest)])
    return text[: key.index] + new + text[end:]


def _quoted(node: ScalarNode, value: object, parent: Node | None) -> str:
    """A scalar in the quotes of the one that it replaces, where it can stand in them."""
    inside = isinstance(parent, MappingNode | SequenceNode) and bool(parent.flow_style)
    if not isinstance(value, str):
        return scalar(value, inside=inside)
    if node.style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return scalar(value, inside=inside, quoted=node.style == '"')


def _inserted(text: str, parent: Node | None, key: str, value: object) -> str:
    if not isinstance(parent, MappingNode) or _is_shared(text, parent):
        raise NotRewritable("there is no map to put it into")
    if parent.flow_style:
        new = f"{scalar(key, inside=True)}: {flow(value)}"
        if not parent.value:
            return text[: parent.start_mark.index] + "{" + new + "}" + text[_end(text, parent) :]
        end = _end(text, parent.value[-1][1])
        return f"{text[:end]}, {new}{text[end:]}"
    pad = " " * parent.value[0][0].start_mark.column
    end = _end(text, parent.value[-1][1])
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    new = "\n".join(f"{pad}{line}" if line else line for line in entry(key, value))
    return f"{text[:stop]}\n{new}{text[stop:]}"


def _document(text: str, line: int) -> Node:
    """The root of the document that holds this line."""
    found: Node | None = None
    for root in yaml.compose_all(text, Loader=_Loader):
        if root is not None and root.start_mark.line + 1 <= line:
            found = root
    if found is None:
        raise NotRewritable("it is nowhere in the file")
    return found


def _at(node: Node | None, path: Where) -> Node | None:
    for part in path:
        if isinstance(node, MappingNode):
            node = next((one for key, one in node.value if key.value == str(part)), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node


def _end(text: str, node: Node) -> int:
    """Where a value ends: of a block, behind the last thing in it."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    end = int(node.end_mark.index)
    is_block = isinstance(node, ScalarNode) and node.style in ("|", ">")
    return len(text[:end].rstrip("\n")) if is_block else end


def _is_shared(text: str, node: Node) -> bool:
    """Whether what stands there is said in other places, too."""
    return text[node.start_mark.index : node.start_mark.index + 1] in ("&", "*")
