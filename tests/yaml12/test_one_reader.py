"""What a tenant sends back is read as manifests are: by the one reader that there is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import reconciler
from reconciler.live.read_back import read_back
from reconciler.probe import definition
from reconciler.yaml12.text import parse

PACKAGE = Path(reconciler.__file__).parent


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 010", 10),
        ("a: 0o10", 8),
        ("a: 1_000", "1_000"),
        ("a: no", "no"),
        ("a: 2024-01-01", "2024-01-01"),
        ('a: !!int "7"', 7),
        ('a: !!bool "false"', False),
        ("a: !!str 7", "7"),
        ("x: &x {b: 1}\na: *x", {"b": 1}),
    ],
)
def test_all_readers_agree(text: str, value: Any) -> None:
    (document,), problems = parse(text, "f")
    assert problems == []
    for found in (document.value, read_back(text), definition.parse(text)):
        assert found["a"] == value
        assert type(found["a"]) is type(value)


@pytest.mark.parametrize(
    "text",
    ['a: !!int "x"', "a: !!binary QQ==", "a: !own 1", "a: 1\na: 2", "a: {", "- a", "text", "a: 1\n---\nb: 2"],
)
def test_what_no_manifest_may_say_is_never_taken_for_something_else(text: str) -> None:
    assert read_back(text) == {"unreadable": text}
    assert definition.parse(text) == {}


@pytest.mark.parametrize("text", ["", "\n"])
def test_nothing_says_nothing(text: str) -> None:
    assert read_back(text) == {}


def test_yaml_is_loaded_nowhere_else() -> None:
    """The sandbox shares nothing with its client, so it has a reader of its own."""
    loaders = {"load", "safe_load", "load_all", "safe_load_all", "full_load", "unsafe_load"}
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] != "sandbox"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in loaders
        and isinstance(node.value, ast.Name)
        and node.value.id == "yaml"
    ]
    assert found == []
