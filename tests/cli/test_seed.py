"""`sandbox seed`."""

from __future__ import annotations

from tests.cli.projects import Folder


def test_seeding_adds_objects_that_nobody_owns(project: Folder):
    code, _, err = project("sandbox", "seed", "--integrations", "2", "--customers", "3", "--instances", "7")
    assert code == 0
    assert "Added 2 integrations, 3 customers and 7 instances." in err
    assert len(project.json("get", "instances")) == 7
    assert project.json("plan")["summary"]["unmanaged"] == 12
    code, _, err = project("sandbox", "seed", "--customers", "1")
    assert code == 3
    assert "reconciler sandbox reset" in err
    assert len(project.json("get", "instances")) == 7
