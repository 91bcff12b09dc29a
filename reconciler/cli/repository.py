"""Where files stand in their repository: who shows findings at lines knows paths from its root."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.model.diagnostic import Source

_LISTS = (
    "errors",
    "refusals",
    "warnings",
    "notes",
    "actions",
    "drift",
    "missing",
    "leftOut",
    "failures",
)


def folder_in_repository(project: Path | None, here: Path) -> str:
    """The folder of the project that is in use, as it is called in its repository; "." where that is the
    root, or there is none.
    """
    from reconciler.manifests.project import find

    file = project or find(here)
    folder = (file if file is None or file.is_dir() else file.parent) or here
    folder = Path(os.path.realpath(folder))
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    return folder.relative_to(root).as_posix()


def placed(document: Mapping[str, Any], folder: str, places: Mapping[str, Source]) -> dict[str, Any]:
    """The document, in which each finding tells its place in the repository: its own, or else that of the
    manifest of its address.
    """
    lists = {name: document[name] for name in _LISTS if document.get(name)}
    return {
        **document,
        **{name: [_placed(entry, folder, places) for entry in some] for name, some in lists.items()},
    }


def _placed(entry: Mapping[str, Any], folder: str, places: Mapping[str, Source]) -> Mapping[str, Any]:
    file, line, column = entry.get("file"), entry.get("line"), entry.get("column")
    known = places.get(str(entry.get("address")))
    if not file and known is not None:
        file, line, column = known.file, known.line or None, known.column or None
    if not file:
        return entry
    whole = file if posixpath.isabs(file) else posixpath.normpath(posixpath.join(folder, file))
    return {**entry, "file": whole, "line": line, "column": column}
