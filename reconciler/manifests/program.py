"""What a program prints: no longer waited for, and no more of it read, than was agreed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from select import select
from time import monotonic

_CHUNK = 64 * 1024


def output_of(
    words: str | list[str], *, folder: Path, environ: Mapping[str, str], seconds: float, most: int
) -> tuple[int, bytes]:
    """A program's exit code and what it prints; where that is more than `most` bytes, the first of them, and
    the program is ended. One text is run by a shell.

    Raises TimeoutExpired, OSError and ValueError. What the program has started itself may live on: nothing
    waits for it.
    """
    until, data = monotonic() + seconds, bytearray()
    with subprocess.Popen(
        words, shell=isinstance(words, str), cwd=folder, env=dict(environ), bufsize=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            while len(data) <= most:
                if not select([process.stdout], [], [], max(0.0, until - monotonic()))[0]:
                    raise subprocess.TimeoutExpired("", seconds)
                part = process.stdout.read(_CHUNK)
                if not part:  # closed, which is not ended
                    return process.wait(max(0.0, until - monotonic())), bytes(data)
                data += part
            return 0, bytes(data)
        finally:
            process.kill()
