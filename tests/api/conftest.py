"""Clients of a stand-in for a tenant, in which no time passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.api import Client, Credentials, Patience
from reconciler.model.secret import Secret
from tests.api.stand_in import BASE, Time


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def patience(time: Time) -> Patience:
    return Patience(sleep=time.sleep, clock=time.read, now=time.read, rng=random.Random(1))


@pytest.fixture
def connect(patience: Patience) -> Callable[..., Client]:
    """Makes a client of a handler that answers in the network's place."""

    def make(
        server: Callable[[httpx.Request], httpx.Response],
        *,
        base: str = BASE,
        tokens: Any = None,
        **more: Any,
    ) -> Client:
        tokens = {"access_token": Secret("access-1")} if tokens is None else tokens
        more = {"rate": None, "patience": patience, **more}
        return Client(base, Credentials(base, **tokens), transport=httpx.MockTransport(server), **more)

    return make
