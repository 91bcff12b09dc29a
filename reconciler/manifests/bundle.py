"""A built code-native integration as one package: the same files give the same bytes on every machine.

The package's SHA-1 is what the platform keeps as the component's signature (api notes: "Components"). That
must not depend on which zlib a machine has, so the files are stored, not compressed.
"""

from __future__ import annotations

import io
import json
import os
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

from reconciler.model.problem import Unusable

ENTRY = "index.js"
MAX_BYTES = 200 * 1024 * 1024
MAX_FILES = 10_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BUILD = "name the folder that the build makes, which holds index.js"


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below `folder` (a real path), by their names in the package, sorted. Raises Unusable."""
    found: dict[str, bytes] = {}
    size = 0
    try:
        if not folder.is_dir():
            raise Unusable("bundle-folder", "is not a folder", _BUILD)
        for path in _walk(folder):
            size += path.stat().st_size
            if size > MAX_BYTES or len(found) >= MAX_FILES:
                limit = f"larger than {MAX_BYTES // 1024**2} MB, or holds more than {MAX_FILES:,} files"
                raise Unusable("bundle-too-large", f"is {limit}", _BUILD)
            found[_name(path.relative_to(folder))] = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Unusable("bundle-unreadable", f"cannot be read: {reason}", "correct its permissions") from error
    if ENTRY not in found:
        raise Unusable("bundle-folder", f"holds no {ENTRY}", "build the integration first: npm run build")
    return dict(sorted(found.items()))


def packed(files: dict[str, bytes]) -> bytes:
    """A zip archive of the files, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # as on Unix, wherever it is packed
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        path = Path(entry.path)
        if entry.is_symlink():
            # The official tool leaves links out, and what they lead to may be anything.
            raise Unusable("bundle-file", f"holds a link, {shown(entry.name)}", "put a copy in its place")
        if entry.is_dir():
            yield from _walk(path)
        elif entry.is_file():
            yield path
        else:
            reason = f"holds {shown(entry.name)}, which is neither a file nor a folder"
            raise Unusable("bundle-file", reason, "remove it")


def _name(path: Path) -> str:
    """The file's name in the package, the same everywhere and safe to unpack."""
    for part in path.parts:
        if "\\" in part or any(unicodedata.category(one) in ("Cc", "Cs") for one in part):
            reason = f"holds a file whose name cannot be packed, {shown(part)}"
            raise Unusable(
                "bundle-file", reason, "rename it: no backslashes, control characters or broken text"
            )
    return path.as_posix()


def shown(name: str) -> str:
    """A file's name as messages show it, whatever it is made of."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
