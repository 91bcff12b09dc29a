"""Headless integrations: configured by a value that fits a schema, which people save in the web app."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from test_core_world import World, definition

SCHEMA = {"type": "object", "properties": {"region": {"type": "string"}}, "required": ["region"]}
STATE = "configState needsDeploy enabled deployedVersion integration { id }"


def flat(tag: str, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    return {"schema": schema, "eTag": tag}


def below(version: Any, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    return {"instance": {"schema": schema, "version": version, "ui": {}}, "userLevel": {"schema": {}}}


def headless(configuration: Any) -> str:
    return definition(more=f"isCodeNative: true\nconfiguration: {json.dumps(configuration)}")


def versions(w: World, *configurations: Any) -> list[str]:
    """Published versions of one integration, one for each configuration."""
    draft = w.integration(headless(configurations[0]))
    made = [w.publish(draft)]
    for configuration in configurations[1:]:
        w.call("importIntegration", integrationId=draft, definition=headless(configuration))
        made.append(w.publish(draft))
    return made


def state(w: World, instance: str) -> Any:
    return w.get("instance", instance, STATE)


@pytest.mark.parametrize("configuration", [flat("a1"), below(3)])
def test_a_definition_keeps_its_configuration_and_has_no_pages(configuration: dict[str, Any]) -> None:
    w = World()
    draft = w.integration(headless(configuration))
    read = yaml.safe_load(w.get("integration", draft, "definition")["definition"])
    assert read["configuration"] == configuration
    assert "configPages" not in read
    assert not w.get("integration", w.publish(draft), "hasUnpublishedChanges")["hasUnpublishedChanges"]
    w.call("importIntegration", integrationId=draft, definition=headless(flat("other")))
    assert w.get("integration", draft, "hasUnpublishedChanges")["hasUnpublishedChanges"]


def test_a_configuration_that_is_no_mapping_is_refused() -> None:
    field, message = World().refused("importIntegration", definition=headless(["schema"]))
    assert (field, message) == ("definition", "configuration must be a mapping")


def test_an_instance_is_complete_when_its_value_is_saved() -> None:
    w = World()
    (version,) = versions(w, flat("a1"))
    instance = w.instance(version)
    assert state(w, instance)["configState"] == "NEEDS_INSTANCE_CONFIGURATION"
    field, message = w.refused("deployInstance", id=instance)
    assert field == "__all__"
    assert "configuration" in message
    w.sandbox.configure(instance, {"region": "eu"})
    assert state(w, instance)["configState"] == "FULLY_CONFIGURED"
    w.call("deployInstance", id=instance)
    w.sandbox.configure(instance, {"region": "us"})
    assert state(w, instance)["needsDeploy"] is True


@pytest.mark.parametrize(
    ("old", "new"), [(flat("a1"), flat("a2")), (below(1), below(2)), (flat("1"), below(2))]
)
def test_another_configuration_version_waits_for_its_values(old: Any, new: Any) -> None:
    w = World()
    first, second = versions(w, old, new)
    instance = w.instance(first)
    w.sandbox.configure(instance, {"region": "eu"})
    field, message = w.refused("updateInstance", id=instance, integration=second)
    assert field == "integration"
    assert "configured anew" in message
    w.sandbox.configure(instance, {"region": "eu"}, version=second)
    w.call("updateInstance", id=instance, integration=second)
    assert state(w, instance)["integration"] == {"id": second}
    assert state(w, instance)["configState"] == "FULLY_CONFIGURED"
    field, _ = w.refused("updateInstance", id=instance, integration=first)
    assert field == "integration"


@pytest.mark.parametrize(("old", "new"), [(flat("a1"), flat("a1", {})), (below(1), below(1, {}))])
def test_the_same_configuration_version_needs_nothing_new(old: Any, new: Any) -> None:
    w = World()
    first, second = versions(w, old, new)
    configured, bare = w.instance(first), w.instance(first, customer=w.customer("Other"))
    w.sandbox.configure(configured, {"region": "eu"})
    for instance in (configured, bare):
        w.call("updateInstance", id=instance, integration=second)
    assert state(w, configured)["configState"] == "FULLY_CONFIGURED"
    assert state(w, bare)["configState"] == "NEEDS_INSTANCE_CONFIGURATION"


def test_a_rule_allows_the_move_and_leaves_the_instance_incomplete() -> None:
    w = World(headless_upgrade="allowed")
    first, second = versions(w, flat("a1"), flat("a2"))
    instance = w.instance(first)
    w.sandbox.configure(instance, {"region": "eu"})
    w.call("updateInstance", id=instance, integration=second)
    assert state(w, instance)["configState"] == "NEEDS_INSTANCE_CONFIGURATION"
    assert w.refused("deployInstance", id=instance)[0] == "__all__"


def test_from_pages_to_headless_and_back() -> None:
    w = World()
    draft = w.integration(definition(more="isCodeNative: true"))
    pages = w.publish(draft)
    w.call("importIntegration", integrationId=draft, definition=headless(flat("a1")))
    schema = w.publish(draft)
    instance = w.instance(pages)
    assert w.refused("updateInstance", id=instance, integration=schema)[0] == "integration"
    w.sandbox.configure(instance, {"region": "eu"}, version=schema)
    w.call("updateInstance", id=instance, integration=schema)
    w.call("updateInstance", id=instance, integration=pages)


@pytest.mark.parametrize(
    ("value", "schema", "says"),
    [
        ({}, SCHEMA, "'region' is a required property"),
        ({"region": 1}, SCHEMA, "is not of type 'string'"),
        ({}, {"type": "nonsense"}, "the schema itself"),
    ],
)
def test_a_value_must_fit(value: Any, schema: dict[str, Any], says: str) -> None:
    w = World()
    (version,) = versions(w, flat("a1", schema))
    instance = w.instance(version)
    with pytest.raises(ValueError, match=f"(?i){says}"):
        w.sandbox.configure(instance, value)
    assert state(w, instance)["configState"] == "NEEDS_INSTANCE_CONFIGURATION"


def test_only_instances_of_headless_integrations_are_configured_so() -> None:
    w = World()
    instance = w.instance(w.version())
    with pytest.raises(ValueError, match="not configured by a schema"):
        w.sandbox.configure(instance, {})
    with pytest.raises(ValueError, match="version"):
        w.sandbox.configure(instance, {}, version=w.version(definition("Other")))
    with pytest.raises(ValueError, match="global ID"):
        w.sandbox.configure("nobody", {})


def test_values_go_with_their_instance() -> None:
    w = World()
    (version,) = versions(w, flat("a1"))
    instance = w.instance(version)
    w.sandbox.configure(instance, {"region": "eu"})
    w.call("deleteInstance", id=instance)
    assert w.sandbox.store.count("configuration", [], []) == 0
