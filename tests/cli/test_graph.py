"""graph: what waits for what, readable by Mermaid and by Graphviz whatever things are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.report.graph import dot, graph_document, mermaid
from tests.cli.projects import Folder

HOSTILE = 'a "b" \\ `c` %%{init: 1}%% <script> # end\n]; x'


def test_each_action_stands_in_the_box_of_its_resource_before_what_waits_for_it(project: Folder) -> None:
    project.shop()
    code, out, _ = project("graph")
    assert code == 0
    assert out == project("graph", "--format", "mermaid")[1]
    lines = out.splitlines()
    assert lines[0] == "flowchart LR"
    assert '  subgraph r0["Integration/orders"]' in lines
    shown = re.findall(r'^    (a\d+)\["(\w+)<br/>', out, re.MULTILINE)
    plan = project.json("plan")
    assert [verb for _, verb in shown] == [action["verb"] for action in plan["actions"]]
    named = dict(zip((a["id"] for a in plan["actions"]), (node for node, _ in shown), strict=True))
    expected = {(named[o], named[a["id"]]) for a in plan["actions"] for o in a["dependsOn"]}
    assert set(re.findall(r"^  (a\d+) --> (a\d+)$", out, re.MULTILINE)) == expected
    assert expected


def test_a_saved_plan_and_a_snapshot_give_the_same_graph(project: Folder, tmp_path: Path) -> None:
    project.shop()
    saved, taken = str(tmp_path / "plan.json"), str(tmp_path / "live.gz")
    assert project("plan", "-o", saved)[0] == 0
    assert project("snapshot", "-o", taken)[0] == 0
    for shape in ("mermaid", "dot", "markdown"):
        fresh = project("graph", "--format", shape)[1]
        assert project("graph", saved, "--format", shape)[1] == fresh
        assert project("graph", "--live", taken, "--format", shape)[1] == fresh


def test_an_empty_plan_is_an_empty_graph(project: Folder) -> None:
    assert project("graph")[1] == "flowchart LR\n"
    assert project("graph", "--format", "dot")[1].endswith("style=rounded];\n}\n")
    found = project.json("graph")
    assert (found["resources"], found["nodes"], found["edges"]) == ([], [], [])


def test_what_is_refused_or_left_out_is_marked(project: Folder) -> None:
    project.shop()
    project.behind("createIntegration", {"name": "Orders"})
    found = project.json("graph")
    status = {one["address"]: one["status"] for one in found["resources"]}
    assert status["Integration/orders"] == "refused"
    assert status["Instance/acme/orders"] == "left out"
    assert status["Customer/acme"] == "planned"
    out = project("graph")[1]
    assert [one for one in (":::refused", "classDef refused", ":::leftOut") if one not in out] == []
    assert "style=dashed" in project("graph", "--format", "dot")[1]


def test_only_what_is_selected_is_shown(project: Folder) -> None:
    project.shop()
    found = project.json("graph", "--select", "Customer/acme")
    assert [one["address"] for one in found["resources"]] == ["Customer/acme"]


@pytest.mark.parametrize("text", [HOSTILE, "\x1b[31m‮", "end", "ünï → “x”"])
def test_no_text_breaks_out_of_its_label(text: str) -> None:
    action = {"id": f"X/{text}#create", "address": f"X/{text}", "verb": "create", "reason": text}
    second = {**action, "id": f"X/{text}#update", "verb": "update", "dependsOn": [action["id"], "gone"]}
    refusal = {"address": f"Y/{text}", "message": text}
    head = {"project": "p", "environment": "e", "createdAt": "now", "refusals": [refusal]}
    found = graph_document({**head, "actions": [{**action, "dependsOn": []}, second]})
    assert found["edges"] == [{"from": action["id"], "to": second["id"]}]
    label = r'\["[^"\[\]{}%`\\()|;]*(?:(?:#\d+;|<br/>)[^"\[\]{}%`\\()|;]*)*"\]'
    for line in mermaid(found).splitlines()[1:]:
        kinds = (
            rf"  subgraph r\d{label}",
            rf"    [ax]\d{label}(:::\w+)?",
            "  end",
            r"  a0 --> a1",
            r"  classDef .*",
        )
        assert any(re.fullmatch(one, line) for one in kinds), line
    quoted = r'"(?:[^"\\\n]|\\\\|\\"|\\n)*"'
    for line in dot(found).splitlines()[3:-1]:
        bare = re.sub(quoted, "Q", line)
        assert re.fullmatch(
            r"  (subgraph cluster_\d \{|  label=Q;|  Q \[label=Q\];|  x\d \[.*\];|\}|Q -> Q;)", bare
        ), bare


def test_it_can_only_be_shown_as_a_graph(project: Folder) -> None:
    code, out, err = project("--format", "junit", "graph")
    assert code == 3
    assert "<failure" in out  # errors are told in that format, too
    assert "choose mermaid, dot, json, markdown" in err
    code, _, err = project("graph", "missing.json")
    assert code == 3
    assert "cannot read" in err
