"""An hour of the loop whatever happens; `python -m tests.simulation.week` plays a week."""

from __future__ import annotations

import pytest

from reconciler.model.watching import Board, Turn
from tests.simulation.week import HOUR, play


def test_an_hour_of_the_loop_whatever_happens() -> None:
    week = play(3, HOUR, troubled=HOUR / 2)
    assert week.findings == []
    assert week.troubles
    assert week.board.turns >= 3
    assert week.board.success is not None


def test_a_loop_that_an_error_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> Turn:
        raise ValueError("nobody foresaw it")

    monkeypatch.setattr("reconciler.verbs.watch.failed", breaks)
    monkeypatch.setattr("reconciler.verbs.watch.look", breaks)
    assert "nobody foresaw it" in str(play(3, HOUR, troubled=HOUR / 2).findings)


def test_a_board_that_grows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Board.take

    def keeps(self: Board, turn: Turn) -> bool:
        is_new = take(self, turn)
        self.drifting[f"Customer/c{self.turns}"] = turn.at
        return is_new

    monkeypatch.setattr(Board, "take", keeps)
    assert "the board grows" in str(play(3, HOUR / 6, troubled=0).findings)
