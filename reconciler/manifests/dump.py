"""Writes a definition that was put together here, as each reader of YAML reads it."""

from __future__ import annotations

from typing import Any

import yaml

from reconciler.definition.tree import Tree

_ONE_LINE = 2**31 - 1
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """Every text in quotes, so that each reader of YAML reads the same."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def dump(tree: Tree) -> str:
    """The text of a definition."""
    text: str = yaml.dump(
        tree, Dumper=_Dumper, default_style='"', width=_ONE_LINE, allow_unicode=True, sort_keys=False
    )
    return text
