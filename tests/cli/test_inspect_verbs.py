"""get, whoami, schema, api and history, on the command line."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
import yaml
from graphql import GraphQLSchema, build_schema, parse, validate

from reconciler.cli.main import COMMANDS, run
from reconciler.cli.moments import moment
from reconciler.lists.listing import PAGING, Listing, one_of, page_of
from reconciler.lists.tables import LISTINGS
from reconciler.model import documents
from reconciler.sandbox import Sandbox

CUSTOMERS = 250


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["init", "--ci", "none"]) == 0
        assert run(["apply", "--yes"]) == 0
        assert run(["test", "Instance/acme/hello"]) == 0
    with Sandbox(folder / ".reconciler/sandbox.db") as sandbox:
        for number in range(CUSTOMERS - 1):
            sandbox.execute(
                "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { errors { messages } } }",
                {"i": {"name": f"Customer {number:03}", "externalId": f"c-{number:03}", "labels": ["many"]}},
            )
    return folder


@pytest.fixture
def project(applied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(applied)
    capsys.readouterr()
    return applied


@cache
def published() -> GraphQLSchema:
    return build_schema((Path(__file__).parents[2] / "reconciler/sandbox/schema.graphql").read_text())


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        assert run(arguments) == code
        out, self.err = self.capsys.readouterr()
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--format", "json"))


@pytest.fixture
def shell(project: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["user"],
        ["customers"],
        ["integrations"],
        ["versions", "--integration", "Hello"],
        ["flows", "--integration", "Hello"],
        ["instances"],
        ["components", "--public", "--limit", "20"],
        ["executions"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_kind_has_a_table_within_80_columns(shell: Shell, arguments: list[str]) -> None:
    lines = shell("get", *arguments).splitlines()
    assert len(lines) >= 2
    assert max(map(len, lines)) <= 80
    singular = next(one for one in LISTINGS if one.kind == arguments[0]).singular
    assert shell("get", singular, *arguments[1:]).splitlines() == lines


def test_all_pages_are_read_unless_limited(shell: Shell) -> None:
    assert len(shell("get", "customers", "--format", "ids").splitlines()) == CUSTOMERS
    assert len(shell("get", "customers").splitlines()) == CUSTOMERS + 1
    assert len(shell("get", "customers", "--limit", "120", "--format", "ids").splitlines()) == 120
    assert shell("get", "customers", "--limit", "0", "--format", "csv").splitlines() == [
        "name,externalId,description,updatedAt"
    ]


def test_one_page_and_the_next(shell: Shell) -> None:
    first = shell("get", "customers", "--first", "2", "--offset", "1", "--columns", "name", "--format", "csv")
    assert first.split("\n")[1:3] == ["Customer 000", "Customer 001"]
    cursor = shell.err.split()[-1]
    after = shell.json("get", "customers", "--first", "1", "--after", cursor, "--columns", "name")
    assert after == [{"name": "Customer 002"}]
    last = shell.json("get", "customers", "--last", "1", "--columns", "external-id")
    assert last == [{"externalId": f"c-{CUSTOMERS - 2:03}"}]


def test_filters_narrow_the_list(shell: Shell) -> None:
    def names(*arguments: str) -> list[str]:
        return [row["name"] for row in shell.json("get", *arguments, "--columns", "name")]

    assert names("customers", "--external-id", "c-007") == ["Customer 007"]
    assert names("customers", "--name-starts-with", "acme", "--label-contains", "/CUSTOMER/acme") == [
        "Acme Inc"
    ]
    assert len(names("customers", "--label", "many")) == CUSTOMERS - 1
    assert names("integrations", "--has-instances", "--version-number", "2") == ["Hello"]
    assert names("integrations", "--no-has-instances") == []
    assert names("instances", "--customer", "Acme Inc", "--integration", "Hello", "--enabled") == [
        "Hello for Acme Inc"
    ]
    assert names("instances", "--needs-deploy") == []


def test_sorting_and_formats(shell: Shell) -> None:
    rows = yaml.safe_load(
        shell("get", "customers", "--sort", "-name", "--limit", "2", "--columns", "name", "--format", "yaml")
    )
    assert [row["name"] for row in rows] == [f"Customer {CUSTOMERS - n:03}" for n in (2, 3)]
    table = csv.DictReader(io.StringIO(shell("get", "components", "--key", "log", "--format", "csv")))
    assert [(row["key"], row["public"]) for row in table] == [("log", "true")]
    assert shell("--format", "json", "get", "user") == shell("get", "--format", "json", "user")
    assert shell("get", "user", "--format", "text").startswith("NAME ")


def test_a_name_finds_one_thing_by_name_or_id(shell: Shell) -> None:
    row = shell.json("get", "customer", "Acme Inc")[0]
    assert shell.json("get", "customer", row["id"]) == [row]
    version = shell.json("get", "versions", "1.0.0", "--integration", "Hello")[0]
    assert (version["number"], version["release"]) == (1, "1.0.0")
    assert shell.json("get", "version", "1", "--integration", version["id"]) == [version]
    assert shell.json("get", "flow", "Receive message", "--integration", "Hello")[0]["security"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["customers", "Customer 07"], "did you mean"),
        (["customers", "acme"], '"Acme Inc"'),
        (["instances", "--integration", "Helo"], 'did you mean "Hello"?'),
        (["versions", "9", "--integration", "Hello"], 'there is no version "9"'),
        (["customer", b64encode(f"Customer:{UUID(int=1)}".encode()).decode()], "there is no customer"),
        (["flows", "--integration", b64encode(f"Integration:{UUID(int=1)}".encode()).decode()], "not"),
    ],
)
def test_what_is_not_there_ends_with_1_and_near_names(shell: Shell, arguments: list[str], told: str) -> None:
    shell("get", *arguments, code=1)
    assert told in shell.err


def test_a_component_that_a_tenant_does_not_invent_is_not_there(shell: Shell) -> None:
    shell("sandbox", "rule", "unknown_components=refused")
    shell("get", "component", "lgo", code=1)
    assert 'did you mean "log"' in shell.err
    shell("sandbox", "rule", "unknown_components=invented")


@pytest.mark.parametrize(
    "arguments",
    [
        ["customers", "--columns", "nam"],
        ["customers", "--sort", "age"],
        ["customers", "--first", "101"],
        ["flows"],
        ["nothing"],
    ],
)
def test_wrong_arguments_end_with_3(shell: Shell, arguments: list[str]) -> None:
    shell("get", *arguments, code=3)


@pytest.mark.parametrize(
    ("name", "package"),
    [("executions", "reconciler.lists"), ("outdated", "reconciler.lists"), ("flow", "reconciler.runs")],
)
def test_documents_beside_the_lists_fit_the_schema(name: str, package: str) -> None:
    schema = published()
    for document in documents.load(name, package).values():
        assert validate(schema, parse(document)) == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2025-11-24", "2025-11-24T00:00:00Z"),
        ("2025-11-24T18:00:00Z", "2025-11-24T18:00:00Z"),
        ("2025-11-24 18:00:00+02:00", "2025-11-24T18:00:00+02:00"),
    ],
)
def test_moments_have_a_zone(given: str, sent: str) -> None:
    assert moment(given) == sent


def test_a_moment_may_be_so_long_ago() -> None:
    assert moment("3d") < moment("2h") < moment("1m") <= moment("0s")
    for wrong in ("2", "h", "yesterday", "2025-13-01"):
        with pytest.raises(click.BadParameter):
            moment(wrong)


def test_schema_lists_its_kinds(shell: Shell) -> None:
    lines = shell("schema").splitlines()[1:]
    kinds = [line.split()[0] for line in lines]
    assert {"project", "instance", "plan", "outcome"} <= set(kinds)
    assert [one["kind"] for one in shell.json("schema")] == kinds
    assert all(
        json.loads(shell("schema", kind))["description"] in line
        for kind, line in zip(kinds, lines, strict=True)
    )


def test_every_verb_has_help_and_a_module(shell: Shell) -> None:
    listed = shell("--help")
    for verb in COMMANDS:
        assert f"  {verb} " in listed
        assert shell(verb, "--help").startswith(f"Usage: reconciler {verb} ")


def test_no_secret_is_a_column() -> None:
    text = json.dumps([[column.selection for column in one.columns] for one in LISTINGS]).lower()
    for word in ("apikeys", "url", "configvariables", "inputs", "testpayload", "metadata", "definition"):
        assert word not in text


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda one: one.kind)
def test_documents_fit_the_schema_and_options_cover_its_filters(listing: Listing) -> None:
    schema = published()
    query = schema.query_type
    assert query is not None
    documents = [one_of(listing, listing.columns, "x")] if listing.named or not listing.nested else []
    if listing.named or listing.nested:
        filters = {one.argument: "x" for one in listing.filters}
        documents.append(page_of(listing, listing.columns, filters, dict.fromkeys(PAGING, 1), "p"))
        parent: Any = schema.type_map["Integration"] if listing.nested else query
        arguments = set(parent.fields[listing.root].args)
        known = {one.argument for one in listing.filters} | set(PAGING)
        # The integration's own versions take all filters of integrations; those that tell versions apart do.
        assert listing.kind == "versions" or arguments - {"sortBy", "orderBy"} == known
    for operation in documents:
        assert validate(schema, parse(operation.document)) == []


def test_whoami(shell: Shell) -> None:
    text = shell("whoami", "--tenants")
    who = shell.json("whoami", "--tenants")
    assert who["tenant"] in text
    assert who["organization"]["name"] == "Sandbox"
    assert [one["tenantId"] for one in who["tenants"]] == [who["tenant"]]
    assert who["environment"] == "sandbox"


def test_api_sends_a_query_with_variables(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query($n: Int, $name: String) { customers(first: $n, name: $name) { nodes { name } } }"
    asked = ["-F", "n=1", "-f", "name=Acme Inc"]
    expected = {"data": {"customers": {"nodes": [{"name": "Acme Inc"}]}}}
    assert json.loads(shell("api", query, *asked)) == expected
    assert json.loads(shell("api", "-f", f"query={query}", *asked)) == expected
    monkeypatch.setattr("sys.stdin", io.StringIO(query))
    assert json.loads(shell("api", "--input", "-", *asked)) == expected


def test_api_joins_pages(shell: Shell) -> None:
    query = (
        "query($after: String) { customers(after: $after, first: 100, isSystem: false)"
        " { nodes { id } pageInfo { hasNextPage endCursor } } }"
    )
    whole = json.loads(shell("api", query, "--paginate"))["data"]["customers"]
    assert len({node["id"] for node in whole["nodes"]}) == CUSTOMERS
    assert whole["pageInfo"]["hasNextPage"] is False
    shell("api", "{ customers { nodes { id } } }", "--paginate", code=3)
    assert "$after" in shell.err


def test_api_shows_errors_beside_the_data(shell: Shell) -> None:
    out = shell(
        "api", '{ a: authenticatedUser { email } b: customer(id: "Q3VzdG9tZXI6eA==") { id } }', code=1
    )
    assert json.loads(out)["data"]["b"] is None
    assert "error: b: " in shell.err
    assert json.loads(shell("api", "{ nope }", code=1))["errors"]
    assert "nope" in shell.err
    refused = (
        'mutation { createCustomer(input: {name: "Acme Inc"}) { customer { id } errors { field messages } } }'
    )
    assert json.loads(shell("api", refused, code=1))["data"]["createCustomer"]["customer"] is None
    assert "createCustomer: " in shell.err


@pytest.mark.parametrize("arguments", [[], ["{ a }", "-f", "novalue"], ["--input", "missing.graphql"]])
def test_api_with_wrong_arguments(shell: Shell, arguments: list[str]) -> None:
    shell("api", *arguments, code=3)


def test_variables_are_typed_and_nested(tmp_path: Path) -> None:
    from reconciler.verbs.api_input import read_text, variables_of

    (tmp_path / "v.json").write_text('{"x": [1]}')
    found = variables_of(
        ["input[name]=1", "tags[]=a", "tags[]=b"],
        ["input[on]=true", "n=null", "t=plain", f"file=@{tmp_path}/v.json", "input[deep][k]=2.5"],
        lambda name: read_text(name, bytes),
    )
    assert found == {
        "input": {"name": "1", "on": True, "deep": {"k": 2.5}},
        "tags": ["a", "b"],
        "n": None,
        "t": "plain",
        "file": {"x": [1]},
    }


def test_history_lists_runs_and_their_entries(shell: Shell, project: Path) -> None:
    journal = project / ".reconciler/journal"
    cut = journal / "20990101T000000.000000Z-1.jsonl"
    whole = next(journal.glob("*.jsonl")).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    runs = shell.json("history")["runs"]
    assert [run["status"] for run in runs] == ["cut off", "done"]
    assert runs[1]["actions"] == runs[1]["summary"]["done"] > 0
    text = shell("history")
    assert "20990101T000000 " in text
    assert "cut off" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "createCustomer" in shell("history", runs[1]["id"])
    assert shell.json("history", "latest")["entries"][0]["event"] == "begin"
    shell("history", "2099-nothing", code=3)
    cut.unlink()


def test_help_is_there_for_every_kind(shell: Shell) -> None:
    for listing in LISTINGS:
        shown = shell("get", listing.kind, "--help")
        assert all(one.option.split("/")[0] in shown for one in listing.filters)
    assert "customers" in shell("get", "--help")
