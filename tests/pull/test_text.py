"""What is written says what was meant, whatever the texts are; what is changed changes alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.pull.names import free_name, slug
from reconciler.pull.plain import looks_plain
from reconciler.pull.rewrite import with_value
from reconciler.pull.text import Writer, block, unfilled, variable_name
from reconciler.yaml12.text import parse
from tests.unit.samples import customer

ODD = ["yes", "null", "1.10", "0x1f", "~", "@x", "%x", "!x", "&a", "*a", "=", "<<", ".inf", "2024-01-01"]
ODD += ["${var.A}", "'", '"', "|", "#x"]
ODD += ["", "- a", "a: b", "a #b", "a\nb\n", "a\n\n b", " x", "x ", "e\u0301", "\u2028", "\x07"]
TEXTS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(ODD))
VALUES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-(2**31), 2**31), st.floats(-1e6, 1e6))
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(TEXTS.filter(lambda k: "\n" not in k), inner, max_size=3)
    ),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from(["a", "b", "c d", "e:f"]), TREES, min_size=1, max_size=3)


def read(text: str) -> Any:
    documents, problems = parse(text, "")
    assert not problems, (text, problems)
    return documents[0].value


@settings(max_examples=300, deadline=None)
@given(MAPS)
def test_a_tree_reads_as_it_was_written(tree: dict[str, Any]):
    assert read("".join(f"{line}\n" for line in block(tree))) == tree


@settings(max_examples=200, deadline=None)
@given(MAPS)
def test_a_manifest_says_its_spec(tree: dict[str, Any]):
    text = Writer(Address("Customer", "acme")).manifest(tree, "x.json")
    assert text.startswith("# yaml-language-server: $schema=x.json\n")
    assert read(text)["spec"] == unfilled(tree)


@settings(max_examples=300, deadline=None)
@given(MAPS, st.data())
def test_a_value_is_changed_where_it_stands_and_nothing_else(tree: dict[str, Any], data: st.DataObject):
    text = (
        "# before\nspec:\n" + "".join(f"  {line}\n" if line else "\n" for line in block(tree)) + "# after\n"
    )
    before, path = read(text), ["spec", data.draw(st.sampled_from([*tree, "new"]))]
    node = tree.get(path[1])
    while isinstance(node, dict) and node and data.draw(st.booleans()):
        path.append(data.draw(st.sampled_from(sorted(node))))
        node = node[path[-1]]
    value = data.draw(TREES)
    wanted = copy.deepcopy(before)
    inner = wanted
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    after = with_value(text, 2, tuple(path), value)
    assert read(after) == wanted
    assert (after[:9], after[-8:]) == ("# before\n", "# after\n")


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: 'x'  # why\nb: 1\n", ("a",), "y", "a: 'y'  # why\nb: 1\n"),
        ('a: "x" # why\n', ("a",), "it's", 'a: "it\'s" # why\n'),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "x", "a: {b: 1, c: x}\n"),
        ("a: {b: 1}\nc: 1\n", ("a", "d"), ["x", "y"], "a: {b: 1, d: [x, y]}\nc: 1\n"),
        ("a:\n  b: |\n    x\n\n  c: 1\n", ("a", "b"), "y", "a:\n  b: y\n\n  c: 1\n"),
        (
            "a:\n    b: 1 # one\n\nc: 2\n",
            ("a", "d", "e"),
            "f",
            "a:\n    b: 1 # one\n    d:\n      e: f\n\nc: 2\n",
        ),
        ("a:\n  - 1\n  - 2\n# c\nb: 1\n", ("a",), [3], "a: [3]\n# c\nb: 1\n"),
        ("a: b", ("c",), "d", "a: b\nc: d"),
    ],
)
def test_people_keep_what_they_wrote(text: str, path: tuple[str, ...], value: object, after: str):
    assert with_value(text, 1, path, value) == after


def test_what_is_withheld_is_a_comment_and_leaves_no_value():
    writer = Writer(Address("Instance", "acme/sync"))
    spec = {
        "config": {
            "Shop": {"inputs": {"apiKey": Secret("s-1"), "host": Hidden()}},
            "Note": Unproven("s-2"),
            "Mode": "fast",
        },
        "flows": {"In": {"apiKeys": [Secret("s-3")]}},
    }
    text = writer.manifest(spec, "")
    assert read(text)["spec"] == {"config": {"Mode": "fast"}}
    assert not any(one in text for one in ("s-1", "s-2", "s-3"))
    assert [(gap.variable, gap.readable, gap.proven) for gap in writer.gaps] == [
        ("ACME_SYNC_SHOP_API_KEY", True, True),
        ("ACME_SYNC_SHOP_HOST", False, True),
        ("ACME_SYNC_NOTE", True, False),
        ("ACME_SYNC_IN_API_KEYS", True, True),
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [("Acme Inc.", "acme-inc"), ("Ünïcode & Söhne", "unicode-sohne"), ("日本", ""), ("a" * 70, "a" * 63)],
)
def test_a_slug(name: str, found: str):
    assert slug(name) == found


def test_names_are_told_apart_by_external_id_then_by_number():
    taken: set[str] = set()
    live = customer("Acme")
    for expected in ("acme", "acme-2", "acme-3"):
        found = free_name(live, "Acme", taken.__contains__)
        assert found == expected
        taken.add(found)
    assert variable_name(Address("Customer", "1a"), ("x",)) == "_1A_X"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("#orders", True),
        ("https://example.com/orders", True),
        ("eu-central-1", True),
        ("Monday to Friday", True),
        ("https://user:hunter2@example.com", False),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", False),
        ("sk-live-0123456789ab", False),
        ("0123456789abcdef0123456789abcdef", False),
        ("password=hunter2", False),
        ("dGhpcyBpcyBhIHNlY3JldA==", False),
        ("Bearer abc", False),
        ("x" * 200, False),
    ],
)
def test_what_looks_plain(text: str, plain: bool):
    assert looks_plain(text) is plain
