"""Why this exists: a list that nobody else changes while it is read hides what a client gets wrong."""

from __future__ import annotations

from .store import Store, timestamp

_NAME = "Somebody's customer "
_LONG_AGO = 1_704_067_200_000_000  # 2024-01-01: lists mostly begin with what is oldest


def shift_customers(store: Store, chance: float) -> None:
    """Add an unmarked customer at the head of the list, or take one of these away, as chance decides."""
    foreign = store.select("customer", ["name LIKE ?"], [f"{_NAME}%"])
    if foreign and chance < 0.5:
        store.delete("customer", "id", foreign[0]["id"])
        return
    identifier, moment = store.new_id(), timestamp(_LONG_AGO + int(chance * 1_000_000))
    row = {"id": identifier, "name": f"{_NAME}{identifier[:8]}", "description": "", "labels": "[]"}
    store.insert("customer", row | {"created_at": moment, "updated_at": moment})
