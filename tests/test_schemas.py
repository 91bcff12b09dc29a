"""What is made from the rows of the kinds is checked in as it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.schemas import ROOT, files


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_is_as_the_rows_make_it(path: Path) -> None:
    assert path.read_text("utf-8") == files()[path], "run: make schemas"
