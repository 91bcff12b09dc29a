"""Tables: what is known of a list, brought up to date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.live.earlier import Row, Uncertain, is_cheaper, joined, news, since, those_there
from reconciler.model.state import LiveObject


def row(name: str, minute: int = 0, text: str = "") -> Row:
    """One that was made in this minute; `text` is what is known of it."""
    live = LiveObject("Customer", name, {"text": text})
    return Row(name, f"2026-01-01T10:{minute:02}:00+00:00", live, hash(text))


A, B, C = row("a", 1), row("b", 2), row("c", 3)
CHANGED, BETWEEN, LATE, TWIN = row("b", 2, "new"), row("n", 2, "n"), row("z", 9), row("t", 3)


@pytest.mark.parametrize(
    ("known", "changed", "total", "rows"),
    [
        ([A, B, C], [], 3, "a b c"),
        ([A, B, C], [CHANGED], 3, "a b c"),
        ([A, C], [LATE], 3, "a c z"),
        ([A, C], [B], 3, "a b c"),  # seen only now, although it was made before another one
        ([], [A, B], 2, "a b"),
        ([], [], 0, ""),
        ([A, B, C], [], 2, None),  # one was deleted
        ([A, B, C], [LATE], 3, None),  # one was deleted, and one was made
        ([A, B], [], 3, None),  # one that did not show
        ([A, C], [TWIN], 3, None),  # in the same moment as another: which one comes first?
    ],
)
def test_known_and_changed_ones_make_up_what_there_is(
    known: list[Row], changed: list[Row], total: int, rows: str | None
):
    found = joined(known, changed, total)
    assert found is None if rows is None else [one.id for one in found or ()] == rows.split()
    assert all(one not in (found or ()) for one in known if one.id in {c.id for c in changed})


def test_ids_decide_what_there_is_and_in_which_order():
    assert those_there([A, B], [CHANGED, LATE], ["z", "b"]) == [LATE, CHANGED]
    with pytest.raises(Uncertain, match="x is there, and did not show among what changed"):
        those_there([A], [B], ["a", "x"])


def test_what_the_overlap_shows_again_is_no_news():
    vague = Row(A.id, A.made, A.found, A.print, vague=True)
    unseen = Row(A.id, A.made, None, A.print)
    again = row("a", 1)
    assert news([A, B], [again, CHANGED, LATE]) == [CHANGED, LATE]
    assert news([vague], [again]) == news([unseen], [again]) == [again]


def test_a_quarter_of_an_hour_before_the_newest():
    assert since("2026-01-01T10:00:00.5+00:00") == "2026-01-01T09:45:00.500000+00:00"
    assert since("2026-01-01T10:00:00Z") == "2026-01-01T09:45:00+00:00"
    assert since("") == ""
    told_at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    assert since("2026-01-01T10:00:00Z", told_at) == "2026-01-01T08:45:00+00:00"
    assert since("2026-01-01T08:00:00Z", told_at) == "2026-01-01T07:45:00+00:00"
    for odd in ("None", "2026-01-01T10:00:00", "yesterday"):
        with pytest.raises(Uncertain, match="is no moment"):
            since(odd)


@pytest.mark.parametrize(
    ("looks", "rows", "cheaper"),
    [(0, 0, True), (5, 10, True), (6, 10, False), (50, 1000, True), (51, 1000, False)],
)
def test_many_looks_are_dearer_than_the_list(looks: int, rows: int, cheaper: bool):
    assert is_cheaper([A] * looks, [A] * rows) is cheaper
