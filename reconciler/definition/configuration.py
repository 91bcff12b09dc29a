"""Headless configuration: what an instance is given by an app of the author's, in place of config pages (api
notes: "Headless configuration"). No public call saves it, so that all we can do is tell in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.definition.tree import Tree, mapping, text

_LONGEST = 10  # a reference may lead to itself


@dataclass(frozen=True, slots=True)
class Configuration:
    """A JSON Schema of what an instance needs, under a version: an instance that was configured for one must
    be configured anew before it can run another.
    """

    version: str
    schema: Tree = field(repr=False)

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that must be given and have no default, as paths: `account.region`."""
        return tuple(dict.fromkeys(_required(self.schema, self.schema, "", frozenset())))

    def renewed_from(self, before: Configuration | None) -> bool:
        """Whether instances that were configured for `before` (None: not in this way) must be so anew."""
        return before is None or before.version != self.version

    def newly_required(self, before: Configuration | None) -> tuple[str, ...]:
        """The required fields that `before` did not ask for."""
        known = before.required if before else ()
        return tuple(one for one in self.required if one not in known)


def configuration(tree: Tree) -> Configuration | None:
    """The configuration of an instance; None where config variables are all that it has. What each user is
    asked for is not the instance's.
    """
    written = mapping(tree.get("configuration"))
    # Early access had one for the instance and one for each user, with versions in place of the tag.
    said = mapping(written.get("instance")) if "instance" in written else written
    if "schema" not in said:
        return None
    version = said.get("eTag", said.get("version"))
    return Configuration("" if version is None else str(version), mapping(said.get("schema")))


def _required(schema: Any, root: Tree, path: str, within: frozenset[int]) -> Iterator[str]:
    """Those of `schema`, which stands at `path` in the schemas `within`; it may hold itself."""
    said = _resolved(mapping(schema), root)
    if id(said) in within:
        return
    within |= {id(said)}
    parts = said.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        yield from _required(part, root, path, within)
    properties, names = mapping(said.get("properties")), said.get("required")
    for name in names if isinstance(names, list) else ():
        inner = _resolved(mapping(properties.get(name)), root)
        if "default" not in inner:
            here = f"{path}.{name}" if path else str(name)
            yield here
            yield from _required(inner, root, here, within)


def _resolved(schema: Tree, root: Tree) -> Tree:
    """The schema that references within the document lead to."""
    for _ in range(_LONGEST):
        named = text(schema.get("$ref"))
        if not named.startswith("#"):
            return schema
        schema = root
        for part in named.removeprefix("#").split("/")[1:]:
            schema = mapping(schema.get(part.replace("~1", "/").replace("~0", "~")))
    return {}
