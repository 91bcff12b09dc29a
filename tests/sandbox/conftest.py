"""Ways to sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.served import ServedSandbox
from tests.sandbox.ways import Way


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ServedSandbox]]:
    path = tmp_path_factory.mktemp("faults") / "sandbox.db"
    with ServedSandbox(str(path)) as served:
        yield path, served


@pytest.fixture(params=["in process", "served"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    if request.param == "served":
        path, served = request.getfixturevalue("port")
        with Sandbox(path) as sandbox:
            yield Way(sandbox, served)
    else:
        with Sandbox() as sandbox:
            yield Way(sandbox)


@pytest.fixture
def alone() -> Iterator[Way]:
    with Sandbox() as sandbox:
        yield Way(sandbox)
