"""The pipelines that `init` writes, as data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES


@cache
def parsed(text: str) -> Any:
    """YAML as data, which nobody changes: steps are looked at often, and files are long."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


TOKENS = ("PRISM_PLAN_TOKEN", "PRISM_REFRESH_TOKEN")


def pipeline(folder: Path, ci: str) -> dict[str, Any]:
    """What `init --ci` writes into a folder."""
    assert run(["init", str(folder), "--ci", ci]) == 0
    found: dict[str, Any] = parsed((folder / PIPELINES[ci][0]).read_text("utf-8"))
    return found


def secrets_in(part: object) -> set[str]:
    """The tokens that some part of a GitHub workflow is given."""
    return {name for name in TOKENS if f"secrets.{name} " in f"{part} ".replace("}", " ")}


def lines(script: list[Any]) -> list[str]:
    """A script of GitLab's, whose lists may stand in one another."""
    return [line for one in script for line in (lines(one) if isinstance(one, list) else [one])]
