"""docs/reliability.md has two parts, each written by a command of its own, which leaves the other's alone."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
SIMULATED = "\n## The simulation\n"


def put_drills(text: str) -> None:
    """Writes what `make torture` found."""
    _, mark, rest = _read()
    PAGE.write_text(f"{text.rstrip()}\n{mark}{rest}", encoding="utf-8")


def put_simulation(text: str) -> None:
    """Writes what `make simulate` found: the text below its heading."""
    drills, _, _ = _read()
    PAGE.write_text(f"{drills.rstrip()}\n{SIMULATED}\n{text.strip()}\n", encoding="utf-8")


def _read() -> tuple[str, str, str]:
    return PAGE.read_text("utf-8").partition(SIMULATED)
