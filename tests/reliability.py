"""docs/reliability.md has three parts, each written by a command of its own, which leaves the rest alone."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = Path(os.environ.get("PAGE") or Path(__file__).parents[1] / "docs" / "reliability.md")
DRILLS, SIMULATION, MUTANTS = "", "## The simulation", "## The mutation check"
"""The headings of the parts; the first part's is the page's."""
_ORDER = (DRILLS, SIMULATION, MUTANTS)


def put_drills(text: str) -> None:
    """Writes what `make torture` found."""
    _put(DRILLS, text)


def put_simulation(text: str) -> None:
    """Writes what `make simulate` found: the text below its heading."""
    _put(SIMULATION, text)


def simulation() -> str:
    """What the page says of the simulation so far, below its heading."""
    return _read().get(SIMULATION, "")


def put_mutants(text: str) -> None:
    """Writes what `make mutants` found: the text below its heading."""
    _put(MUTANTS, text)


def _put(heading: str, text: str) -> None:
    parts = {**_read(), heading: text}
    told = [f"{one}\n\n{parts[one].strip()}".strip() for one in _ORDER if parts.get(one)]
    PAGE.write_text("\n\n".join(told) + "\n", encoding="utf-8")


def _read() -> dict[str, str]:
    parts, heading = {DRILLS: ""}, DRILLS
    for line in PAGE.read_text("utf-8").splitlines():
        if line in _ORDER[1:]:
            heading = line
            parts[heading] = ""
        else:
            parts[heading] += f"{line}\n"
    return parts
