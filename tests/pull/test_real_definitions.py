"""A definition that is imported and pulled reads as the file did, but for what the platform makes of it.

With WRITE_GOLDEN=1 in the environment the differences are recorded anew, to be reviewed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from reconciler.sandbox import Sandbox
from reconciler.verbs.pull import look, work_out
from reconciler.verbs.session import Options, open_session
from reconciler.yaml12.text import parse

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "real_definitions.txt"
OWN = [
    *sorted((ROOT / "examples/manifests/definitions").glob("*.yml")),
    *sorted((ROOT / "tests/cases/projects").glob("*/definitions/*.yml")),
]
SHARED = sorted((ROOT.parent / "shared/definitions").glob("*.y*ml"))
PROJECT = (
    "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: real}\nspec: {manifests: [manifests/]}\n"
)
FEW = 10
"""Differences of one file of which each key counts once, however many steps have it."""


def pulled(folder: Path, name: str, text: str) -> Any:
    """What the definition file says after the import of a text."""
    (folder / "manifests").mkdir()
    (folder / ".reconciler").mkdir()
    (folder / "reconciler.yaml").write_text(PROJECT)
    query = (
        "mutation ($name: String!, $definition: String!) { createIntegration(input: {name: $name, "
        "definition: $definition}) { integration { id } errors { messages } } }"
    )
    with Sandbox(folder / ".reconciler/sandbox.db") as sandbox:
        _, answer, _ = sandbox.execute(query, {"name": name, "definition": text})
        assert not answer["data"]["createIntegration"]["errors"], answer
    session = open_session(folder / "reconciler.yaml", None, {}, folder)
    found = work_out(anyio.run(look, session, Options()), lambda _key, _value: True)
    files = [one for path, one in found.written.items() if path.startswith("definitions/")]
    assert len(files) == 1, found.files.left_out
    return parse(files[0], "")[0][0].value


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """What two trees say otherwise; items of lists without their numbers, so that each key is told once."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, "(absent)"), after.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, f"{path}[]")
    elif before != after:
        yield f"{path.lstrip('.')}: {before!r} -> {after!r}"


def told(folder: Path, file: Path) -> list[str]:
    text = file.read_text("utf-8")
    said = parse(text, "")[0][0].value
    return list(dict.fromkeys(differences(said, pulled(folder, said["name"], text))))


def test_what_the_repository_holds_reads_as_it_did(tmp_path: Path):
    lines: list[str] = []
    for number, file in enumerate(OWN):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = told(folder, file)
        assert len(found) <= FEW, found
        lines += [file.relative_to(ROOT).as_posix(), *(f"  {one}" for one in found), ""]
    text = "\n".join(lines)
    if "WRITE_GOLDEN" in os.environ:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


@pytest.mark.skipif(not SHARED, reason="../shared/definitions is not there")
@pytest.mark.parametrize("file", SHARED, ids=lambda file: file.stem)
def test_what_others_published_reads_as_it_did(tmp_path: Path, file: Path):
    found = told(tmp_path, file)
    assert len(found) <= FEW, found
