"""The YAML reader: the 1.2 core schema, the places of things, and no bytes that make it fall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12 import text as reading
from reconciler.yaml12.document import Document
from reconciler.yaml12.file import read
from reconciler.yaml12.text import decode, parse
from tests.effort import effort, growth


def one(text: str) -> Document:
    documents, problems = parse(text, "f.yaml")
    assert problems == []
    assert len(documents) == 1
    return documents[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Text in 1.2, something else to PyYAML's own loaders.
        ("no", "no"),
        ("yes", "yes"),
        ("On", "On"),
        ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("=", "="),
        ("0b11", "0b11"),
        ("00 00 * * 0", "00 00 * * 0"),
        ("5 */1 * * *", "5 */1 * * *"),
        # What is not text.
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("63.0", 63.0),
        # Quotes and tags.
        ('"12"', "12"),
        ("'true'", "true"),
        ("! 12", "12"),
        ('!!int "7"', 7),
        ('!!bool "false"', False),
        ('!!null ""', None),
        ('!!float "2.5"', 2.5),
        ("!!str 12", "12"),
        ("!!str", ""),
        # Block scalars, whose ends count.
        ("|\n  a\n  b\n", "a\nb\n"),
        ("|-\n  a\n", "a"),
        (">-\n  a\n  b\n", "a b"),
        ("|+\n  a\n\n", "a\n\n"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    found = one(f"key: {text}").value["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["1: a", "true: a", "no: a", "2024-01-01: a", "'x y': a"])
def test_keys_are_text_as_written(text: str) -> None:
    assert list(one(text).value) == [text.split(":")[0].strip("'")]


def test_tagged_maps_and_lists() -> None:
    assert one("!!map {a: !!seq [1]}").value == {"a": [1]}


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert one("a: &x {b: 1}\nc: *x").value == {"a": {"b": 1}, "c": {"b": 1}}


def test_any_number_of_aliases_within_the_size_limit() -> None:
    text = "a: &x {b: 1}\nl: [" + ", ".join(["*x"] * 5_000) + "]"
    assert one(text).value["l"] == [{"b": 1}] * 5_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("m: {<<: *a, z: 9}", {"x": 1, "y": 2, "z": 9}),
        ("m: {z: 9, <<: *a}", {"x": 1, "y": 2, "z": 9}),
        # What a map says itself goes before, wherever it stands; of a list, the first goes before the rest.
        ("m: {y: 5, <<: *a}", {"x": 1, "y": 5}),
        ("m: {<<: *a, y: 5}", {"x": 1, "y": 5}),
        ("m: {<<: [*a, *b]}", {"x": 1, "y": 2, "w": 4}),
        ("m: {<<: [*b, *a]}", {"x": 3, "y": 2, "w": 4}),
        ("m: {<<: {x: 7}}", {"x": 7}),
        ("m: {<<: []}", {}),
        ('m: {"<<": 1}', {"<<": 1}),
        ("m: [<<]", ["<<"]),
    ],
)
def test_merge_keys(text: str, value: Any) -> None:
    assert one(f"a: &a {{x: 1, y: 2}}\nb: &b {{x: 3, w: 4}}\n{text}").value["m"] == value


def test_what_is_merged_has_the_place_where_it_was_written() -> None:
    document = one("a: &a\n  x: 010\n  y: {z: 1}\nm:\n  <<: *a\n  w: 1\n")
    assert str(document.source(("m", "x"))) == "f.yaml:2:6"
    assert str(document.source(("m", "y", "z"))) == "f.yaml:3:10"
    assert document.written(("m", "x")) == "010"
    assert [str(place) for place in document.merges] == ["f.yaml:5:3"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("m: {<<: 1}", "yaml-merge"),
        ("m: {<<: [*a, 1]}", "yaml-merge"),
        ("m: {<<: *a, <<: *a}", "yaml-duplicate"),
        ("m: &m {<<: *m}", "yaml-alias"),
    ],
)
def test_what_cannot_be_merged(text: str, code: str) -> None:
    assert [p.code for p in parse(f"a: &a {{x: 1}}\n{text}", "f")[1]] == [code]


def test_several_documents_and_empty_ones() -> None:
    documents, problems = parse("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n", "f")
    assert [d.value for d in documents] == [{"a": 1}, None, {"b": 2}]
    assert problems == []


def test_a_stream_of_comments_holds_no_document() -> None:
    assert parse("# nothing\n", "f") == ([], [])


def test_places_of_keys_and_values() -> None:
    document = one("a:\n  b: 1\n  list:\n    - x\n    - {c: ä, d: y}\n")
    assert str(document.source()) == "f.yaml:1:1"
    assert str(document.source(("a", "b"))) == "f.yaml:2:6"
    assert str(document.source(("a", "b"), key=True)) == "f.yaml:2:3"
    assert str(document.source(("a", "list", 0))) == "f.yaml:4:7"
    assert str(document.source(("a", "list", 1, "d"))) == "f.yaml:5:17"


def test_the_place_of_what_is_missing_is_that_of_the_nearest_thing() -> None:
    assert str(one("a:\n  b: 1\n").source(("a", "x", "y"))) == "f.yaml:2:3"


def test_the_second_document_has_its_own_place() -> None:
    documents, _ = parse("a: 1\n---\nb: 2\n", "f")
    assert str(documents[1].source(("b",))) == "f:3:4"


def test_places_behind_an_alias_are_those_of_the_anchor() -> None:
    assert str(one("a: &x {b: 1}\nc: *x").source(("c", "b"))) == "f.yaml:1:11"


def test_how_a_number_was_written_is_kept() -> None:
    document = one("release: 1.10\nname: x\nlist: [0x1F]")
    assert document.written(("release",)) == "1.10"
    assert document.written(("list", 0)) == "0x1F"
    assert document.written(("name",)) == ""
    assert document.written(()) == ""


def test_of_a_duplicate_key_the_first_value_stays() -> None:
    documents, problems = parse("a: 1\na: 2\n", "f")
    assert documents[0].value == {"a": 1}
    assert [p.code for p in problems] == ["yaml-duplicate"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("name: Zoë ☃\r\n".encode(encoding))
    text, documents, problems = read(path, "f.yaml")
    assert problems == []
    assert documents[0].value == {"name": "Zoë ☃"}
    assert text == "name: Zoë ☃\r\n"


def test_big_endian_utf16() -> None:
    assert decode(b"\xfe\xff\x00a", "f") == "a"


def test_where_bytes_are_no_text() -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        problem = decode(mark + "ä: ".encode() + b"\xff", "f")
        assert isinstance(problem, Diagnostic)
        assert str(problem.source) == "f:1:4"


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1024 * 1024)
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a" * (1024 * 1024 + 1))
    (problem,) = read(path, "f.yaml")[2]
    assert (problem.code, problem.message) == ("file-too-large", "larger than 1 MB")


def test_what_is_no_file(tmp_path: Path) -> None:
    assert [p.code for p in read(tmp_path, "f")[2]] == ["file-kind"]
    assert [p.code for p in read(tmp_path / "none", "f")[2]] == ["file-unreadable"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "? " * 50_000,
        "a: &a [" * 1000,
        "".join(f"k{n}: &a{n} {'[' * 60}{f'*a{n - 1}' if n else 'x'}{']' * 60}\n" for n in range(90)),
        "".join(f"k{n}: &a{n} [{f'*a{n - 1}, *a{n - 1}' if n else 'x'}]\n" for n in range(45)),
        "!" * 100_000,
        '"' + "\\x41" * 100_000,
    ],
    ids=["lists", "maps", "dashes", "keys", "anchors", "deep aliases", "wide aliases", "tags", "escapes"],
)
def test_what_is_meant_to_exhaust_is_refused_at_once(text: str) -> None:
    found: list[Diagnostic] = []
    assert effort(lambda: found.extend(parse(text, "f")[1])) < 20 * len(text)
    assert len(found) == 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_documents_or_diagnostics(data: bytes) -> None:
    _holds(data)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1: -{}[],&*!?|>'\"#%@\n\t\r~<=.\\\0\x85\u2028\ufeff😀"), max_size=60))
def test_any_text_of_yaml_signs_gives_documents_or_diagnostics(text: str) -> None:
    _holds(text.encode("utf-8"))


def _holds(data: bytes) -> None:
    text = decode(data, "f")
    if isinstance(text, Diagnostic):
        return
    documents, problems = parse(text, "f")
    for problem in problems:
        assert problem.source is not None
        assert problem.message
        assert problem.hint
    for document in documents:
        _walk(document, document.value, ())


def _walk(document: Document, value: Any, path: tuple[Any, ...]) -> None:
    source = document.source(path)
    assert source.line >= 1
    assert source.column >= 1
    if isinstance(value, dict):
        for key, inner in value.items():
            assert type(key) is str
            _walk(document, inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(document, inner, (*path, index))
    else:
        assert value is None or type(value) in (str, int, float, bool)


def test_work_grows_with_the_number_of_documents() -> None:
    assert growth(_documents, 200) < 2.5


def _documents(number: int) -> None:
    text = "---\n".join(
        f"apiVersion: v1\nkind: Instance\nmetadata: {{name: i{n}}}\nspec: {{config: {{A: [1, 2]}}}}\n"
        for n in range(number)
    )
    documents, problems = parse(text, "f")
    assert len(documents) == number
    assert problems == []
