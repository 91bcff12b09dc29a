"""Files that somebody could write to break a loader, and ways to break files that are right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.manifests import sample
from tests.manifests.test_any_input import paths, replaced

ROOT = Path(__file__).parents[2]
_CUSTOMER = "apiVersion: reconciler/v1\nkind: Customer\nmetadata: {name: any}\nspec: {name: Any}\n"


def manifest(kind: str = "Customer", name: str = "any", spec: str = "{name: Any}") -> bytes:
    """A manifest with these words in it, in quotes or not."""
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n".encode()


def _laughs(levels: int) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


MEGABYTE = 1024 * 1024
FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "flow lists, 10,000 deep": lambda: b"[" * 10_000 + b"]" * 10_000,
    "flow lists that never close": lambda: b"[" * MEGABYTE,
    "maps, 10,000 deep": lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "block lists, 100,000 deep": lambda: b"- " * 100_000,
    "block maps, 2,000 deep": lambda: "".join(" " * n + "a:\n" for n in range(2_000)).encode(),
    "billion laughs": lambda: _laughs(20),
    "a hundred aliases of a large list": lambda: (
        "a: &a [" + "x, " * 999 + "x]\nb: [" + ", ".join(["*a"] * 100) + "]"
    ).encode(),
    "a list that holds itself": lambda: b"a: &a [*a]",
    "a map that holds itself": lambda: b"&a {b: *a}",
    "an alias as a key": lambda: b"a: &a b\n*a : c",
    "a merge key": lambda: b"a: &a {b: 1}\nc: {<<: *a}",
    "merge keys of merge keys": lambda: b"a: &a {<<: *a}\n<<: [*a, *a]",
    "a tag that runs code": lambda: b"!!python/object/apply:os.system [exit 7]",
    "a tag that names code": lambda: b"kind: !!python/name:os.system x",
    "a tag that makes an object": lambda: b"--- !!python/object/new:type {args: [x]}",
    "a number of a million digits": lambda: b"a: " + b"9" * MEGABYTE,
    "a number of 4,400 digits": lambda: manifest(spec="{name: Any, description: " + "9" * 4_400 + "}"),
    "a number of 999 digits": lambda: b"a: " + b"9" * 999,
    "an exponent of 100,000 digits": lambda: b"a: 1e" + b"9" * 100_000,
    "numbers that are none": lambda: b"[.nan, -.inf, .Inf, 1e400, -0x, 0o9, +, -, .]",
    "numbers that are none, as JSON": lambda: b'{"format": NaN, "live": -Infinity}',
    "dates": lambda: b"[2024-01-01, 2024-13-45T99:99:99Z, 12:30:45, 1:2:3:4]",
    "binary": lambda: b"a: !!binary aGVsbG8=",
    "a byte order mark": lambda: b"\xef\xbb\xbf" + manifest(),
    "UTF-16": lambda: _CUSTOMER.encode("utf-16"),
    "UTF-16, half a pair": lambda: b"\xff\xfe\x00\xd8",
    "UTF-16, cut": lambda: _CUSTOMER.encode("utf-16")[:-1],
    "UTF-32": lambda: _CUSTOMER.encode("utf-32"),
    "Latin-1": lambda: "name: Café".encode("latin-1"),
    "NULs": lambda: b"\0" * 1_000,
    "a NUL in a name": lambda: manifest(name='"a\\0b"'),
    "a line break after a name": lambda: manifest(name='"any\\n"'),
    "control characters": lambda: b"a: \x1b[31m\x07\x08\x7f",
    "line ends of all sorts": lambda: "a: b\r\nc: d\re: f\u2028g: h\x85i: j".encode(),
    "a lone surrogate, escaped": lambda: manifest(spec='{name: "\\ud800"}'),
    "a lone surrogate, as bytes": lambda: b"a: \xed\xa0\x80",
    "a lone surrogate, as JSON": lambda: b'{"format": "\\ud800"}',
    "10 MB of text": lambda: b"a: " + b"x" * (10 * MEGABYTE - 3),
    "more than 10 MB": lambda: b"#" * (10 * MEGABYTE + 1),
    "10,000 documents": lambda: b"---\na\n" * 10_000,
    "20,000 empty documents": lambda: b"---\n" * 20_000,
    "a key of 1 MB": lambda: b"? " + b"k" * MEGABYTE + b"\n: 1\n? " + b"k" * MEGABYTE + b"\n: 2\n",
    "a key twice, 10,000 times": lambda: b"a: 1\n" * 10_000,
    "no key": lambda: b": 1\n~: 2\n'': 3\n? \n",
    "a list as a key": lambda: b"? [a]\n: 1\n{b: c}: 2",
    "numbers as keys": lambda: b"{1: a, 1.0: b, true: c, null: d}",
    "a kind of 1 MB": lambda: manifest(kind="K" * MEGABYTE),
    "a name of 1 MB": lambda: manifest(name="n" * MEGABYTE),
    "a field of 1 MB": lambda: manifest(spec="\n  name: Any\n  ? " + "f" * MEGABYTE + "\n  : 1"),
    "5,000 unknown fields": lambda: manifest(
        spec="{name: Any, " + ", ".join(f"f{n}: {n}" for n in range(5_000)) + "}"
    ),
    "a reference of 1 MB": lambda: manifest(
        "Instance", spec="{name: Any, integration: hello, customer: " + "c" * MEGABYTE + "}"
    ),
    "1,000 wrong references among 1,000 names": lambda: b"---\n".join(
        manifest("Instance", f"i{n}", f"{{name: Any, integration: hello, customer: customer-{n}x}}")
        + b"---\n"
        + manifest(name=f"customer-{n}")
        for n in range(1_000)
    ),
    "a definition of 1 MB of path": lambda: manifest("Integration", spec=f"{{definition: {'d' * MEGABYTE}}}"),
    "a definition that is no path": lambda: manifest("Integration", spec='{definition: "a\\0b"}'),
    "a definition that no disk can name": lambda: manifest("Integration", spec='{definition: "\\ud800"}'),
    "holes without an end": lambda: manifest(spec='{name: "' + "${" * 100_000 + '"}'),
    "holes that are unknown": lambda: manifest(spec='{name: "' + "${var.x}" * 10_000 + '"}'),
    "JSON that is no object": lambda: b'["begin", 1, null]',
    "a journal of wrong types": lambda: b"\n".join(
        json.dumps(
            {"event": event, "at": 5, "actions": value, "status": value, "environment": value}
        ).encode()
        for event in ("begin", "end", "finish", {"a": 1})
        for value in (5, True, None, [{}], {"a": []}, "x")
    ),
    "20,000 lines": lambda: b'{"event": "end"}\n' * 20_000,
}


def originals() -> dict[str, list[Any]]:
    """Files that are right, as values, by the loader that takes them."""
    files = sorted((ROOT / "examples/manifests/manifests").rglob("*.yaml"))
    manifests = [one for file in files for one in yaml.safe_load_all(file.read_text("utf-8"))]
    shared = sorted((ROOT.parent / "shared/definitions").glob("*.y*ml"), key=lambda file: file.stat().st_size)
    definitions = [yaml.safe_load(sample.DEFINITION)]
    definitions += [yaml.safe_load(file.read_text("utf-8")) for file in shared[:2]]
    project = yaml.safe_load((ROOT / "examples/manifests/reconciler.yaml").read_text("utf-8"))
    return {
        "manifest": manifests,
        "definition": definitions,
        "project": [project, yaml.safe_load(sample.PROJECT)],
    }


ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["", "latest", "${", "${var.x}", "../..", "/dev/zero", "\0", "\n", "1.0", "yes", "~", "x" * 5_000]
    ),
    st.sampled_from(
        [[], {}, [[]], [None], {"secret": {"env": "KEY"}}, {"secret": "x"}, {"inputs": None}, 10**400]
    ),
)


@st.composite
def broken(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one to three things in it exchanged, removed, doubled or moved elsewhere."""
    for _ in range(draw(st.integers(1, 3))):
        places = paths(value)
        path = draw(st.sampled_from(places))
        how = draw(st.sampled_from(("atom", "remove", "double", "move", "wrap", "rename")))
        if how == "atom" or not path:
            value = replaced(value, path, draw(ATOMS))
        elif how == "move":
            value = replaced(value, path, _at(value, draw(st.sampled_from(places))))
        elif how == "wrap":
            value = replaced(value, path, draw(st.sampled_from((list, _keyed)))([_at(value, path)]))
        else:
            value = replaced(value, path[:-1], _without(_at(value, path[:-1]), path[-1], how, draw))
    return value


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _keyed(values: list[Any]) -> dict[str, Any]:
    return {"value": values[0]}


def _without(parent: Any, part: Any, how: str, draw: st.DrawFn) -> Any:
    if isinstance(parent, list):
        rest = [*parent[:part], *parent[part + 1 :]]
        return rest if how == "remove" else [*parent, parent[part]]
    rest = {key: value for key, value in parent.items() if key != part}
    return rest if how == "remove" else {**rest, draw(st.text(max_size=8)): parent[part]}


def written(value: Any, style: str) -> bytes:
    """`value` as a file: JSON, or YAML in one of its styles."""
    if style == "json":
        return json.dumps(value).encode()
    text = yaml.safe_dump(value, default_flow_style=style == "flow", allow_unicode=style == "block")
    return text.encode("utf-8", "surrogatepass")
