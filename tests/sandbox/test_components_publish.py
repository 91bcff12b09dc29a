"""Private components: described, uploaded, then there; and the marketplace of integrations."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import pytest
from test_core_world import definition
from test_executions import visit
from things import Things

DISPLAY = {"label": "Acme", "description": "Talks to Acme"}
PUBLISHED = """component { id versionNumber } packageUploadUrl iconUploadUrl
    connectionIconUploadUrls { connectionKey iconUploadUrl }"""
NEEDS = definition().replace("webhook-triggers, isPublic: true", "acme, isPublic: false")


def publish(w: Things, package: bytes | None = b"zip", **given: Any) -> dict[str, Any]:
    described = {"key": "acme", "display": DISPLAY, **given.pop("definition", {})}
    parts = {
        "actions": [{"key": "greet", "display": DISPLAY, "inputs": []}],
        "triggers": [{"key": "webhook", "display": DISPLAY, "inputs": []}],
        "connections": [
            {"key": "basic", "label": "Basic", "inputs": [{"key": "u", "label": "U", "type": "string"}]}
        ],
    }
    made: dict[str, Any] = w.make(
        "publishComponent", "publishResult", PUBLISHED, definition=described, **parts, **given
    )
    if package is not None:
        assert visit(w, "PUT", made["packageUploadUrl"], content=package).status_code == 200
    return made


def test_a_version_shows_when_its_package_is_there() -> None:
    w = Things()
    made = publish(w, None, comment="first", attributes='{"commitHash": "abc"}')
    assert made["component"]["versionNumber"] == 1
    assert [one["connectionKey"] for one in made["connectionIconUploadUrls"]] == ["basic"]
    assert w.nodes('components(key: "acme")', "id") == []
    assert w.errors("query ($id: ID!) { component(id: $id) { id } }", id=made["component"]["id"]) == [
        "Record not found"
    ]
    assert visit(w, "PUT", made["packageUploadUrl"], content=b"zip").status_code == 200
    fields = """signature versionIsAvailable versionComment versionAttributes public
        actions { nodes { key isTrigger } } connections { nodes { key inputs { nodes { key } } } }"""
    (found,) = w.nodes('components(key: "acme")', fields)
    assert found["signature"] == sha1(b"zip").hexdigest()
    assert (found["versionComment"], found["public"], found["versionIsAvailable"]) == ("first", False, True)
    assert [node["key"] for node in found["actions"]["nodes"]] == ["greet", "webhook"]
    assert found["connections"]["nodes"] == [{"key": "basic", "inputs": {"nodes": [{"key": "u"}]}}]


def test_each_publish_makes_a_version() -> None:
    w = Things()
    for number in (1, 2):
        assert publish(w, f"{number}".encode())["component"]["versionNumber"] == number
    assert len(w.nodes('components(key: "acme", allVersions: true)', "id")) == 2
    assert w.nodes('components(key: "acme")', "versionNumber") == [{"versionNumber": 2}]


def test_a_definition_needs_it_and_keeps_it() -> None:
    w = Things(unknown_components="refused")
    assert w.refused("createIntegration", name="Sync", definition=NEEDS)[0] == "definition"
    made = publish(w)
    draft = w.integration(NEEDS)
    assert w.no("deleteComponent", "component", id=made["component"]["id"]) == "__all__"
    w.call("deleteIntegration", id=draft)
    w.make("deleteComponent", "component", id=made["component"]["id"])
    assert w.nodes('components(key: "acme")', "id") == []


def test_a_code_native_bundle_shows_only_where_it_is_asked_for() -> None:
    w = Things()
    publish(w, definition={"forCodeNativeIntegration": True})
    assert w.nodes('components(key: "acme")', "id") == []
    asked = 'components(key: "acme", versionNumber: 1, includeComponentsForCodeNativeIntegrations: true)'
    assert w.nodes(asked, "forCodeNativeIntegration") == [{"forCodeNativeIntegration": True}]


@pytest.mark.parametrize(("given", "field"), [({"key": " "}, "key"), ({"public": True}, "public")])
def test_what_is_refused(given: dict[str, Any], field: str) -> None:
    w = Things()
    payload = w.send(
        "publishComponent",
        "publishResult",
        "iconUploadUrl",
        definition={"key": "a", "display": DISPLAY, **given},
    )
    assert payload["errors"][0]["field"] == field


def test_public_components_are_not_ours() -> None:
    w = Things()
    (slack,) = w.nodes('components(key: "slack")', "id starred")
    assert w.no("deleteComponent", "component", id=slack["id"]) == "id"
    assert slack["starred"] is False
    assert w.make("updateComponent", "component", "starred", id=slack["id"], starred=True) == {
        "starred": True
    }


def test_uploads_that_nobody_waits_for() -> None:
    w = Things()
    assert visit(w, "PUT", "/uploads/nothing/package", content=b"x").status_code == 404
    query = (
        'query ($id: ID!) { uploadMedia(objectId: $id, fileName: "a.png", mediaType: AVATAR) { uploadUrl } }'
    )
    url = w.ask(query, id=w.customer())["uploadMedia"]["uploadUrl"]
    assert visit(w, "PUT", url, content=b"png").status_code == 200


def test_the_marketplace_offers_the_newest_version_that_is_in_it() -> None:
    w = Things()
    draft = w.integration()
    first, second = w.publish(draft), w.publish(draft)
    assert w.nodes("marketplaceIntegrations", "id") == []
    for version in (first, second):
        w.call(
            "updateIntegrationMarketplaceConfiguration",
            id=version,
            marketplaceConfiguration="AVAILABLE_AND_DEPLOYABLE",
        )
    assert w.nodes("marketplaceIntegrations", "id") == [{"id": second}]
    assert len(w.nodes("marketplaceIntegrations(allVersions: true)", "id")) == 2
