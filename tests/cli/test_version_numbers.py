"""Instances that ask for a version by its number."""

from __future__ import annotations

import json

from tests.cli.projects import DEFINITION, Folder


def test_a_number_is_resolved_in_the_tenant_and_warned_about(project: Folder):
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.shop(version=1)
    assert project.json("plan")["actions"] == []
    for verb in ("validate", "plan"):
        (warning,) = project.json(verb)["warnings"]
        assert "numbers differ between tenants" in warning["message"]
        assert (warning["file"], warning["line"]) == ("manifests/instance-orders.yaml", 12)


def test_an_instance_moves_to_a_number_that_is_published(project: Folder):
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.write("definitions/orders.yml", DEFINITION.replace("example.com/orders", "example.com/v2"))
    project.shop(version=2)
    definition = "../definitions/orders.yml"
    project.manifest("Integration", "orders", name="Orders", definition=definition, release="2.0.0")
    code, out, _ = project("apply", "--yes", "--format", "json")
    (refusal,) = json.loads(out)["refusals"]
    # Which number a publish brings, nobody knows before: the next run does.
    assert (code, refusal["code"]) == (5, "not-published")
    (change,) = next(a for a in project.json("plan")["actions"] if a["verb"] == "update")["changes"]
    assert (change["path"], change["before"], change["after"]) == ("release", "version 1", "version 2")
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_a_number_and_a_release_contradict_each_other(project: Folder):
    project.shop(version=1, release="1.0.0")
    code, _, err = project("validate", "--format", "json")
    (error,) = json.loads(err)["errors"]
    assert (code, error["code"]) == (3, "wrong-value")
