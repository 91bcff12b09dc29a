"""The files of a pull: for each object its manifest, and for each integration its definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.kinds.table.marks import is_protected
from reconciler.model.address import Address
from reconciler.pull.layout import definition_path, manifest_path, relative
from reconciler.pull.objects import LeftOut, Objects
from reconciler.pull.text import Gap, Writer


@dataclass(slots=True)
class Files:
    """The new text of each file by its path below the project, and what there is to say about it."""

    texts: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, Address] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def files_of(
    objects: Objects, folder: str, is_there: Callable[[str], bool], schemas: Mapping[str, str]
) -> Files:
    """The files of all that is told. `folder` is where manifests stand, `is_there` says whether a path is
    taken, and `schemas` where editors find the schema of a kind.
    """
    found = Files(left_out=list(objects.left_out))
    for one in objects.told:
        path = _free(manifest_path(folder, one.address), is_there)
        spec = dict(one.spec)
        if one.address.kind == "Integration":
            beside = _free(definition_path(one.address), is_there)
            found.texts[beside] = str(spec["definition"])
            spec["definition"] = relative(beside, path)
        writer = Writer(one.address)
        found.texts[path] = writer.manifest(
            spec, schemas.get(one.address.kind, ""), protect=is_protected(one.live)
        )
        found.addresses[path] = one.address
        found.gaps += writer.gaps
    return found


def _free(path: str, is_there: Callable[[str], bool]) -> str:
    """The path; with a number where something else stands there already."""
    stem, dot, suffix = path.rpartition(".")
    number, found = 2, path
    while is_there(found):
        found, number = f"{stem}-{number}{dot}{suffix}", number + 1
    return found
