"""The files of a pull: for each object its manifest, and for each integration its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from reconciler.kinds import all_kinds
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.marks import is_protected
from reconciler.model.address import Address
from reconciler.model.state import Resource
from reconciler.plan.select import Selection
from reconciler.pull.fold import Folded, unfolded
from reconciler.pull.folding import Folding
from reconciler.pull.known import Kept
from reconciler.pull.layout import Layout, relative
from reconciler.pull.objects import LeftOut, Objects, Told
from reconciler.pull.sets import set_text
from reconciler.pull.text import Gap, Writer


class Files(Struct):
    """The text of each file by its path below the project, and what there is to say about it."""

    texts: dict[str, str] = {}
    gaps: list[Gap] = []
    left_out: list[LeftOut] = []
    kept: list[Kept] = []
    folded: Folded = field(default_factory=Folded)


def files_of(
    objects: Objects,
    layout: Layout,
    selection: Selection,
    is_there: Callable[[str], bool],
    schema: Callable[[str], str],
    environments: tuple[str, ...] = (),
    folding: Folding | None = None,
) -> Files:
    """The files of all that is told and selected, with what that refers to. `layout` says where they stand,
    `is_there` whether a path is taken, and `schema` where a kind's schema stands. With `environments` they
    count there alone, and `folding` makes sets of instances.
    """
    more = {"environments": list(environments)} if environments else {}
    found, taken = Files(left_out=list(objects.left_out)), set[str]()
    chosen = _chosen(objects.told, selection)

    def is_taken(path: str) -> bool:
        return path in found.texts or is_there(path)

    if folding is not None:
        found.folded = folding.folded(chosen)
        customers = folding.customers(chosen)
        for made in found.folded.sets:
            path = free_path(layout.manifest(made.address), is_taken)
            there = relative(schema(made.address.kind), path)
            found.texts[path], gaps = set_text(made, customers, there, taken, more)
            found.gaps += gaps
    for one in unfolded(chosen, found.folded.sets):
        path = free_path(layout.manifest(one.address), is_taken)
        spec = dict(one.spec)
        if one.address.kind == "Integration":
            beside = free_path(layout.definition(one.address), is_taken)
            found.texts[beside] = str(spec["definition"])
            spec["definition"] = relative(beside, path)
        writer = Writer(one.address, taken)
        found.texts[path] = writer.manifest(
            spec, relative(schema(one.address.kind), path), protect=is_protected(one.live), more=more
        )
        found.gaps += writer.gaps
    return found


def _chosen(told: list[Told], selection: Selection) -> list[Told]:
    """What is selected, and what that refers to; nothing that is excluded."""
    by_address = {one.address: one for one in told}
    open_ = [one for one in told if selection.about(Resource(one.address, one.spec))]
    wanted = {one.address for one in open_}
    while open_:
        for address in _named(open_.pop()):
            if address in by_address and address not in wanted:
                wanted.add(address)
                open_.append(by_address[address])
    out = {one.address for one in told if selection.bars(Resource(one.address, one.spec))}
    for one in told:  # what is referred to comes first
        if out.intersection(_named(one)):
            out.add(one.address)
    return [one for one in told if one.address in wanted and one.address not in out]


def _named(told: Told) -> Iterator[Address]:
    """What a manifest refers to."""
    kind, spec = all_kinds()[told.address.kind], told.spec
    if not isinstance(kind, TabledKind):
        for name in ("Customer", "Integration"):
            if name.lower() in spec:
                yield Address(name, str(spec[name.lower()]))
        return
    for row in kind.fields:
        given = spec.get(row.name) if row.refers else None
        for one in given if isinstance(given, list) else [given] if given else []:
            yield Address(row.refers, str(one))


def free_path(path: str, is_there: Callable[[str], bool]) -> str:
    """The path; with a number where something else stands there already."""
    stem, dot, suffix = path.rpartition(".")
    number, found = 2, path
    while is_there(found):
        found, number = f"{stem}-{number}{dot}{suffix}", number + 1
    return found


def environment_example(gaps: list[Gap], before: str) -> str:
    """The names of all variables from which secrets are to be read, behind those that stand there."""
    named = {line.partition("=")[0].strip() for line in before.splitlines()}
    missing = [gap for gap in gaps if gap.proven and gap.variable not in named]
    lines = [line for gap in missing for line in (f"# {gap.address}: {gap.path}", f"{gap.variable}=")]
    text = before if not before or before.endswith("\n") else f"{before}\n"
    return text + "".join(f"{line}\n" for line in lines)


def schemas_used(texts: Mapping[str, str]) -> set[str]:
    """The schemas that these files name, as they are called."""
    heads = (text.partition("\n")[0] for text in texts.values())
    return {head.rpartition("/")[2].removesuffix(".json") for head in heads if "$schema=" in head}
