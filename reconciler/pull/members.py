"""The text of a set for fewer customers: where some of its instances are not in a tenant."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.pull.rewrite import NotRewritable, with_value, without, written_there
from reconciler.yaml12.text import parse

_CUSTOMERS, _OVERRIDES = ("spec", "customers"), ("spec", "overrides")


def for_these(text: str, line: int, names: Collection[str], gone: Collection[str]) -> str:
    """The text with the set on this line for the customers of these names, and without what it says of those
    who are gone. Raises NotRewritable.
    """
    text = with_value(text, line, _CUSTOMERS, {"names": sorted(names)})
    said = [one for one in sorted(gone) if written_there(text, line, (*_OVERRIDES, one))]
    if not said:
        return text
    left = [one for one in sorted(names) if written_there(text, line, (*_OVERRIDES, one))]
    for path in [(*_OVERRIDES, one) for one in said] if left else [_OVERRIDES]:
        text = without(text, line, path)
    return text


def alone(text: str) -> str:
    """The text, if one manifest alone stands in it. Raises NotRewritable."""
    documents, _ = parse(text, "")
    if sum(one.value is not None for one in documents) != 1:
        raise NotRewritable("other manifests stand in its file")
    return text
