"""What the command line says to a world, from the first plan to the last, as one text."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox
from tests.golden_worlds.people import Deed
from tests.golden_worlds.world import World, world
from tests.marks import Marks
from tests.report.rendering import rendered
from tests.steady import steady

MOMENT = re.compile(r'("(?:createdAt|startedAt)": )"[^"]+"')
SINCE = re.compile(r"(?<=the run of )[\d:TZ-]+")
SECONDS = re.compile(r'("seconds": )[0-9.]+')
# The name of a run, whole and as short as it can be told from others.
RUN = re.compile(r"\b20\d{6}T\d{6}(?:\.\d+)?(?P<whole>Z-\d+)?")


def record(seed: int) -> str:
    """The world of a seed, and all that was said to it."""
    one = world(seed)
    with tempfile.TemporaryDirectory() as folder, steady(seed, one.first.secrets):
        return Marks().put("".join(_told(one, Path(folder))), Path(folder))


def _told(one: World, root: Path) -> Iterable[str]:
    rules = "".join(f"{name}={value}\n" for name, value in one.rules.items())
    yield f"== rules\n{rules}"
    yield from _commit(one, root, first=True)
    (root / ".reconciler").mkdir()
    Sandbox(root / ".reconciler" / "sandbox.db", rules=one.rules).close()
    yield from _people(one.before, root)
    yield from _said(root, "plan")
    yield from _said(root, "apply", "--yes", "--parallelism", "1")
    yield from _people(one.between, root)
    yield from _said(root, "drift")
    yield from _commit(one, root, first=False)
    with steady(f"{one.seed} later", one.later.secrets):
        yield from _said(root, "plan", *one.options)
        yield from _said(root, "apply", "--yes", "--parallelism", "1", *one.options)
        yield from _said(root, "plan", *one.options)


def _commit(one: World, root: Path, *, first: bool) -> Iterable[str]:
    git = one.first if first else one.later
    git.write(root)
    old = {} if first else one.first.files
    for name, text in git.files.items():
        if text != old.get(name):
            yield f"== {name}\n{text}"


def _people(deeds: Iterable[Deed], root: Path) -> Iterable[str]:
    with Sandbox(root / ".reconciler" / "sandbox.db") as sandbox:
        done = "".join(f"{deed.do(sandbox)}\n" for deed in deeds)
    yield f"== people\n{done}"


def _said(root: Path, verb: str, *options: str) -> Iterable[str]:
    """What a verb says as JSON, with the text that is made of it."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(root), redirect_stdout(out), redirect_stderr(err):
        code = run(["--no-progress", "--format", "json", verb, *options])
    told = MOMENT.sub(r'\1"‹time›"', out.getvalue()).replace(str(root), "‹folder›")
    told = SINCE.sub("‹time›", told)
    told = RUN.sub(lambda run: "20300101T000000" + (".000000Z-12345" if run["whole"] else ""), told)
    if verb == "apply":  # a plan's seconds are an estimate, and always the same
        told = SECONDS.sub(r"\g<1>0", told)
    yield f"== $ reconciler {verb} {' '.join(options)}\n{told}{err.getvalue()}exit {code}\n"
    if told:
        kind = "outcome" if verb == "apply" else verb
        yield f"== {kind} as text\n{rendered('text', kind, json.loads(told))}"
