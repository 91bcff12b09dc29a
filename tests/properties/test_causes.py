"""Whoever changed what: a cause is what really happened, or nobody can tell. It is never another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.instance.config import config_changes
from reconciler.model.plan import Cause
from tests.unit.samples import copy, inputs, instance, record, request

VALUES = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def histories(draw: st.DrawFn, most: int) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """What was applied, what git says now (some keys changed, dropped, added), what is live now."""
    keys = [f"Key {i:02}" for i in range(draw(st.integers(1, most)))]
    live = {key: draw(VALUES) for key in keys}
    applied = {key: live[key] for key in keys if draw(st.booleans())}
    wanted = {key: applied.get(key) or draw(VALUES) for key in keys if draw(st.booleans())}
    for key in list(wanted):
        if draw(st.integers(0, 3)) == 0:
            wanted[key] = draw(VALUES)
        if draw(st.integers(0, 3)) == 0:
            live[key] = draw(VALUES)
    return applied, wanted, live


def _truth(applied: dict[str, Any], wanted: dict[str, Any], live: dict[str, Any], key: str) -> Cause:
    if key not in applied:
        return Cause.UNKNOWN  # git did not speak of it, or spoke of it as it was
    by_git, by_tenant = wanted[key] != applied[key], live[key] != applied[key]
    return {(True, False): Cause.PENDING, (False, True): Cause.DRIFT}.get((by_git, by_tenant), Cause.BOTH)


@given(histories(6))
def test_causes_of_few_variables_are_exact(history: tuple[dict[str, str], dict[str, str], dict[str, str]]):
    applied, wanted, live = history
    found = request(copy({"config": wanted}), instance(config=live, labels=(record(config=applied),)))
    for change in config_changes(found):
        key = change.path.removeprefix("config.")
        assert change.cause is _truth(applied, wanted, live, key)


@given(histories(28))
def test_causes_of_many_are_right_or_unknown(history: tuple[dict[str, str], dict[str, str], dict[str, str]]):
    """One digest stands for all of them."""
    applied, wanted, live = history
    found = request(copy({"config": wanted}), instance(config=live, labels=(record(config=applied),)))
    for change in config_changes(found):
        key = change.path.removeprefix("config.")
        assert change.cause in (_truth(applied, wanted, live, key), Cause.UNKNOWN)


@given(histories(5))
def test_causes_of_a_connections_inputs_are_right_or_unknown(
    history: tuple[dict[str, str], dict[str, str], dict[str, str]],
):
    applied, wanted, live = history
    labels = (record(config={"Shop": {"inputs": applied}}),)
    manifest = copy({"config": {"Shop": {"inputs": wanted}}})
    found = request(manifest, instance(config={"Shop": inputs(**live)}, labels=labels))
    for change in config_changes(found):
        key = change.path.removeprefix("config.Shop.inputs.")
        assert change.cause in (_truth(applied, wanted, live, key), Cause.UNKNOWN)
