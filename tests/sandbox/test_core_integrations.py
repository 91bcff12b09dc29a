"""Integrations, their versions, imports and publishes, under each rule that bears on them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from test_core_world import REGION, SIZE, SLACK, World, definition

RECORDS = "versionSequence { nodes { id versionNumber versionIsAvailable versionIsLatest } }"


def text(w: World, identifier: str, **arguments: bool) -> dict[str, Any]:
    """A definition's read-back, parsed."""
    asked = "(useLatestComponentVersions: true)" if arguments else ""
    loaded: dict[str, Any] = yaml.safe_load(
        w.get("integration", identifier, f"definition{asked}")["definition"]
    )
    return loaded


def names(w: World) -> list[str]:
    return [node["name"] for node in w.ask("{ integrations { nodes { name } } }")["integrations"]["nodes"]]


def test_publishing_makes_a_version_with_an_id_of_its_own() -> None:
    w = World()
    draft = w.integration(labels=["Mark/X"])
    version = w.publish(draft, comment="one\ntwo", attributes='{"commitHash": "c", "own": [1]}')
    assert version != draft
    got = w.get(
        "integration",
        version,
        "versionNumber versionSequenceId versionComment versionAttributes labels hasUnpublishedChanges"
        " versionCreatedBy { email } systemInstance { id isSystem } allowPublish",
    )
    assert (got["versionNumber"], got["versionComment"], got["labels"]) == (1, "one\ntwo", ["mark/x"])
    assert json.loads(got["versionAttributes"]) == {"commitHash": "c", "own": [1]}
    was = w.get("integration", draft, "versionSequenceId hasUnpublishedChanges systemInstance { id }")
    assert was["versionSequenceId"] == got["versionSequenceId"]
    assert was["systemInstance"]["id"] == got["systemInstance"]["id"]
    assert (was["hasUnpublishedChanges"], got["hasUnpublishedChanges"]) == (False, False)
    assert names(w) == ["Sync"]


def test_versions_are_found() -> None:
    w = World()
    draft = w.integration()
    first, second = w.publish(draft), w.publish(draft)
    got = w.get(
        "integration",
        draft,
        """newest: versionSequence(versionIsAvailable: true, first: null, versionNumber: null,
        sortBy: [{field: VERSION_NUMBER, direction: DESC}]) { nodes { id versionNumber } }
        at: versionAt(versionNumber: 1) { id } last: versionAt(latestAvailable: true) { id }
        versions { totalCount nodes { id versionNumber isAvailable publishedAt } }""",
    )
    assert [node["id"] for node in got["newest"]["nodes"]] == [second, first]
    assert (got["at"]["id"], got["last"]["id"], got["versions"]["totalCount"]) == (first, second, 2)
    w.call("updateIntegrationVersionAvailability", id=second, available=False)
    got = w.get("integration", draft, "versionAt(latestAvailable: true) { id }")
    assert got["versionAt"]["id"] == first
    assert w.refused("updateIntegrationVersionAvailability", id=draft, available=True)
    every = w.ask("{ integrations(allVersions: true) { totalCount } }")
    assert every["integrations"]["totalCount"] == 3


@pytest.mark.parametrize(
    ("rules", "drafts", "number", "available", "latest"),
    [
        ({}, 1, 3, False, "draft"),
        ({"draft_version_number": "last"}, 1, 2, False, "draft"),
        ({"draft_version_number": "zero", "draft_available": "true"}, 1, 0, True, "draft"),
        ({"version_is_latest": "newest_published"}, 1, 3, False, "version"),
        ({"draft_in_sequence": "false"}, 0, None, None, None),
    ],
)
def test_what_a_draft_shows(rules: Any, drafts: int, number: Any, available: Any, latest: Any) -> None:
    w = World(**rules)
    draft = w.integration()
    w.publish(draft)
    version = w.publish(draft)
    nodes = w.get("integration", draft, RECORDS)["versionSequence"]["nodes"]
    own = [node for node in nodes if node["id"] == draft]
    assert (len(nodes), len(own)) == (2 + drafts, drafts)
    for node in own:
        assert (node["versionNumber"], node["versionIsAvailable"]) == (number, available)
        wanted = {"draft": draft, "version": version}[latest]
        assert [node["id"] for node in nodes if node["versionIsLatest"]] == [wanted]


@pytest.mark.parametrize(
    ("rule", "after"),
    [("true", [True] * 4), ("after_delay", [False, False, True, True]), ("not_until_told", [False] * 4)],
)
def test_published_available(rule: str, after: list[bool]) -> None:
    w = World(published_available=rule)
    version = w.version()
    assert [w.get("integration", version, "versionIsAvailable")["versionIsAvailable"] for _ in after] == after


@pytest.mark.parametrize(("rule", "labels"), [("true", ["a"]), ("false", [])])
def test_publish_copies_labels(rule: str, labels: list[str]) -> None:
    w = World(publish_copies_labels=rule)
    version = w.publish(w.integration(labels=["A"]))
    assert w.get("integration", version, "labels")["labels"] == labels
    assert w.call("updateIntegration", "labels", id=version, labels=["b"])["labels"] == ["b"]
    assert w.refused("updateIntegration", id=version, name="x")[0] == "name"


def test_publish_rules() -> None:
    w = World(publish_unchanged="refused", comment_limit="1000", attributes_keep_own_keys="false")
    draft = w.integration()
    assert w.refused("publishIntegration", id=draft, comment="x" * 1001)[0] == "comment"
    version = w.publish(draft, attributes='{"commitHash": "c", "own": 1}')
    got = w.get("integration", version, "versionAttributes")["versionAttributes"]
    assert json.loads(got) == {"commitHash": "c"}
    assert w.refused("publishIntegration", id=draft)[0] == "__all__"


def test_a_version_that_is_told_to_be_available_is() -> None:
    w = World(published_available="not_until_told")
    version = w.version()
    w.call("updateIntegrationVersionAvailability", "id", id=version, available=True)
    assert w.get("integration", version, "versionIsAvailable")["versionIsAvailable"] is True


def test_publishing_an_unchanged_draft_may_give_the_version_that_is_there() -> None:
    w = World(publish_unchanged="same_version")
    draft = w.integration()
    version = w.publish(draft, comment="first")
    assert w.publish(draft, comment="second") == version
    assert w.get("integration", version, "versionComment")["versionComment"] == "first"
    w.call("updateIntegration", "id", id=draft, description="other")
    assert w.publish(draft) != version


@pytest.mark.parametrize(("rule", "kept"), [("false", False), ("true", True)])
def test_publish_copies_marketplace(rule: str, kept: bool) -> None:
    w = World(publish_copies_marketplace=rule)
    draft = w.integration()
    setting = {"marketplaceConfiguration": "AVAILABLE_AND_DEPLOYABLE", "overview": "o"}
    w.call("updateIntegrationMarketplaceConfiguration", id=w.publish(draft), **setting)
    got = w.get("integration", w.publish(draft), "marketplaceConfiguration overview")
    assert got == (
        setting if kept else {"marketplaceConfiguration": "NOT_AVAILABLE_IN_MARKETPLACE", "overview": None}
    )


@pytest.mark.parametrize(("rule", "shown"), [("false", "2"), ("true", "1")])
def test_metadata_per_version(rule: str, shown: str) -> None:
    w = World(metadata_per_version=rule)
    draft = w.integration(metadata="1")
    version = w.publish(draft)
    w.call("updateIntegration", id=draft, metadata="2")
    assert w.get("integration", version, "metadata")["metadata"] == shown


@pytest.mark.parametrize(("rule", "count"), [("creates_second", 2), ("overwrites", 1), ("refused", 1)])
def test_import_same_name(rule: str, count: int) -> None:
    w = World(import_same_name=rule)
    first = w.call("importIntegration", integrationId="", definition=definition())["id"]
    payload, _ = w.payload("importIntegration", "id", definition=definition(more="category: X"))
    assert len(names(w)) == count
    assert (payload["integration"] is None) == (rule == "refused")
    if rule == "overwrites":
        assert (payload["integration"]["id"], text(w, first)["category"]) == (first, "X")


def test_an_import_overwrites_the_draft_and_only_that() -> None:
    w = World()
    draft = w.integration(definition("Old", variables=REGION))
    version = w.publish(draft)
    w.call("importIntegration", integrationId=draft, definition=definition("New", variables=REGION + SIZE))
    got = w.get("integration", draft, "name hasUnpublishedChanges requiredConfigVariables { totalCount }")
    assert got == {"name": "New", "hasUnpublishedChanges": True, "requiredConfigVariables": {"totalCount": 2}}
    assert text(w, version)["name"] == "Sync"  # the name that createIntegration was given
    w.call("importIntegration", integrationId=draft, definition=definition("Sync", variables=REGION))
    assert not w.get("integration", draft, "hasUnpublishedChanges")["hasUnpublishedChanges"]
    native = definition(more="isCodeNative: true")
    assert w.refused("importIntegration", integrationId=draft, definition=native)[0] == "definition"
    assert w.call("importIntegration", "isCodeNative", integrationId=draft, definition=native, replace=True)
    assert w.refused("importIntegration", integrationId=version, definition=native)


@pytest.mark.parametrize(
    "bad", ["", "a: [", "definitionVersion: 6", definition(variables=SLACK.replace("slack", "nothing"))]
)
def test_a_bad_definition_is_refused_and_nothing_is_made(bad: str) -> None:
    w = World(unknown_components="refused")
    assert w.refused("importIntegration", definition=bad)[0] == "definition"
    assert names(w) == []
    if bad:
        assert w.refused("createIntegration", name="x", definition=bad)[0] == "definition"
    call = "validateIntegrationSchema(input: {definition: $d}) { result { isValid } }"
    valid = w.ask(f"mutation ($d: String!) {{ v: {call} }}", d=bad)["v"]["result"]
    assert (valid is not None) == ("nothing" in bad)


@pytest.mark.parametrize(
    ("rule", "more", "after"),
    [("false", "", ["a"]), ("true", "", []), ("false", "labels: [B]", ["b"]), ("true", "labels: [B]", ["b"])],
)
def test_import_clears_labels(rule: str, more: str, after: list[str]) -> None:
    w = World(import_clears_labels=rule)
    draft = w.integration(labels=["A"])
    got = w.call("importIntegration", "labels", integrationId=draft, definition=definition(more=more))
    assert got["labels"] == after


@pytest.mark.parametrize(("rule", "same"), [("survive", True), ("change", False)])
def test_import_flow_ids(rule: str, same: bool) -> None:
    w = World(import_flow_ids=rule)
    draft = w.integration(definition(flows="A,B"))
    fields = "flows { nodes { id name stableId } }"
    before = w.get("integration", draft, fields)["flows"]["nodes"]
    after = w.call("importIntegration", fields, integrationId=draft, definition=definition(flows="B,C"))
    b, c = after["flows"]["nodes"]
    assert (b["id"] == before[1]["id"]) is same
    assert b["stableId"] == before[1]["stableId"] != c["stableId"]


@pytest.mark.parametrize(
    ("updates", "follows", "name", "written"),
    [
        ("name_and_description", "true", "New", "New"),
        ("nothing", "true", "Sync", "Sync"),
        ("nothing", "false", "Sync", "New"),
    ],
)
def test_whose_name_holds_after_an_import(updates: str, follows: str, name: str, written: str) -> None:
    w = World(import_updates_metadata=updates, definition_name_follows=follows)
    draft = w.integration()
    w.call("importIntegration", integrationId=draft, definition=definition("New"))
    assert (w.get("integration", draft, "name")["name"], text(w, draft)["name"]) == (name, written)
    assert w.call("updateIntegration", "name", id=draft, name="Third")["name"] == "Third"
    assert text(w, draft)["name"] == ("Third" if follows == "true" else written)


@pytest.mark.parametrize(
    ("imports", "source", "name", "flows"),
    [
        ("imports", "input", "Given", 2),
        ("imports", "definition", "Sync", 2),
        ("ignores", "definition", "Given", 1),
    ],
)
def test_create_with_definition(imports: str, source: str, name: str, flows: int) -> None:
    w = World(create_with_definition=imports, create_name_from=source)
    draft = w.integration(definition(flows="A,B"), name="Given", labels=["Mark"])
    got = w.get("integration", draft, "name labels flows { totalCount }")
    assert got == {"name": name, "labels": ["mark"], "flows": {"totalCount": flows}}


@pytest.mark.parametrize(("rule", "shown"), [("as_sent", ["Sent"]), ("current", ["now"]), ("never", None)])
def test_definition_shows_labels(rule: str, shown: Any) -> None:
    w = World(definition_shows_labels=rule)
    draft = w.integration(definition(more="labels: [Sent]"), labels=["Now"])
    assert text(w, draft).get("labels") == shown


@pytest.mark.parametrize("rule", ["false", "true"])
def test_unpublished_on_labels(rule: str) -> None:
    w = World(unpublished_on_labels=rule)
    draft = w.integration(labels=["a"])
    w.publish(draft)
    got = w.call("updateIntegration", "hasUnpublishedChanges", id=draft, labels=["b"])
    assert got["hasUnpublishedChanges"] is (rule == "true")
    w.publish(draft)
    assert not w.get("integration", draft, "hasUnpublishedChanges")["hasUnpublishedChanges"]


def test_a_release_of_the_platform_changes_read_backs_and_no_meaning() -> None:
    w = World()
    draft = w.integration()
    w.publish(draft)
    before = text(w, draft)
    w.sandbox.set_rule("normalisation", "2026")
    assert text(w, draft) != before
    w.call("importIntegration", integrationId=draft, definition=definition())
    assert not w.get("integration", draft, "hasUnpublishedChanges")["hasUnpublishedChanges"]


@pytest.mark.parametrize(("rule", "kept"), [("keep", True), ("drop", False), ("error", None)])
def test_unknown_definition_keys(rule: str, kept: bool | None) -> None:
    w = World(unknown_definition_keys=rule)
    odd = definition(more="oddKey: 1")
    if kept is None:
        assert w.refused("importIntegration", definition=odd)[0] == "definition"
    else:
        assert ("oddKey" in text(w, w.integration(odd))) is kept


@pytest.mark.parametrize(("rule", "moves"), [("false", False), ("true", True)])
def test_component_versions_shift(rule: str, moves: bool) -> None:
    w = World(component_versions_shift=rule)
    newest = '{ components(key: "slack", public: true) { nodes { versionNumber } } }'
    before = w.ask(newest)["components"]["nodes"][0]["versionNumber"]
    draft = w.integration(definition(variables=SLACK))
    after = w.ask(newest)["components"]["nodes"][0]["versionNumber"]
    assert (after > before) is moves
    assert w.get("integration", draft, "hasOutdatedComponents")["hasOutdatedComponents"] is moves
    component = text(w, draft)["requiredConfigVars"][0]["connection"]["component"]
    assert component["version"] == before
    latest = text(w, draft, latest=True)["requiredConfigVars"][0]["connection"]["component"]
    assert latest["version"] == "LATEST"


def test_tenants_count_apart() -> None:
    from reconciler.sandbox.sandbox import Sandbox

    w = World()
    w.sandbox = Sandbox(component_shift=100, version_shift=6)
    version = w.version(definition(variables=SLACK))
    number = text(w, version)["requiredConfigVars"][0]["connection"]["component"]["version"]
    plain = World()
    other = text(plain, plain.version(definition(variables=SLACK)))
    assert number == other["requiredConfigVars"][0]["connection"]["component"]["version"] + 100
    assert w.get("integration", version, "versionNumber")["versionNumber"] == 7


def test_private_components() -> None:
    w = World(unknown_components="refused")
    own = definition().replace("webhook-triggers, isPublic: true", "own, isPublic: false")
    assert w.refused("importIntegration", definition=own)[0] == "definition"
    w.sandbox.add_component("own", actions=[{"key": "webhook", "label": "W", "is_trigger": True}])
    draft = w.integration(own)
    query = (
        "flows { nodes { trigger { name action { key isTrigger component { key public versionNumber } } } } }"
    )
    trigger = w.get("integration", draft, query)["flows"]["nodes"][0]["trigger"]
    assert trigger["action"] == {
        "key": "webhook",
        "isTrigger": True,
        "component": {"key": "own", "public": False, "versionNumber": 1},
    }


def test_where_a_flow_finds_its_ids_may_be_written_as_text() -> None:
    w = World()
    written = """  - name: Flow 1
    retryConfig: {maxAttempts: 2, uniqueRequestIdField: body.data.id}
    queueConfig: {usesFifoQueue: true, dedupeIdField: {type: reference, value: body.id}}
"""
    draft = w.integration(definition().replace("  - name: Flow 1\n", written))
    fields = "retryUniqueRequestIdField { type value } queueDedupeIdField { type value }"
    (flow,) = w.get("integration", draft, f"flows {{ nodes {{ {fields} }} }}")["flows"]["nodes"]
    assert flow["retryUniqueRequestIdField"] == {"type": "VALUE", "value": "body.data.id"}
    assert flow["queueDedupeIdField"] == {"type": "REFERENCE", "value": "body.id"}


def test_fork_and_delete() -> None:
    w = World()
    version = w.version(definition(variables=REGION))
    fork = w.call("forkIntegration", "id parent { id } name", parent=version, name="Fork")
    assert (fork["parent"]["id"], fork["name"]) == (version, "Fork")
    assert text(w, fork["id"])["requiredConfigVars"]
    instance = w.instance(version)
    (draft,) = [
        n["id"] for n in w.ask('{ integrations(name: "Sync") { nodes { id } } }')["integrations"]["nodes"]
    ]
    assert w.refused("deleteIntegration", id=version)
    w.call("deleteIntegration", id=draft)
    assert names(w) == ["Fork"]
    assert w.errors("query ($id: ID!) { instance(id: $id) { id } }", id=instance) == ["Record not found"]


def test_test_values_and_flow_settings_live_with_the_draft() -> None:
    w = World()
    draft = w.integration(definition(variables=REGION + SLACK))
    flow = w.get("integration", draft, "flows { nodes { id } }")["flows"]["nodes"][0]["id"]
    fields = """testConfigVariables(status: "pending") { nodes { requiredConfigVariable { key } } }
        flows { nodes { testPayload testUrl } } systemInstance { id flowConfigs { totalCount } }"""
    w.call(
        "updateIntegration",
        id=draft,
        flows=[{"id": flow, "testPayload": "{}"}],
        testConfigVariables=[{"key": "Region", "value": "us"}],
    )
    got = w.call(
        "importIntegration", fields, integrationId=draft, definition=definition(variables=REGION + SLACK)
    )
    assert got["testConfigVariables"]["nodes"] == [{"requiredConfigVariable": {"key": "Slack"}}]
    assert got["flows"]["nodes"][0]["testPayload"] == "{}"
    assert w.values(got["systemInstance"]["id"])["Region"] == "us"
