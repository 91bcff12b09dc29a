"""A name of blanks, or of what no font draws, is none: of every kind, at once, with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds import all_kinds
from reconciler.kinds.table.shape import KEY, NAME
from reconciler.manifests import schemas
from reconciler.manifests.kinds import KINDS, TABLED
from tests.manifests.sample import manifest, problems

UNSEEN = ["", " ", "\t\n ", "\u00a0\u3000", "\u200b\u2060", "\ufeff", "\u00ad\u2800\u3164", "\x7f"]
REQUIRED = [
    (kind, name)
    for kind in KINDS
    for name in schemas.load(kind.lower())["properties"]["spec"].get("required", ())
    if schemas.load(kind.lower())["properties"]["spec"]["properties"][name].get("type") == "string"
]


@pytest.mark.parametrize("text", UNSEEN)
@pytest.mark.parametrize(("kind", "field"), REQUIRED)
def test_it_is_refused_in_every_required_field(kind: str, field: str, text: str) -> None:
    document = dict(schemas.load(kind.lower())["examples"][0])
    document["spec"] = {**document["spec"], field: text}
    wrong = list(schemas.validator(kind.lower()).iter_errors(document))
    assert [error.validator for error in wrong if list(error.absolute_path) == ["spec", field]] != []


@pytest.mark.parametrize("text", UNSEEN)
@pytest.mark.parametrize("kind", ["AlertWebhook", "EventWebhook", "LogStream"])
def test_no_url_is_of_blanks(kind: str, text: str, tmp_path: Path) -> None:
    spec = yaml.safe_dump({"name": "A", "url": text}, default_flow_style=True).strip()
    found = problems(tmp_path, {"manifests/x.yaml": manifest(kind, spec)})
    (told,) = {one.message for one in found if "url" in one.message}
    assert told.startswith('"url" in spec must ')


@pytest.mark.parametrize("text", ["Acme", " a ", "\u200bé", "日本", "🙂", "עברית", "-", "a\u0301"])
def test_what_can_be_seen_is_a_name(text: str) -> None:
    validator: Any = schemas.validator("customer")
    document = {**schemas.load("customer")["examples"][0], "spec": {"name": text, "externalId": text}}
    assert list(validator.iter_errors(document)) == []


def test_it_is_told_with_its_place_and_an_example(tmp_path: Path) -> None:
    found = problems(tmp_path, {"manifests/x.yaml": manifest("Customer", '{name: "\\u200b "}')})
    assert [(p.code, p.message, str(p.source), p.hint) for p in found] == [
        (
            "wrong-value",
            '"name" in spec must have a character that can be seen',
            "manifests/x.yaml:4:14",
            'write it like "Acme Inc"',
        )
    ]


def test_an_external_id_may_be_taken_off_but_is_not_blank(tmp_path: Path) -> None:
    def told(text: str) -> list[str]:
        spec = yaml.safe_dump({"name": "A", "externalId": text}, default_flow_style=True).strip()
        return [p.code for p in problems(tmp_path, {"manifests/x.yaml": manifest("Customer", spec)})]

    assert (told(""), told(" ")) == ([], ["wrong-value"])
    assert KEY in [row.shape for row in TABLED["Customer"].fields]


def test_what_a_variable_stands_for_is_looked_at_too(tmp_path: Path) -> None:
    text = manifest("Customer", '{name: "${var.blank}"}')
    files = {"manifests/x.yaml": text}
    files["reconciler.yaml"] = (
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\n"
        'spec: {manifests: [manifests/], environments: {staging: {url: "http://127.0.0.1:1", '
        'variables: {blank: "  "}}}, default: staging}\n'
    )
    assert [p.code for p in problems(tmp_path, files)] == ["wrong-value"]


def test_every_name_is_of_one_shape() -> None:
    for kind in TABLED.values():
        for row in kind.fields:
            if row.name == "name" and row.required:
                assert row.shape is NAME, kind.name
    assert len(all_kinds()) > len(TABLED)
