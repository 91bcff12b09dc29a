"""`api` as scripts use it: bodies, files, several operations, and every way to be wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import Folder

NAMED = """query A { authenticatedUser { email } }
  query B($name: String!) { customers(name: $name) { totalCount } }"""
ECHO = """mutation ($name: String!, $text: String, $labels: [String]) {
  createCustomer(input: {name: $name, description: $text, labels: $labels}) {
    customer { name description labels } errors { field messages } } }"""


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    def feed(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))

    return feed


def test_a_body_names_query_variables_and_operation(project: Folder, stdin: Any) -> None:
    body = {"query": NAMED, "operationName": "B", "variables": {"name": "Acme"}}
    stdin(json.dumps(body).encode())
    assert project.json("api", "--input", "-")["data"] == {"customers": {"totalCount": 0}}
    project.behind("createCustomer", {"name": "Other"})
    file = project.write("body.json", json.dumps({**body, "variables": {"name": "Nobody"}}))
    answer = project.json("api", "--input", str(file), "-f", "name=Other")
    assert answer["data"] == {"customers": {"totalCount": 1}}
    for wrong in (
        {"query": NAMED},
        {"query": NAMED, "operationName": "C"},
        {"variables": {}},
        {"query": NAMED, "operationName": "A", "variables": []},
        {"query": 1},
    ):
        stdin(json.dumps(wrong).encode())
        assert project("api", "--input", "-")[0] == 3, wrong


def test_a_query_beside_a_file_is_refused(project: Folder) -> None:
    file = project.write("q.graphql", "{ authenticatedUser { email } }")
    assert project("api", "{ authenticatedUser { id } }", "--input", str(file))[0] == 3


def test_a_file_is_text_where_the_variable_is_text(project: Folder) -> None:
    text = project.write("text.json", '{"a": 1}\n')
    labels = project.write("labels.json", '["x", "y"]')
    given = ["-F", "name=2024", "-F", f"text=@{text}", "-F", f"labels=@{labels}"]
    customer = project.json("api", ECHO, *given)["data"]["createCustomer"]["customer"]
    assert customer == {"name": "2024", "description": '{"a": 1}\n', "labels": ["x", "y"]}


def test_the_whole_answer_goes_to_stdout(project: Folder) -> None:
    code, out, err = project("api", "{ nope }")
    answer = json.loads(out)
    assert code == 1
    assert "nope" in answer["errors"][0]["message"]
    assert "nope" in err
    both = '{ a: authenticatedUser { email } b: customer(id: "Q3VzdG9tZXI6eA==") { id } }'
    code, out, err = project("api", both, "--format", "json")
    answer = json.loads(out)
    assert (code, answer["data"]["b"], answer["errors"][0]["path"]) == (1, None, ["b"])
    assert json.loads(err)["errors"]


def test_the_errors_of_a_later_page_are_in_the_answer(project: Folder) -> None:
    query = """query ($after: String) { customers(first: 1, after: $after, isSystem: false)
      { nodes { id } pageInfo { hasNextPage endCursor } } }"""
    for name in ("A", "B", "C"):
        project.behind("createCustomer", {"name": name})
    assert project("sandbox", "fault", "graphql_errors", "--operation", "customers", "--nth", "2")[0] == 0
    code, out, _ = project("api", query, "--paginate")
    answer = json.loads(out)
    assert (code, len(answer["errors"])) == (1, 1)
    assert len(answer["data"]["customers"]["nodes"]) == 1


def test_a_syntax_error_has_its_place(project: Folder) -> None:
    file = project.write("q.graphql", "{ authenticatedUser {\n  email ) }")
    code, out, err = project("api", "--input", str(file))
    assert (code, out) == (3, "")
    assert "q.graphql:2:9" in err
    code, _, err = project("api", "{ a( }", "--format", "json")
    (error,) = json.loads(err)["errors"]
    assert (code, error["line"], error["column"]) == (3, 1, 6)
    assert project("api", "{ a( }", "--paginate")[0] == 3


def test_bytes_that_are_no_text_are_errors_of_input(project: Folder, stdin: Any, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"{ \xff }")
    assert project("api", "--input", str(tmp_path / "bytes"))[0] == 3
    query = "query ($name: String) { customers(name: $name) { totalCount } }"
    for arguments in (
        ["{ caf\udce9 }"],
        [query, "-f", "name=caf\udce9"],
        [query, "-F", "name=caf\udce9"],
        [query, "-F", r'name="\ud800"'],
        [query, "-F", f"name=@{tmp_path / 'bytes'}"],
    ):
        code, _, err = project("api", *arguments)
        assert code == 3, err
        assert "UTF-8" in err
    for data in (b"{ \xff }", b'{"query": "{ a }", "variables": {"name": "\\ud800"}}'):
        stdin(data)
        code, _, err = project("api", "--input", "-")
        assert code == 3, err
        assert "UTF-8" in err
    for payload in ("caf\udce9", f"@{tmp_path / 'bytes'}"):
        code, _, err = project("test", "Instance/acme/orders", "--payload", payload)
        assert code == 3, err
        assert "UTF-8" in err
    assert project("deploy", "caf\udce9", "--yes")[0] == 3
