"""What is alike is judged once, and each as if it stood alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.manifests import manifest as manifests
from reconciler.manifests import schemas
from reconciler.manifests.manifest import classify
from reconciler.manifests.overrides import effective
from reconciler.manifests.shapes import Shapes, known
from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12 import alike
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import by_libyaml, parse

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "manifests"
FILE = Path("m.yaml")
OTHERS = ("x", "Customer", '""', '"  "', '"${x}"', "reconciler:x", "X Y", "12")
SEVERAL = """\
apiVersion: reconciler/v1
kind: Instance
metadata:
  name: a
  labels: {tier: gold}
  environments:
    - prod
  was: [b]
spec:
  integration: sync
  customer: acme
  name: Sync
  release: "1.10"
  config:
    Folder: /in
    Size: "12"
  labels:
    - eu
"""


def documents() -> list[str]:
    files = sorted(EXAMPLES.rglob("*.yaml"))
    return [SEVERAL, *(text for path in files for text in path.read_text("utf-8").split("\n---\n"))]


def changed(text: str) -> Iterator[str]:
    """The document with another text in each place where one stands."""
    for found in re.finditer(r"(?m): (\w.*)$", text):
        for other in OTHERS:
            yield text[: found.start(1)] + other + text[found.end(1) :]


def judged(document: Document) -> tuple[list[object], list[Diagnostic]]:
    manifest, problems = classify(document, FILE, {"prod": None})
    return [] if manifest is None else [manifest.kind, manifest.name, manifest.valid], problems


@pytest.mark.parametrize("text", documents(), ids=lambda text: text[text.find("kind:") :].split("\n")[0])
def test_one_that_is_like_others_is_judged_as_if_it_stood_alone(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike.known.cache_clear()
    for _ in range(4):
        judged(parse(text, "m.yaml")[0][0])
    others = [parse(one, "m.yaml") for one in changed(text)]
    read = [[judged(one) for one in found] for found, _ in others]
    assert any(one.form for found, _ in others for one in found)
    monkeypatch.setattr(manifests, "known", lambda kind: Shapes(schemas.load(kind)))
    assert read == [[judged(one) for one in by_libyaml(other, "m.yaml")[0]] for other in changed(text)]


def test_a_set_that_is_overridden_is_like_no_other() -> None:
    alike.known.cache_clear()
    text = "spec:\n  template:\n    name: {}\n  overrides:\n    acme:\n      name: b\n"
    (*_, document) = (parse(text.format(name), "m.yaml")[0][0] for name in "abc")
    assert document.form is not None
    assert effective(document, "beta").form is document.form
    assert effective(document, "acme").form is None
    assert str(effective(document, "acme").source(("spec", "template", "name"))) == "m.yaml:6:13"


TEXT = {"type": "string"}
NAMED = {"type": "object", "properties": {"name": TEXT}}


@pytest.mark.parametrize(
    "schema",
    [
        {**NAMED, "not": {"properties": {"name": {"const": "d"}}}},
        {"properties": {"name": {"type": "string", "enum": ["a"]}}},
        {"properties": {"name": {"type": "string", "maxLength": 3}}},
        {"properties": {"name": {"type": "string", "pattern": "^a"}}},
        {"properties": {"some": {"items": NAMED, "uniqueItems": True}}},
        {"properties": {"some": {"items": {"oneOf": [NAMED]}}}},
        {"oneOf": [{"properties": {"name": {"const": "a"}}}]},
        {"if": {"required": ["name"]}, "then": {"properties": {"name": {"enum": ["a"]}}}},
        {"not": {"additionalProperties": {"const": "a"}}},
        {"additionalProperties": False},
        False,
    ],
)
def test_a_text_that_more_is_asked_of_must_be_the_same(schema: dict[str, object]) -> None:
    alike.known.cache_clear()
    shapes = Shapes(schema)
    judged = []
    for name in ("a", "a", "a", "a", "dddd"):
        ((document,), _) = parse(f"name: {name}\nsome:\n- name: {name}\n- name: b\n", "m.yaml")
        judged.append(shapes.is_right(document))
        shapes.learn(document)
    assert judged == [False, True, True, True, False]


IS_ON = {"properties": {"on": {"const": True}}}


@pytest.mark.parametrize(
    ("schema", "judged"),
    [
        ({"properties": {"on": {"type": "boolean"}}}, [True, False, False]),
        (
            {"properties": {"on": {"type": "boolean"}}, "oneOf": [IS_ON, {"required": ["off"]}]},
            [True, False, False],
        ),
        ({"properties": {"on": True}, "oneOf": [IS_ON, {"required": ["off"]}]}, [False, False, False]),
        ({"additionalProperties": True, "if": IS_ON, "then": {"required": ["x"]}}, [False, False, False]),
        ({"not": {"required": ["on", "off"]}}, [True, True, False]),
    ],
)
def test_what_follows_from_the_keys_is_known_of_all_that_have_them(
    schema: dict[str, object], judged: list[bool]
) -> None:
    shapes = Shapes({"type": "object", **schema})
    texts = ("x: a\non: true", "x: b\non: true", "x: a\non: false", "x: a\noff: true\non: true")
    first, *others = (parse(text, "m.yaml")[0][0] for text in texts)
    shapes.learn(first)
    assert [shapes.is_right(one) for one in others] == judged


def test_connections_of_customers_are_held_against_the_schema_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = (one for one in documents() if "kind: CustomerConnection" in one)
    known.cache_clear()
    assert judged(parse(text, "m.yaml")[0][0])[1] == []
    monkeypatch.delattr(manifests, "schema_problems")
    assert judged(parse(text.replace("lumen-optics", "acme"), "m.yaml")[0][0])[1] == []
