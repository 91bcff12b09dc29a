"""Fuzzes the loaders guided by coverage, with atheris: `python -m tests.fuzz [TARGET [LIBFUZZER-OPTION…]]`.

Without a target each gets FUZZ_SECONDS (30). What breaks one is left as `crash-…` in the working folder.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = os.environ.get("FUZZ_SECONDS", "30")
LONGEST = 4_096


def main(arguments: list[str]) -> int:
    """All targets one after the other, or the named one, which never returns."""
    if importlib.util.find_spec("atheris") is None:
        print("skipped: atheris is not installed; `.venv/bin/pip install atheris` installs it where it runs")
        return 0
    if arguments:
        _fuzz(*arguments)
        return 0
    command = [sys.executable, "-m", "tests.fuzz"]
    names = ("manifest", "project", "definition", "plan", "journal", "secret")
    limits = [f"-max_total_time={SECONDS}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
    failed = []
    for name in names:
        print(f"-- {name}", flush=True)
        if subprocess.run([*command, name, *limits], check=False).returncode:
            failed.append(name)
    print(f"broken: {', '.join(failed)}" if failed else "nothing broke")
    return 1 if failed else 0


def _fuzz(name: str, *options: str) -> None:
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["reconciler", "json"]):
        from tests.fuzz import hostile
        from tests.fuzz.targets import Targets

    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        targets, seeds = Targets(Path(folder) / "repo"), Path(folder) / "seeds"
        seeds.mkdir()
        small = [data for make in hostile.FILES.values() if len(data := make()) <= LONGEST]
        values = hostile.originals().get(name, [])
        small += [hostile.written(value, style) for value in values for style in ("json", "block")]
        for number, data in enumerate(small):
            (seeds / f"{number:03}").write_bytes(data)
        atheris.Setup([sys.argv[0], *options, str(seeds)], targets.all[name])
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
