"""Files that only their owner reads: there at once, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reconciler.apply.disk import Disk
from reconciler.model.errors import InvalidInput

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


def put_private(path: Path, data: bytes, disk: Disk, *, code: str, not_stdout: str) -> None:
    """Writes a file, or into whatever reads a pipe. Raises InvalidInput of this code if it cannot, and with
    the hint `not_stdout` where that is meant.
    """
    try:
        if path.exists() and not path.is_file():
            _pass_on(path, data)
        elif _is_stdout(path):
            raise InvalidInput.of(code, f'"{path}" is the standard output', hint=not_stdout)
        else:
            _replace(path.resolve(), data, disk)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; a loop of links
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        hint = "name a file in a folder that can be written to"
        raise InvalidInput.of(code, f'cannot write "{path}": {reason}', hint=hint) from error


def _replace(path: Path, data: bytes, disk: Disk) -> None:
    # A new file, as one that is there may be open to others, and half of it is none.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        try:
            disk.write_all(descriptor, data)
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _pass_on(path: Path, data: bytes) -> None:
    """Writes into a pipe or device that is there. A pipe that nobody reads is an error, not waited for."""
    descriptor = os.open(path, os.O_WRONLY | _AT_ONCE)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _is_stdout(path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(1))
    except OSError:
        return False
