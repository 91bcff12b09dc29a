"""Scalars are rewritten in place: all other bytes of a file stay as they are."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.edit import YamlFile

TEXT = """\
# ünïcode 🎉 first
plain: 1.0.0   # a comment
double:   "1.0.0"
single: {a: '1.0.0' , b: [ "x", 1.0.0 ]}
tagged: !!str 1.0.0
number: 1.5
---
# the second document
deep:
    - release: 1.0.0
      other: "🎉"
"""


def opened(text: str, *, mark: bytes = b"", encoding: str = "utf-8") -> YamlFile:
    return YamlFile(Path("a.yaml"), "a.yaml", mark + text.encode(encoding))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize(
    ("document", "path", "old", "new"),
    [
        (0, ("plain",), "plain: 1.0.0 ", "plain: 2.10.0 "),
        (0, ("double",), '"1.0.0"', '"2.10.0"'),
        (0, ("single", "a"), "'1.0.0'", "'2.10.0'"),
        (0, ("single", "b", 1), "1.0.0 ]", "2.10.0 ]"),
        (0, ("tagged",), "!!str 1.0.0", "!!str 2.10.0"),
        (0, ("number",), "number: 1.5", "number: 2.10.0"),
        (1, ("deep", 0, "release"), "release: 1.0.0", "release: 2.10.0"),
    ],
)
def test_one_scalar_changes_and_nothing_else(
    line_end: str, mark: bytes, encoding: str, document: int, path: tuple[str | int, ...], old: str, new: str
):
    text = TEXT.replace("\n", line_end)
    assert text.count(old) == 1
    file = opened(text, mark=mark, encoding=encoding)
    place = file.documents[document].source(path)
    assert file.edited({place: "2.10.0"}) == mark + text.replace(old, new).encode(encoding)


@pytest.mark.parametrize(
    ("written", "new", "expected"),
    [
        ("1.0.0", "1.10", '"1.10"'),
        ("1.0.0", "12", '"12"'),
        ("1.0.0", "true", '"true"'),
        ("1.10", "1.20", "1.20"),
        ("'1.0.0'", "1.10", "'1.10'"),
        ("1.0.0", "1.0.0-rc.1+build", "1.0.0-rc.1+build"),
    ],
)
def test_text_does_not_turn_into_a_number(written: str, new: str, expected: str):
    file = opened(f"a: {written}\n")
    assert file.edited({file.documents[0].source(("a",)): new}) == f"a: {expected}\n".encode()


@pytest.mark.parametrize("written", ["&x 1.0.0", "*x", "|\n  1.0.0", ">-\n  1.0.0", "{b: 1}"])
def test_what_cannot_be_rewritten_by_itself_is_not_found(written: str):
    file = opened(f"x: &x y\na: {written}\n" if written == "*x" else f"a: {written}\n")
    assert file.scalar(file.documents[0].source(("a",))) is None


@given(st.lists(st.tuples(st.text("ab: #🎉é'\"", max_size=6), st.integers(0, 99)), max_size=8))
def test_promoting_nothing_changes_no_byte(rows: list[tuple[str, int]]):
    text = "".join(f"k{i}: {n}.0.0 # {comment}\n" for i, (comment, n) in enumerate(rows))
    file = opened(text)
    assert file.edited({}) == file.data
    for document in file.documents:
        places = [document.source((key,)) for key in document.value or {}]
        found = {place: scalar.value for place in places if (scalar := file.scalar(place))}
        assert len(found) == len(rows)
        assert file.edited(found) == file.data
