"""Broken manifests, definitions and project files (bad_input.yaml): each gives one message, no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manifests.sample import CUSTOMER, DEFINITION, FILES, INSTANCE, manifest, problems

Files = dict[str, str | bytes]
CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_input.yaml").read_text("utf-8"))
X = "manifests/x.yaml"
I = "manifests/instance.yaml"  # noqa: E741
D = "definitions/hello.yml"


def broken(case: dict[str, Any]) -> Files:
    file = case["file"]
    if "hex" in case:
        return {file: bytes.fromhex(case["hex"])}
    if "text" in case:
        return {file: case["text"]}
    sample = FILES[file]
    assert isinstance(sample, str)
    assert sample.count(case["old"]) == 1
    return {file: sample.replace(case["old"], case["new"])}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_it_is_told_once_with_its_place_and_what_to_do(tmp_path: Path, case: dict[str, Any]) -> None:
    found = problems(tmp_path, broken(case))
    assert [(p.code, p.message, str(p.source), p.hint) for p in found] == [
        (case["code"], case["message"], case["at"], case["hint"])
    ]
    assert found[0].severity == case.get("severity", "error")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_messages_follow_the_house_style(case: dict[str, Any]) -> None:
    message = case["message"]
    first = message.split()[0]
    # Addresses (Customer/acme), kinds and config variables keep their capitals.
    assert message[0] == '"' or message[0].islower() or "/" in first
    assert not message.endswith(".")
    assert case["hint"]
    assert not case["hint"].endswith(".")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_no_message_shows_a_secret(tmp_path: Path, case: dict[str, Any]) -> None:
    for problem in problems(tmp_path, broken(case)):
        for value in ("s3cret", "t0ken", "eyJhbGciOi", "abc123"):
            assert value not in problem.message + problem.hint


def test_nothing_is_wrong_with_the_sample_itself(tmp_path: Path) -> None:
    assert problems(tmp_path, {}) == []


def test_all_errors_come_at_once_by_file_and_line(tmp_path: Path) -> None:
    files: Files = {
        I: INSTANCE + "    Level: wran\n    Chanel: x\n",
        "manifests/broken.yaml": "a: [",
        X: manifest("Customer", "{}"),
    }
    found = problems(tmp_path, files)
    assert [str(p.source) for p in found] == [
        "manifests/broken.yaml:1:5",
        "manifests/instance.yaml:10:12",
        "manifests/instance.yaml:11:5",
        "manifests/x.yaml:4:7",
    ]


def test_an_error_causes_no_others(tmp_path: Path) -> None:
    # The customer and the integration are broken; what refers to them is not.
    files: Files = {
        "manifests/customer.yaml": CUSTOMER.replace("name: Acme Inc", "nam: Acme Inc"),
        D: DEFINITION.replace("definitionVersion: 7", "definitionVersion: 4"),
    }
    found = problems(tmp_path, files)
    assert [p.code for p in found] == ["definition-version", "missing-field", "unknown-field"]


def test_what_cannot_be_read_may_hold_what_others_refer_to(tmp_path: Path) -> None:
    files: Files = {"manifests/customer.yaml": "kind: [", "manifests/integration.yaml": "kind: Integraton\n"}
    assert [p.code for p in problems(tmp_path, files)] == ["yaml-syntax", "missing-field"]


def test_what_stands_before_a_syntax_error_is_checked_too(tmp_path: Path) -> None:
    found = problems(tmp_path, {X: f"{manifest('Customer', '{}')}---\na: [\n"})
    assert [p.code for p in found] == ["missing-field", "yaml-syntax"]


def test_a_mistake_in_a_set_is_told_once_for_all_its_customers(tmp_path: Path) -> None:
    files: Files = {
        f"manifests/c{n}.yaml": manifest("Customer", f"{{name: C{n}}}", f"{{name: c{n}, labels: {{a: b}}}}")
        for n in range(5)
    }
    template = "{integration: hello, name: x, config: {Levle: info}}"
    files[X] = manifest("InstanceSet", f"{{customers: {{labels: {{a: b}}}}, template: {template}}}")
    found = problems(tmp_path, files)
    assert [p.code for p in found] == ["required-config-missing", "unknown-config-variable"]
