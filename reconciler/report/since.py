"""What became of drift since an earlier report: both are documents of `drift`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.report import values

Document = Mapping[str, Any]
Entries = dict[str, list[Document]]


def since(earlier: Document, now: Document) -> dict[str, Any]:
    """What is new, what is mended, and how much remains, to stand in the document of now. A field whose live
    value is another one than it was then is new.
    """
    then, here = _known(earlier), _known(now)
    remaining = [key for key in here if then.get(key, ("",))[0] == here[key][0]]
    return {
        "createdAt": earlier["createdAt"],
        "new": _entries([here[key][1] for key in here if key not in remaining]),
        "mended": _entries([then[key][1] for key in then if key not in here]),
        "remaining": _entries([here[key][1] for key in remaining]),
    }


def is_new(found: Document) -> bool:
    """Whether anything is new that surely somebody else did."""
    new = found["new"]
    return bool(new["missing"]) or any(one.get("certain", True) for one in new["drift"])


def line(found: Document) -> str:
    """What became of it, in one line."""
    counted = {name: sum(map(len, found[name].values())) for name in ("new", "mended", "remaining")}
    return f"Since {found['createdAt']}: " + ", ".join(f"{n:,} {name}" for name, n in counted.items()) + "."


def lines(found: Document, name: str) -> list[str]:
    """Each entry of `new`, `mended` or `remaining` in a line."""
    fields = [f"{one['address']} {values.readable_path(one['path'])}" for one in found[name]["drift"]]
    return [*fields, *(f"{one['address']}: {values.missing_line(one)}" for one in found[name]["missing"])]


def _known(document: Document) -> dict[tuple[str, str], tuple[Any, Document]]:
    """The entries by what they are about; a missing resource is one as a whole."""
    fields = {(one["address"], one["path"]): (("live", one["live"]), one) for one in document["drift"]}
    gone = {(one["address"], ""): (("missing", None), one) for one in document.get("missing", ())}
    return {**fields, **gone}


def _entries(found: list[Document]) -> Entries:
    return {
        "drift": [one for one in found if "path" in one],
        "missing": [one for one in found if "path" not in one],
    }
