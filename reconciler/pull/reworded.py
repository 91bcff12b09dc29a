"""A file that is to say another tree: its text with as few lines changed as that takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from reconciler.model.problem import Where
from reconciler.pull.rewrite import NotRewritable, with_item, with_value, without
from reconciler.pull.text import block
from reconciler.yaml12.text import only_map

_MOST = 60
"""More edits than these are a new file."""
_END = 1 << 31


def reworded(text: str, content: Mapping[str, Any]) -> str:
    """The text that says `content`: what does not change keeps its comments, its order and its quotes, as far
    as it can stand so.
    """
    edited = text
    try:
        for _ in range(_MOST):
            now = only_map(edited)
            if now is None:
                break
            if now == content:
                return edited
            edited = _edited(edited, now, content)
    except NotRewritable:
        pass  # then it is written anew
    return "".join(f"{line}\n" for line in block(content))


def _edited(text: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """The text with the last of the edits; a wider one where that cannot stand alone."""
    path, change = next(_edits(now, then, ()))
    while True:
        try:
            return change(text)
        except NotRewritable:
            if not path:
                raise
            path = path[:-1]
            if not path:
                raise
            change = _Put(path, _at(then, path))


class _Put:
    """Puts a value in a place."""

    def __init__(self, path: Where, value: object) -> None:
        self.path, self.value = path, value

    def __call__(self, text: str) -> str:
        if isinstance(self.path[-1], int) and isinstance(self.value, Mapping | list):
            raise NotRewritable("an item is put in place with its list")
        return with_value(text, _END, self.path, self.value)


class _Take:
    """Takes out what stands in a place."""

    def __init__(self, path: Where) -> None:
        self.path = path

    def __call__(self, text: str) -> str:
        return without(text, _END, self.path)


class _Insert:
    """Puts an item into a list."""

    def __init__(self, path: Where, index: int, value: object) -> None:
        self.path, self.index, self.value = path, index, value

    def __call__(self, text: str) -> str:
        return with_item(text, _END, self.path, self.index, self.value)


_Edit = _Put | _Take | _Insert


def _edits(now: Any, then: Any, path: Where) -> Iterator[tuple[Where, _Edit]]:
    """What is to be done, one after the other: the places are those of the text as it is now."""
    if isinstance(now, Mapping) and isinstance(then, Mapping) and now and then:
        for key in then:
            if key not in now:
                yield path, _Put((*path, key), then[key])
            elif now[key] != then[key]:
                yield from _edits(now[key], then[key], (*path, key))
        for key in now:
            if key not in then:
                yield path, _Take((*path, key))
    elif isinstance(now, list) and isinstance(then, list) and now and then:
        yield from _items(now, then, path)
    else:
        yield path, _Put(path, then)


def _items(now: list[Any], then: list[Any], path: Where) -> Iterator[tuple[Where, _Edit]]:
    """The edits of a list: those of its items, where as many of them stand in the same order."""
    keys = [[_key(one, at) for at, one in enumerate(side)] for side in (now, then)]
    for tag, low, high, start, stop in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            for at in range(high - low):
                if now[low + at] != then[start + at]:
                    yield from _edits(now[low + at], then[start + at], (*path, low + at))
        elif tag == "insert":
            yield path, _Insert(path, low, then[start])
        elif tag == "delete":
            yield path, _Take((*path, low))
        else:
            pairs = min(high - low, stop - start)
            for at in range(pairs):
                yield from _edits(now[low + at], then[start + at], (*path, low + at))


def _key(item: Any, at: int) -> str:
    """What tells that two items are the same thing: what people named it, or where it stands."""
    named = [item[one] for one in ("name", "key") if one in item] if isinstance(item, Mapping) else []
    return repr(named[0]) if named else f"{type(item).__name__} {at if isinstance(item, Mapping) else item!r}"


def _at(tree: Any, path: Where) -> Any:
    for part in path:
        tree = tree[part]
    return tree
