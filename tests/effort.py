"""How much work something is, whatever the machine: the lines of Python that it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def effort(work: Callable[[], Any]) -> int:
    """How many lines `work` runs."""
    count = 0

    def line(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Any], size: int) -> float:
    """How many times as much work twice the size is: 2 where it grows with the size, 4 with its square."""
    work(2)  # what is made once
    return effort(lambda: work(2 * size)) / effort(lambda: work(size))
