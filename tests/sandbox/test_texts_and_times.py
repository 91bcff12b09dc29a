"""Rules about what is kept of texts, which changes move updatedAt, and what publishing leaves to a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from test_core_world import REGION, SLACK, World, definition

USER_LEVEL = "  - {key: Mine, dataType: string, userLevelConfigured: true}\n"


def test_texts_lose_the_blanks_around_them() -> None:
    w = World(texts_read_back="trimmed")
    customer = w.customer(" Acme ", description="\n two\nlines ", labels=[" one "])
    assert w.get("customer", customer, "name description labels") == {
        "name": "Acme",
        "description": "two\nlines",
        "labels": ["one"],
    }
    draft = w.integration(definition('" Sync "', variables=REGION + SLACK), name=" Named ")
    version = w.call("publishIntegration", "id name versionComment", id=draft, comment=" what\nis new\n")
    assert (version["name"], version["versionComment"]) == ("Named", "what\nis new")
    values = [{"name": "clientId", "type": "value", "value": " id "}]
    given = [{"key": "Region", "value": " eu "}, {"key": "Slack", "values": json.dumps(values)}]
    instance = w.instance(version["id"], customer=customer, configVariables=given)
    assert w.values(instance)["Region"] == "eu"
    fields = "configVariables { nodes { inputs { nodes { name value } } } }"
    nodes = w.get("instance", instance, fields)["configVariables"]["nodes"]
    assert {"name": "clientId", "value": "id"} in [one for node in nodes for one in node["inputs"]["nodes"]]


def test_the_name_that_an_import_brings_is_trimmed_and_the_text_is_not() -> None:
    w = World(texts_read_back="trimmed", definition_name_follows="false")
    draft = w.call("importIntegration", "id name description", definition=definition('" Sync "'))
    assert draft["name"] == "Sync"
    assert yaml.safe_load(w.get("integration", draft["id"], "definition")["definition"])["name"] == " Sync "
    again = w.call("importIntegration", "name", integrationId=draft["id"], definition=definition('" Other "'))
    assert again["name"] == "Other"


def test_texts_are_kept_as_they_are_sent_by_default() -> None:
    w = World()
    assert w.get("customer", w.customer(" Acme "), "name")["name"] == " Acme "


def test_a_name_of_blanks_is_none() -> None:
    assert World(texts_read_back="trimmed").refused("createCustomer", name="  ")[0] == "name"


def moved(w: World, kind: str, identifier: str, mutation: str, **given: Any) -> bool:
    before = w.get(kind, identifier, "updatedAt")
    w.call(mutation, id=identifier, **given)
    return bool(w.get(kind, identifier, "updatedAt") != before)


@pytest.mark.parametrize(("rule", "others"), [("everything", True), ("own_fields_only", False)])
def test_what_moves_updated_at(rule: str, others: bool) -> None:
    w = World(updated_at_moves=rule)
    customer = w.customer()
    assert moved(w, "customer", customer, "updateCustomer", labels=["a"]) is others
    assert moved(w, "customer", customer, "updateCustomer", labels=["b"], description="x")
    instance = w.instance(w.version(definition(variables=REGION)), customer=customer)
    values = [{"key": "Region", "value": "us"}]
    assert moved(w, "instance", instance, "updateInstance", labels=["a"]) is others
    assert moved(w, "instance", instance, "updateInstance", configVariables=values) is others
    assert moved(w, "instance", instance, "updateInstanceConfigVariables", configVariables=values) is others
    assert moved(w, "instance", instance, "deployInstance") is others
    assert moved(w, "instance", instance, "updateInstance", enabled=False)
    assert moved(w, "instance", instance, "updateInstance", name="Other", labels=[])


def test_publishing_again_without_changes_gives_the_same_version() -> None:
    w = World(publish_unchanged="same_version")
    draft = w.integration()
    first = w.publish(draft, comment="one")
    assert w.publish(draft, comment="two") == first
    assert w.get("integration", first, "versionComment")["versionComment"] == "one"
    w.call("updateIntegration", id=draft, description="changed")
    second = w.publish(draft)
    assert second != first
    assert w.get("integration", second, "versionNumber")["versionNumber"] == 2


def test_a_version_is_available_when_somebody_says_so() -> None:
    w = World(published_available="not_until_told")
    version = w.version()
    assert (
        w.refused("createInstance", name="I", customer=w.customer(), integration=version)[0] == "integration"
    )
    w.call("updateIntegrationVersionAvailability", id=version, available=True)
    assert w.get("integration", version, "versionIsAvailable")["versionIsAvailable"]
    w.instance(version, customer=w.customer("Other"))


@pytest.mark.parametrize(
    ("rule", "state"), [("false", "FULLY_CONFIGURED"), ("true", "NEEDS_INSTANCE_CONFIGURATION")]
)
def test_whether_what_users_set_for_themselves_counts(rule: str, state: str) -> None:
    w = World(user_level_counts=rule)
    instance = w.instance(w.version(definition(variables=USER_LEVEL)))
    assert w.get("instance", instance, "configState")["configState"] == state
