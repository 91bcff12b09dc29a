from __future__ import annotations

import pytest

from reconciler.probe.definition import definition, parse


@pytest.mark.parametrize("run", ["12e456789012", "123456789012", "0e1234567890", "a1b2c3d4e5f6"])
def test_a_run_that_looks_like_a_number_is_a_text_all_the_same(run: str) -> None:
    assert parse(definition("Scratch", ["reconciler-probe", run]))["labels"] == ["reconciler-probe", run]
