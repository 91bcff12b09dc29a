"""While a world is recorded, the seed decides what the sandbox takes from chance and from the clock, and
nobody waits.
"""

from __future__ import annotations

import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio
import pytest

MIDNIGHT = 1_893_456_000  # 2030-01-01: no other moment of a run is in this year
SANDBOX = "reconciler.sandbox"


@contextmanager
def steady(seed: int | str, environ: Mapping[str, str]) -> Iterator[None]:
    """Ids, tokens and moments follow from the seed; of our variables the environment holds what is given."""
    draw, make, now, sleep, process = random.Random(seed), uuid.uuid4, time.time_ns, anyio.sleep, os.getpid

    def uuid4() -> uuid.UUID:
        return uuid.UUID(int=draw.getrandbits(128), version=4) if _asked_by(SANDBOX) else make()

    def time_ns() -> int:
        return MIDNIGHT * 1_000_000_000 if _asked_by(SANDBOX) else now()

    def getpid() -> int:  # which is a part of the names of runs
        return 12345 if _asked_by("reconciler") else process()

    async def short_sleep(seconds: float) -> None:
        await sleep(min(seconds, 0.002))

    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("GITHUB_", "CI_", "RECONCILER_", "GOLDEN_")):
                patch.delenv(name)
        for name, value in {"NO_COLOR": "1", "COLUMNS": "80", **environ}.items():
            patch.setenv(name, value)
        patch.setattr(uuid, "uuid4", uuid4)
        patch.setattr(time, "time_ns", time_ns)
        patch.setattr(os, "getpid", getpid)
        patch.setattr(secrets, "token_urlsafe", lambda _: f"token-of-{seed}")
        patch.setattr(anyio, "sleep", short_sleep)
        patch.setattr(os, "fsync", lambda _: None)
        yield


def _asked_by(package: str) -> bool:
    """Whether the function that wants to know was called from this package."""
    return f"{sys._getframe(2).f_globals.get('__name__', '')}.".startswith(f"{package}.")
