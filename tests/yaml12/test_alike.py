"""What is read as another one was is exactly what libyaml makes of it: values, places and all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.yaml12 import alike, scalars
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import by_libyaml, parse

FILE = "f.yaml"
HOLE = "@"
USUAL = ("acme", "Sync 01", "/in/acme", '"25"', '""', "http://a.b/c?d=e", "Zoë & Co, Inc.", "O'Hara")
NASTY = (
    *filter(None, scalars.WORDS), "-", ".", "+", "=", "?", "!", "|", ">", "@", "`", "%", "#", "*", "{", "}",
    "[", "]", ",", "_", "²", "日本", "~x", "12", "012", "0x1F", "1.5", ".inf", "1e3", "no", "-x", "?x", ":x",
    "x:", "x:y", "x#y", "#x", "*a", "&a", "---", "...", "<<", "x'", 'x"', "'x'", "''", "'x''y'", "x]", "x}",
    "a{b", "{a}", "[x]", "${x}", "x\\y", "!x", "!!str", "", " x", "x ", "x\t", "\tx", "x\ty", "x  y", "- x",
    "? x", ": x", "x: y", "x :y", "x: ", "x #y", "--- x", "&a x", "x: *a", "!!str 1", "!!int 1",
    "|\n      x: y", ">-\n      x", "x\n      y", "x\n\n      y", "x\n", "x\n# y", "x\n- y", "x\ny: 1",
    '"x" ', '"x" #y', '"x', '"x"y', '"x": y', '"x\n      y"', '"\\t"', '"\\0"', '"x\\', '"\t"', '"#: -"',
    "'x\n      y'", "a\x85b", "a\u2028b", "a\u2029", '"\x85"', '"\u2028"', "a\rb", "a\r", "\ufeffx",
    "x\ufeff", "\xa0x", "\x07", "\x00", "x" * 1100,
    f'"{1100 * "x"}"', "x, y", "x,y: z",
)  # fmt: skip
VALUES = (
    "@", "@ # x: @", "x\n# y: @", "x # y: @", "@\n   y", "@\n\n   # y", "@\n   # x: @\n   y", "x\n   y: @",
    "@\r", "@\r\n   y", "\r\n  x: @", "|\n   x: @", ">-\n   x: @\n   y", '"x\n   y: @\n   z"',
    "'x\n   y: @'", '"\\0"', '"\\u2028"', "010", "true", "'x'", "{a: @}", "{\n   a: @\n   }",
    "{\n   a: @,\n   b: @\n   }", "[\n   a: @\n   ]", "[x,\n   a: @\n   ]",
    "[x,\n   {y: z,\n   a: @\n   }]", "&a @", "*a", "!!str @", "&b\n  x: @\n  y: 1", "!!map\n  x: @",
    "&b {x: y,\n   z: @\n   }", "!!seq\n  - x: @", "! @", "\n  @", "\n  x: @", "\n  x: @\n  x: @",
    "\n  x: @\n  y: 0x10", "\n  ? x\n  : @", "\n  ? @", "\n  ? x: @\n  : y", "\n  : @", "\n  - @",
    "\n  - x: @\n    y: @\n  - 1.50", "\n- x: @\n- x: @", "\n  - - x: @", "\n  -\n    x: @",
    "\n  - !!map\n    x: @", "\u2028\n  x: @", "\n  x: @\n\ty: 1", "\n  x: @ \n", "\n  \tx: @",
    "\n  &c x: @", "\n  <<: @", "\n  <<: *a\n  x: @", "\n  <<: {b: c}\n  x: @", "&d\n  x: @\nw: *d",
    "&d x\nw: *d", "&d @\nw: *d", "[&d {}, *d]", "\n  &d x: @\nw: *d", "\n  '@': x", '\n  "x: @": y',
    '\n  "x: \'": @', "\n  x: @:", "\n  x: y: @",
)  # fmt: skip
BEGINNINGS = (
    "", "---\n", "# x: @\n", "# x\n---\n", "%YAML 1.2\n---\n", "\ufeff", "\n\n", "...\n", "--- # x\n",
    "a: @\n--- |\n x\n",
)  # fmt: skip
BETWEEN = (
    "---\n", "--- \n", "---\n---\n", "...\n", "...\n---\n", "---\r\n", "\r\n---\n", "--- |\n x: @\n---\n",
    "---\n# x\n---\n", " ---\n", "---\n%YAML 1.2\n---\n", "...\n%YAML 1.2\n---\n", "---\n[x\n---\n]\n---\n",
    "---\nx: |\n---\n", 'x: "\n---\n"\n', "---\nx: {\n---\n", "---\n\x85x: @\n---\n", "---\nx: [*a]\n---\n",
    "---\nx: &a y\n---\n", "---\n- x: @\n---\n", "---\n@\n---\n", "---\n- 1\n- @\n---\n",
    "---\n# x\r# y\n---\n",
)  # fmt: skip


def filled(stream: str, *texts: str) -> str:
    """The stream with these texts in its holes, and with what is usual in those that are left."""
    first, *others = stream.split(HOLE)
    usual = texts + USUAL[len(texts) :] + USUAL
    return first + "".join(text + other for text, other in zip(usual, others, strict=False))


def everything(document: Document) -> tuple[object, ...]:
    """Whatever can be asked of a document."""
    paths = list(_paths(document.value))
    return (
        repr(document.value),
        len({id(node) for node in _nodes(document.value)}),
        [(path, document.place(path), document.place(path, key=True)) for path in paths],
        [document.written(path) for path in paths],
        list(document.numbers()),
        (document.source(), document.line, document.column, document.merges, document.nuls),
    )


def _inner(value: object) -> list[tuple[str | int, object]]:
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return list(found)


def _paths(value: object, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield here
    yield (*here, "not there")
    for key, one in _inner(value):
        yield from _paths(one, (*here, key))


def _nodes(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        yield value
    for _, one in _inner(value):
        yield from _nodes(one)


def as_libyaml_reads_it(text: str) -> list[Document]:
    """The documents, held against what libyaml makes of the text."""
    documents, problems = parse(text, FILE)
    expected, told = by_libyaml(text, FILE)
    assert problems == told
    assert [everything(one) for one in documents] == [everything(one) for one in expected]
    return documents


@pytest.mark.parametrize("value", VALUES)
def test_whatever_stands_in_one_that_is_like_another(value: str) -> None:
    alike.known.cache_clear()
    stream = f"k: @\nv: {value}\nl:\n  - w: @\n"
    for texts in [(), (), *product((USUAL[0],), USUAL + NASTY), *product(NASTY)]:
        as_libyaml_reads_it(filled(stream, *texts))


@pytest.mark.parametrize("value", VALUES)
def test_whatever_stands_in_one_whose_texts_were_all_the_same(value: str) -> None:
    alike.known.cache_clear()
    stream = f"k: @\nv: {value}\nw: @\n"
    for changed in (0, 0, 0, 1, 2, 3):
        as_libyaml_reads_it(filled(stream, *("x" if hole < changed else "acme" for hole in range(5))))
        as_libyaml_reads_it(filled(stream, *("x" if hole == changed else "acme" for hole in range(5))))


@pytest.mark.parametrize("between", BETWEEN)
def test_whatever_stands_between_those_that_are_alike(between: str) -> None:
    alike.known.cache_clear()
    stream = f"k:\n  x: @\nl: &a y\n{between}k:\n  x: @\n---\nk:\n  x: @\n  n: 0x10"
    for texts in [(), (), *product(NASTY)]:
        as_libyaml_reads_it(filled(stream, *texts))


SOUND = tuple(value for value in VALUES if not by_libyaml(filled(f"k: {value}\n"), FILE)[1])
ENTRIES = st.tuples(st.sampled_from(SOUND), st.sampled_from(["", "---\n"] * len(BETWEEN) + [*BETWEEN]))
STREAMS = st.tuples(
    st.sampled_from(BEGINNINGS),
    st.lists(ENTRIES, min_size=1, max_size=5).map(
        lambda entries: "".join(f"k{number}: {value}\n{end}" for number, (value, end) in enumerate(entries))
    ),
).map("".join)


@given(st.lists(STREAMS, min_size=1, max_size=2), st.data())
def test_whatever_is_like_something(streams: list[str], data: st.DataObject) -> None:
    alike.known.cache_clear()
    texts = st.sampled_from(USUAL) | st.sampled_from(USUAL + NASTY)
    for size in (0, 0, 0, 1, 2, 4):
        for stream in streams:
            as_libyaml_reads_it(filled(stream, *data.draw(st.lists(texts, min_size=size, max_size=size))))


MANY = "---\n".join(f"name: {name}\nspec:\n  kept: [a]\n  size: '1'\n" for name in ("a", "b", "c", '"d"'))


def test_the_third_is_read_as_the_second_was() -> None:
    alike.known.cache_clear()
    forms = [document.form for document in as_libyaml_reads_it("---\n" + MANY)]
    assert forms[:2] == [None, None]
    assert forms[2] is forms[3] is not None
    assert parse("---\n" + MANY, "g.yaml")[0][0].form is forms[2]
    assert parse(MANY, FILE)[0][0].form is None  # without the line that begins it


def test_what_is_done_to_one_is_not_seen_in_the_next() -> None:
    alike.known.cache_clear()
    for _ in range(3):
        for document in as_libyaml_reads_it("---\n" + MANY):
            document.value["spec"]["kept"].append("b")
            del document.value["spec"]["size"]


def test_what_is_remembered_is_bounded() -> None:
    alike.known.cache_clear()
    long = "# " + 10_000 * "long " + "\nname: a\n"
    for text in [f"key{number}: a\n" for number in range(1_000)] + [long, long, long]:
        assert parse(text, FILE)[0][0].form is None
    assert alike.known.cache_info().currsize < 1_000
