"""The record of what was applied, as one label: what is written comes back, and all else reads as nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.table.causes import fits
from reconciler.kinds.table.record import Layout, Memory, label, memory
from reconciler.model.digest import sha256
from reconciler.model.state import How, Written

GROUPS = ("name", "release", "config", "secrets")
LAYOUT = Layout(GROUPS, {"secrets": 8}, "config")
KEYS = tuple(f"config.{letter}" for letter in "abc")


def plain(value: Any) -> Written:
    return Written(How.PLAIN, sha256(value))


@pytest.mark.parametrize("groups", [(), ("name",), ("release", "secrets"), GROUPS])
def test_a_record_reads_back_what_was_written(groups: tuple[str, ...]):
    applied = {group: sha256([group]) for group in groups}
    found = memory(LAYOUT, ["vip", label(LAYOUT, applied, None, (), None)], (), ())
    assert all(fits(found.applied[group], [group]) for group in groups if group != "config")
    assert {group: len(text) for group, text in found.applied.items()} == {
        group: 8 if group == "secrets" else 4 for group in groups if group != "config"
    }
    assert (found.written, found.older) == (None, False)


def test_a_digest_of_zeros_is_not_taken_for_an_absent_one():
    found = memory(
        LAYOUT,
        [label(LAYOUT, {"name": "0" * 64}, {"config.a": Written(How.PLAIN, "0" * 64)}, KEYS, 1)],
        KEYS,
        [1],
    )
    assert found.applied == {"name": "0000"}
    assert found.written == {"config.a": Written(How.PLAIN, "0000")}


hows = st.sampled_from([*How, None])


@given(
    st.lists(hows, max_size=90),
    st.sets(st.sampled_from(GROUPS)).map(lambda some: some | {"config"}),
    st.booleans(),
)
def test_what_there_is_no_room_for_is_not_recorded(some: list[How | None], groups: set[str], digests: bool):
    keys = tuple(f"config.{i:03}" for i in range(len(some)))
    written = {
        key: Written(how, "" if how is How.SECRET or not digests else sha256(key))
        for key, how in zip(keys, some, strict=True)
        if how
    }
    text = label(LAYOUT, {group: sha256([group]) for group in groups}, written, keys, "id")
    assert len(text) <= 64
    assert text == text.lower()
    found = memory(LAYOUT, [text], keys, ["id"])
    assert found.written is not None
    # The first of them, in their order; each as it was written, with all digests or none.
    room = max([i for i, key in enumerate(keys) if key in found.written], default=-1) + 1
    assert {k: w.how for k, w in found.written.items()} == {
        k: w.how for k, w in written.items() if k in keys[:room]
    }
    if len(keys) < 40:
        assert found.written.keys() == written.keys()
    with_digest = {k for k, w in found.written.items() if w.digest}
    detailed = {k for k, w in written.items() if w.how is not How.SECRET}
    assert with_digest in (set(), detailed)
    assert all(fits(found.written[k].digest, k) for k in with_digest)
    assert ("config" in found.applied) is not bool(with_digest)


@pytest.mark.parametrize(
    ("keys", "owner"), [(KEYS[:2], "id"), ((*KEYS, "config.d"), "id"), (KEYS, "another"), ((), "id")]
)
def test_another_list_of_keys_or_another_object_has_no_record_of_keys(keys: tuple[str, ...], owner: str):
    text = label(LAYOUT, {"name": sha256("n")}, dict.fromkeys(KEYS, plain("x")), KEYS, "id")
    found = memory(LAYOUT, [text], keys, [owner])
    assert (found.applied, found.written) == ({"name": sha256("n")[:4]}, None)


def test_a_creation_names_its_owner_by_what_is_known():
    text = label(LAYOUT, {}, {"config.a": Written(How.SECRET)}, KEYS, ["customer", "name"])
    assert memory(LAYOUT, [text], KEYS, ["id", ["customer", "name"]]).written == {
        "config.a": Written(How.SECRET)
    }


@pytest.mark.parametrize(
    "text",
    ["", "1234", "1" * 40, "2:", "2:" + "!" * 20, "2:" + "A" * 20, "2:a", "3:aaaaaaaaaaaa", "2:" + "7" * 30],
)
def test_what_is_no_record_of_this_version_says_nothing(text: str):
    found = memory(LAYOUT, [f"reconciler-applied:{text}"], KEYS, ["id"])
    assert (found.applied, found.written) == ({}, None)


def test_an_earlier_record_is_told_from_none():
    assert memory(LAYOUT, ["vip"], KEYS, ["id"]) == Memory()
    assert memory(LAYOUT, ["reconciler-applied:0123456789abcdef"], KEYS, ["id"]) == Memory(older=True)


@given(st.text("abcdefghijklmnopqrstuvwxyz234567", max_size=60), st.integers(0, 6))
def test_any_text_is_read(text: str, count: int):
    keys = tuple(f"config.{i}" for i in range(count))
    memory(LAYOUT, [f"reconciler-applied:2:{text}"], keys, ["id"])


def test_a_record_of_keys_that_nothing_is_known_of_is_one_all_the_same():
    assert memory(LAYOUT, [label(LAYOUT, {}, {}, KEYS, "id")], KEYS, ["id"]).written == {}


def test_customers_see_only_digits_of_digests():
    text = label(LAYOUT, {"name": sha256("Acme")}, {"config.a": plain("visible?")}, KEYS, "id")
    assert "visible" not in text
    assert hashlib.sha256(b'"visible?"').hexdigest() not in text
