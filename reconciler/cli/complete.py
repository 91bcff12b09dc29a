"""What shells are told when somebody asks for the rest of a word: names from the project's own files, without
the tenant, and without all that takes long to load.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click

_FILE, _STATE = "reconciler.yaml", ".reconciler"
_MOST = 4 * 1024 * 1024
"""Bytes of manifests that are looked at: whoever waits for a word does not wait longer than for a moment."""


Completer = Callable[[click.Context, click.Parameter, str], list[str]]
"""What click asks for the rest of a word."""


def _completing(offer: Callable[[click.Context], Iterable[str]]) -> Completer:
    """Completes to what begins so. Where it cannot be found out, there is nothing to say."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            return sorted({one for one in offer(ctx) if one.startswith(incomplete)})
        except (OSError, ValueError):
            return []

    return complete


def _environments(ctx: click.Context) -> Iterator[str]:
    yield "sandbox"
    named = _spec(ctx).get("environments")
    yield from map(str, named) if isinstance(named, dict) else ()


def _addresses(ctx: click.Context) -> Iterator[str]:
    """The addresses of the manifests, of instances that sets bring about with `*` for their customer."""
    for document in _documents(ctx):
        kind, name = _KIND.search(document), _NAME.search(document)
        if kind is None or name is None:
            continue
        if kind[1] == "InstanceSet":
            yield f"Instance/*/{name[1]}"
        elif kind[1] != "Instance":
            yield f"{kind[1]}/{name[1]}"
        elif customer := _CUSTOMER.search(document):
            yield f"Instance/{customer[1]}/{name[1]}"


def _exact(ctx: click.Context) -> Iterator[str]:
    """The addresses of just one resource each."""
    return (one for one in _addresses(ctx) if "*" not in one)


# Reading all of a large project as YAML takes seconds. A manifest says its kind, its name and its customer in
# the same few ways nearly everywhere; one that says it otherwise is not offered, and is found all the same.
_FLOW = r"\{{(?:[^{{}}]|\{{[^{{}}]*\}})*?\b{0}:"
_BLOCK = r"\r?\n(?:[ \t]+.*\n|\r?\n|#.*\n)*?[ \t]+{0}:"
_WITHIN = rf":\s*(?:{_FLOW}|{_BLOCK})\s*[\"']?([a-z0-9-]+)"
_KIND = re.compile(r"^kind:\s*[\"']?(\w+)", re.MULTILINE)
_NAME = re.compile("^metadata" + _WITHIN.format("name"), re.MULTILINE)
_CUSTOMER = re.compile("^spec" + _WITHIN.format("customer"), re.MULTILINE)


def _kinds(_: click.Context) -> Iterator[str]:
    """What the schemas of manifests say that they are of."""
    import json

    from reconciler.manifests.schema_files import folder

    for file in folder().iterdir():
        kind = json.loads(file.read_text("utf-8")).get("properties", {}).get("kind", {}).get("const")
        if kind and kind != "Project":
            yield str(kind)


def _explained(ctx: click.Context) -> Iterator[str]:
    return chain(_kinds(ctx), ["Project"])


def _schemas(_: click.Context) -> Iterator[str]:
    from reconciler.manifests.schema_files import folder

    return (file.name.removesuffix(".json") for file in folder().iterdir())


def _runs(ctx: click.Context) -> Iterator[str]:
    """The runs of the journal."""
    yield "latest"
    journal = _project(ctx).parent / _STATE / "journal"
    yield from (path.stem for path in journal.glob("*.jsonl"))


ENVIRONMENT = _completing(_environments)
"""An environment of the project file."""
ADDRESS = _completing(_exact)
"""The address of a resource."""
PATTERN = _completing(_addresses)
"""What `--select` takes."""
KIND = _completing(_kinds)
"""A kind of manifest."""
EXPLAINED = _completing(_explained)
"""What `explain` explains."""
SCHEMA = _completing(_schemas)
"""A schema's name."""
RUN = _completing(_runs)
"""A run of the journal."""


def _documents(ctx: click.Context) -> Iterator[str]:
    """The texts of the project's manifests, one for each document."""
    root, left = _project(ctx).parent, _MOST
    entries = _spec(ctx).get("manifests")
    for entry in entries if isinstance(entries, list) else ():
        for path in _files(root, str(entry)):
            left -= path.stat().st_size
            if left < 0:
                return
            yield from _APART.split(path.read_text("utf-8", errors="replace"))


_APART = re.compile(r"^---(?:\s.*)?$", re.MULTILINE)


def _files(root: Path, entry: str) -> Iterator[Path]:
    """The files of an entry of `spec.manifests`."""
    found: Iterable[Path]
    if any(sign in entry for sign in "*?["):
        found = root.glob(entry)
    elif (root / entry).is_dir():
        found = (Path(place, name) for place, _, names in os.walk(root / entry) for name in names)
    else:
        found = [root / entry]
    return (path for path in found if path.suffix in (".yaml", ".yml") and path.is_file())


def _spec(ctx: click.Context) -> dict[str, Any]:
    """What the project file says."""
    from reconciler.yaml12.file import read

    path = _project(ctx)
    _, documents, _ = read(path, path.name)
    value = documents[0].value if documents else None
    spec = value.get("spec") if isinstance(value, dict) else None
    return spec if isinstance(spec, dict) else {}


def _project(ctx: click.Context) -> Path:
    """The project file that the command would take. Raises FileNotFoundError."""
    named = getattr(ctx.find_root().obj, "project", None) or os.environ.get("RECONCILER_PROJECT")
    if named:
        path = Path(named)
        return path / _FILE if path.is_dir() else path
    here = Path.cwd()
    for above in (here, *here.parents):
        if (above / _FILE).is_file():
            return above / _FILE
    raise FileNotFoundError(_FILE)
