"""Files that are written whole or not at all, one or several together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Puts a file in place at once; one that was there keeps its mode. Raises OSError."""
    name = _beside(path, data)
    try:
        name.replace(path)
    except BaseException:
        _removed([name])
        raise


def replace_files(files: Mapping[Path, bytes]) -> None:
    """Puts all files in place, each at once, after all of them were written beside their places: what cannot
    be written leaves all as it was. Folders are made. Raises OSError.
    """
    waiting: dict[Path, Path] = {}
    made: list[Path] = []
    try:
        for path, data in files.items():
            made += _folders_to_make(path.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(21, os.strerror(21), str(path))
            waiting[path] = _beside(path, data)
        while waiting:
            path, name = next(iter(waiting.items()))
            name.replace(path)
            del waiting[path]
    except BaseException:
        _removed(waiting.values())
        for folder in sorted(made, key=lambda one: -len(one.parts)):
            with suppress(OSError):  # what was put in place meanwhile stays
                folder.rmdir()
        raise


def _folders_to_make(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def _beside(path: Path, data: bytes) -> Path:
    """A file with these bytes and the mode of the one at `path`, ready to take its place."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
    except BaseException:
        _removed([Path(name)])
        raise
    return Path(name)


def _removed(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
