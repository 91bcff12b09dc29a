"""Programs of npm's that tests hold beside the product: installed once, at the versions of a lock."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".cache"


def installed(folder: Path) -> tuple[str, Path]:
    """Node, and where the packages are that a folder's package.json and its lock name. Skips the test without
    node, npm or a way to get them.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("node and npm are not installed")
    lock, cache = (folder / "package-lock.json").read_text("utf-8"), CACHE / folder.name
    kept = cache / "package-lock.json"
    if not kept.is_file() or kept.read_text("utf-8") != lock:
        fresh = cache.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, fresh)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            pytest.skip(f"{folder.name} cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
        shutil.rmtree(cache, ignore_errors=True)
        fresh.rename(cache)
    return node, cache / "node_modules"
