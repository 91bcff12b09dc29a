"""Of several objects of one name, where none has a place for a mark, a person says which one is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.projects import Folder

GROUP = "AlertGroup/on-call"


@pytest.fixture
def twins(project: Folder) -> list[str]:
    """Two groups of one name, of which the manifest asks for more; their ids."""
    made = [project.mutate("createAlertGroup", {"name": "On call"}, "alertGroup { id }") for _ in range(2)]
    (user, *_) = project.ask("{ users { nodes { email } } }")["users"]["nodes"]
    project.manifest("AlertGroup", "on-call", name="On call", users=[user["email"]])
    return [answer["alertGroup"]["id"] for answer in made]


def test_the_plan_names_both_and_a_way_out(project: Folder, twins: list[str]):
    plan = project.json("plan")
    (refusal,) = plan["refusals"]
    assert refusal["code"] == "ambiguous"
    assert all(one in refusal["message"] for one in twins)
    assert f"--use {GROUP}=" in refusal["hint"]


@pytest.mark.parametrize("which", [0, 1])
def test_the_one_that_is_meant_is_used(project: Folder, twins: list[str], which: int, tmp_path: Path):
    use = ("--use", f"{GROUP}={twins[which]}")
    saved = str(tmp_path / "saved.json")
    assert project("plan", "-o", saved, *use)[0] == 0
    code, out, err = project("apply", saved)
    assert code == 0, out + err
    groups = project.ask("{ alertGroups { nodes { id users { nodes { id } } } } }")["alertGroups"]["nodes"]
    assert {g["id"] for g in groups if g["users"]["nodes"]} == {twins[which]}
    assert len(groups) == 2
    assert project.json("plan", *use)["actions"] == []
    assert project("apply", "--yes", *use)[0] == 0
    assert project("drift", "--detailed-exitcode", *use)[0] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("AlertGroup/of-call=x", "which no manifest declares"),
        ("AlertGroup/on-call", "names no id"),
        ("Customer/acme=x", "such objects bear marks"),
    ],
)
def test_what_cannot_be_meant_is_an_error(project: Folder, twins: list[str], given: str, said: str):
    project.manifest("Customer", "acme", name="Acme")
    code, _, err = project("plan", "--use", given)
    assert code == 3
    assert said in err


def test_another_id_is_none_of_them(project: Folder, twins: list[str]):
    (refusal,) = project.json("plan", "--use", f"{GROUP}=elsewhere")["refusals"]
    assert "elsewhere, which --use names, is none of them" in refusal["message"]
