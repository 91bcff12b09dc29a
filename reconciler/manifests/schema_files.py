"""Where the JSON Schemas are: in a wheel beside the package's modules, in a checkout beside the package."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def folder() -> Traversable:
    """The folder of the schemas."""
    packaged = resources.files("reconciler").joinpath("schemas")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"
