"""The calls by which a run's bytes reach the disk, so that a disk may be given that is full, or whose machine
has lost its power.
"""

from __future__ import annotations

import os
from pathlib import Path


class Disk:
    """The disk of this machine."""

    def open(self, path: Path, flags: int) -> int:
        """A file that only its owner reads, made where the flags say so."""
        return os.open(path, flags, 0o600)

    def write(self, file: int, data: bytes) -> int:
        """Writes a part, and tells how long it was."""
        return os.write(file, data)

    def write_all(self, file: int, data: bytes) -> None:
        """Writes all of it."""
        while data:
            data = data[self.write(file, data) :]

    def sync(self, file: int) -> None:
        """Comes back once what was written outlasts a loss of power."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Lets go of the file, and of its lock."""
        os.close(file)
