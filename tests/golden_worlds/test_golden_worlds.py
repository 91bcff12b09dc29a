"""200 generated worlds say, byte for byte, what they said when they were recorded: the net under a change
of the house. Where another saying is meant, `make golden` records them anew, and review reads summary.txt.

Every fifth one is told anew in each run of the suite, and all of them with EXAMPLES in the environment.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.manifests.manifest import KINDS
from reconciler.model.plan import Cause, Verb
from tests.golden_worlds import archive
from tests.golden_worlds.record import record

ROOT = Path(__file__).resolve().parents[2]
DIFFS = ROOT / ".cache" / "golden"
BLOCK = 10
CHOSEN = archive.WORLDS if "EXAMPLES" in os.environ else archive.WORLDS[::5]
BLOCKS = [CHOSEN[first : first + BLOCK] for first in range(0, len(CHOSEN), BLOCK)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block[0]}-{block[-1]}")
def test_a_world_is_told_as_it_was(block: range) -> None:
    texts = {seed: record(seed) for seed in block}
    kept = archive.summaries()
    differs = [seed for seed, text in texts.items() if archive.summary(seed, text) != kept[seed]]
    assert not differs, _explained(differs, texts)


def _explained(differs: list[int], texts: dict[int, str]) -> str:
    """What changed in the first of them, and where the differences of all of them were written."""
    DIFFS.mkdir(parents=True, exist_ok=True)
    old, told = archive.load(differs), []
    for seed in differs:
        lines = difflib.unified_diff(
            old.get(seed, "").splitlines(), texts[seed].splitlines(), "recorded", "now", lineterm="", n=6
        )
        told.append("\n".join(lines))
        (DIFFS / f"{seed:03}.diff").write_text(told[-1] + "\n", encoding="utf-8")
    first = "\n".join(told[0].splitlines()[:80])
    where = ", ".join(f".cache/golden/{seed:03}.diff" for seed in differs)
    return f"worlds {differs} differ; all of it is in {where}; if it is meant: make golden\n{first}"


def test_the_texts_are_those_of_the_summary() -> None:
    texts = archive.load(archive.WORLDS)
    assert {seed: archive.summary(seed, text) for seed, text in texts.items()} == archive.summaries()


def test_the_hash_seed_has_no_part_in_it() -> None:
    code = "from tests.golden_worlds.record import record; print(record(60))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(said) == 1


def test_they_show_every_kind_verb_and_cause() -> None:
    """A net with a hole in it is no net."""
    text = archive.SUMMARY.read_text(encoding="utf-8")
    planned = re.findall(r"^    (\w+)/\S*#", text, re.MULTILINE)
    declared = {kind for kind in KINDS if kind != "InstanceSet"}
    assert declared - set(planned) == {"Component"}  # which is looked for, and never made
    texts = "".join(archive.load(archive.WORLDS).values())
    assert texts.count("\nkind: Component\n") > 20
    assert texts.count("\nkind: InstanceSet\n") > 20
    verbs = {verb.value for verb in Verb} - {Verb.FORGET.value}  # no plan holds it
    assert verbs <= set(re.findall(r'^      "verb": "(\w+)"', texts, re.MULTILINE))
    statuses = set(re.findall(r'^      "status": "(\w+)"', texts, re.MULTILINE))
    assert statuses >= {"done", "failed", "skipped"}
    assert set(Cause) <= set(re.findall(r'"cause": "(\w+)"', texts))
