"""What a person is told of two definitions that do not mean the same."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from reconciler.definition.holes import Secrets, filled
from reconciler.definition.meaning import KEYED_LISTS, meaning, numbered
from reconciler.definition.tree import Tree
from reconciler.definition.withheld import Inputs, as_shown
from reconciler.model.secret import Secret

# By default keys such as __typename would be passed over.
_DIFF: dict[str, Any] = {
    "threshold_to_diff_deeper": 0,
    "view": "tree",
    "zip_ordered_iterables": True,
    "ignore_private_variables": False,
}


class Comparison(Struct, frozen=True):
    """Two definitions beside each other, and the keys, found and wanted value of each difference."""

    found: Tree
    wanted: Tree
    parts: tuple[tuple[list[Any], Any, Any], ...]

    def shown(self, inputs: Inputs | None = None) -> list[tuple[str, Any, Any]]:
        """Each difference as (path, found value, wanted value), with paths that a person reads:
        `definition.flows[Receive order].steps[Post].inputs.channel.value`. Defaults of connections, API keys
        and what a component calls a password (`inputs` tells) come as Secret, since definitions hold client
        secrets (definition format notes: "ConfigVar"); what it calls is not known, as Unproven.
        """
        shown = [
            (
                readable(keys),
                *_beside(
                    as_shown(keys, before, self.found, inputs), as_shown(keys, after, self.wanted, inputs)
                ),
            )
            for keys, before, after in self.parts
        ]
        return sorted(shown, key=lambda one: one[0])


def compared(wanted: Tree, found: Tree, secrets: Secrets | None = None) -> Comparison:
    """What the two say otherwise, by what they mean."""
    from deepdiff import DeepDiff  # costs 70 ms to load, and is needed only where digests differ

    a = meaning(found)
    b = filled(numbered(meaning(wanted), a), a, secrets or {})
    levels = [level for group in DeepDiff(a, b, **_DIFF).values() for level in group]
    parts = [
        (level.path(output_format="list"), _present(level.t1), _present(level.t2))
        for level in levels
        if not _same_number(level.t1, level.t2)
    ]
    return Comparison(a, b, tuple(parts))


def _beside(before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides; what is in the place of a secret is one, too."""
    veiled = isinstance(after, Secret) and isinstance(before, str | int | float)
    return (Secret(str(before)) if veiled else before), after


def _present(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value


def _same_number(before: object, after: object) -> bool:
    """Whether both are one number, of two types."""
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (before, after))
    return numbers and before == after


def readable(keys: list[Any]) -> str:
    """A path of keys as text; names of flows, steps and variables stand in brackets."""
    text, named = "definition", False
    for key in keys:
        if named or isinstance(key, int):
            text, named = f"{text}[{key}]", False
            continue
        text = f"{text}.{key.removeprefix('$order ') + ' (order)' if str(key).startswith('$order ') else key}"
        named = key in KEYED_LISTS
    return text
