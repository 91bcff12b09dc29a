"""Whole stories, as a user lives them: each folder has a script and what comes of it. `make cases` writes the
outputs anew; review reads the differences.
"""

from __future__ import annotations

import difflib
import re

import pytest

from reconciler.cli.main import COMMANDS
from tests.cases.story import HERE, stories, tell


@pytest.mark.parametrize("name", stories())
def test_a_story_ends_as_it_is_told(name: str) -> None:
    told, now = (HERE / name / "output.txt").read_text(encoding="utf-8"), tell(name)
    difference = difflib.unified_diff(told.splitlines(), now.splitlines(), "output.txt", "now", lineterm="")
    assert told == now, "\n".join([*difference, f"if it is meant: make cases CASES={name}"])


def test_every_verb_has_a_part_in_a_story() -> None:
    scripts = "\n".join((HERE / name / "script").read_text(encoding="utf-8") for name in stories())
    assert set(COMMANDS) - set(re.findall(r"\breconciler ([\w-]+)", scripts)) == set()
