"""A tenant that bounds what one query may ask for is read in smaller pages."""

from __future__ import annotations

from tests.cli.projects import Folder


def test_a_project_converges_where_queries_must_not_cost_much(project: Folder):
    project("sandbox", "rule", "query_cost=20000")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    assert project.json("plan")["actions"] == []
    before = project.writes()
    assert project("apply", "--yes")[0] == 0
    assert project.writes() == before
