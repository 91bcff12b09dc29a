"""While a world is recorded, the seed decides what the sandbox takes from chance and from the clock, and
nobody waits.
"""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import anyio
import pytest

from reconciler.sandbox import store
from reconciler.sandbox.nature import Nature

MIDNIGHT = 1_893_456_000  # 2030-01-01: no other moment of a run is in this year


@contextmanager
def steady(
    seed: int | str, environ: Mapping[str, str], clock: Callable[[], float] = lambda: MIDNIGHT
) -> Iterator[None]:
    """Ids, tokens and moments follow from the seed; of our variables the environment holds what is given."""
    draw, sleep, process = random.Random(seed), anyio.sleep, os.getpid

    def entropy(size: int) -> bytes:
        if size != 16:  # a token, and no id
            return f"token-of-{seed}".encode().ljust(size)[:size]
        return draw.getrandbits(8 * size).to_bytes(size, "big")

    def getpid() -> int:  # which is a part of the names of runs
        return 12345 if _asked_by("reconciler") else process()

    async def short_sleep(seconds: float) -> None:
        await sleep(min(seconds, 0.002))

    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("GITHUB_", "CI_", "RECONCILER_", "GOLDEN_")):
                patch.delenv(name)
        for name, value in {"NO_COLOR": "1", "COLUMNS": "80", "USER": "ada", **environ}.items():
            patch.setenv(name, value)
        patch.setattr(store, "Nature", lambda: Nature(clock, entropy))
        patch.setattr(os, "getpid", getpid)
        patch.setattr(socket, "gethostname", lambda: "laptop")
        patch.setattr(anyio, "sleep", short_sleep)
        patch.setattr(os, "fsync", lambda _: None)
        yield


def _asked_by(package: str) -> bool:
    """Whether the function that wants to know was called from this package."""
    return f"{sys._getframe(2).f_globals.get('__name__', '')}.".startswith(f"{package}.")
