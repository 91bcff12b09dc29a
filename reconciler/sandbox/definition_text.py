"""Why this exists: definitions travel as YAML text, and PyYAML reads YAML 1.1 where their authors write 1.2.

PyYAML would turn ``on`` into true, ``1:30`` into 90 and ``2024-01-01`` into a date, keep the last of two
equal keys and expand alias bombs. libyaml does the parsing here; the values are built from its nodes by the
core schema of YAML 1.2, and merge keys are carried out. Writing is the server's read-back form, which any
YAML reader loads back equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_VALUES = 500_000
MAX_DEPTH = 150  # real files nest about 25 levels; recursion stays far from Python's own limit
_TAG = "tag:yaml.org,2002:"

_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


class DefinitionError(Exception):
    """A definition the server refuses, with every reason found."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class _CoreLoader(yaml.CSafeLoader):
    """libyaml's parser with the implicit types of YAML 1.2 core; only its node graph is used."""

    # PyYAML looks a resolver up by the first character of a plain scalar; None stands for any character.
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        None: [
            (_TAG + "bool", _BOOL),
            (_TAG + "int", _INT),
            (_TAG + "float", _FLOAT),
            (_TAG + "null", _NULL),
        ]
    }


class _ReadBackDumper(yaml.CSafeDumper):
    """PyYAML's dumper without anchors: equal parts are written out each time."""

    # With no implicit types libyaml writes the tag out (`!!int "7"`); else it would shorten it to `! "7"`,
    # which other readers take for text.
    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own class attribute

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def load(text: str) -> dict[str, Any]:
    """Read a definition's text; raise DefinitionError with the line of what is wrong."""
    try:
        loader = _CoreLoader(text.removeprefix("\ufeff"))
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise DefinitionError([_sentence(error)]) from error
    except UnicodeError as error:
        raise DefinitionError(["the text is not valid Unicode"]) from error
    if root is None:
        raise DefinitionError(["the definition is empty"])
    if not isinstance(root, MappingNode):
        raise DefinitionError([f"{_at(root)}: the definition must be a mapping"])
    _refuse_alias_bombs(root)
    value: dict[str, Any] = _build(root, 0)
    return value


def dump(definition: dict[str, Any]) -> str:
    """Write the text that the server gives back: keys sorted, everything quoted, scalars tagged."""
    text: str = yaml.dump(definition, Dumper=_ReadBackDumper, default_style='"', sort_keys=True)
    return text


def _refuse_alias_bombs(root: Node) -> None:
    """An alias shares its node, so that a size is worked out once, and nothing is expanded."""
    if _size(root, 0, {}) > MAX_VALUES:
        raise DefinitionError(
            [f"{_at(root)}: more than {MAX_VALUES} values, with what its aliases stand for"]
        )


def _size(node: Node, depth: int, known: dict[int, int]) -> int:
    if depth > MAX_DEPTH:  # also ends an alias that contains itself
        raise DefinitionError([f"{_at(node)}: nested deeper than {MAX_DEPTH} levels"])
    if id(node) not in known:
        parts: list[Node] = []
        if isinstance(node, MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, SequenceNode):
            parts = node.value
        known[id(node)] = 1 + sum(_size(part, depth + 1, known) for part in parts)
    return known[id(node)]


def _build(node: Node, depth: int) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        _expect_tag(node, "seq")
        return [_build(item, depth + 1) for item in node.value]
    _expect_tag(node, "map")
    result: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            raise DefinitionError([f"{_at(key_node)}: a key must be text"])
        key = key_node.value  # the server keeps objects of JSON, whose keys are text
        if key == "<<" and not key_node.style:
            for source in _merged(value_node, depth):
                merged = source | merged
            continue
        if key in result:
            raise DefinitionError([f"{_at(key_node)}: duplicate key {key!r}"])
        result[key] = _build(value_node, depth + 1)
    return merged | result


def _merged(node: Node, depth: int) -> list[dict[str, Any]]:
    """The maps behind a merge key, of which the first goes before the rest."""
    found = _build(node, depth + 1)
    sources = found if isinstance(found, list) else [found]
    if not all(isinstance(source, dict) for source in sources):
        raise DefinitionError([f"{_at(node)}: a merge key takes a mapping, or a list of mappings"])
    return sources


def _expect_tag(node: Node, kind: str) -> None:
    if node.tag != _TAG + kind:
        raise DefinitionError([f"{_at(node)}: unknown tag {node.tag!r}"])


def _integer(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2])
    return int(text[2:], base) if base else int(text)


def _float(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    _TAG + "bool": (_BOOL, lambda text: text[0] in "tT"),
    _TAG + "int": (_INT, _integer),
    _TAG + "float": (_FLOAT, lambda text: _float(text.lower())),
    _TAG + "null": (_NULL, lambda _: None),
}


def _scalar(node: ScalarNode) -> Any:
    if node.tag == _TAG + "str":
        return node.value
    try:
        pattern, convert = _SCALARS[node.tag]
    except KeyError:
        raise DefinitionError([f"{_at(node)}: unknown tag {node.tag!r}"]) from None
    if not pattern.match(node.value):
        kind = node.tag.removeprefix(_TAG)
        raise DefinitionError([f"{_at(node)}: {node.value!r} is no {kind}"])
    try:
        return convert(node.value)
    except ValueError as error:  # thousands of digits
        raise DefinitionError([f"{_at(node)}: number too long"]) from error


def _at(node: Node) -> str:
    mark = node.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _sentence(error: yaml.YAMLError) -> str:
    """PyYAML's messages run over several lines and quote the text; keep the place and the problem."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
