"""The catalogue is no limit: what a definition names is there, unless the rule says that it must be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from test_core_world import SLACK, World, definition

KNOWN = "component: {key: webhook-triggers, isPublic: true, version: LATEST}"
SHOWN = "nodes { key public versionNumber signature label versionIsLatest }"


def naming(key: str, *, public: bool = True, **asked: Any) -> str:
    """A definition whose trigger is of this component."""
    reference = {"key": key, "isPublic": public, **asked}
    return definition().replace(
        KNOWN, f"component: {yaml.safe_dump(reference, default_flow_style=True).strip()}"
    )


def trigger(w: World, draft: str) -> Any:
    fields = "definition flows { nodes { trigger { action { key component { key versionNumber } } } } }"
    found = w.get("integration", draft, fields)
    read = yaml.safe_load(found["definition"])["flows"][0]["steps"][0]["action"]["component"]
    return read, found["flows"]["nodes"][0]["trigger"]["action"]


def listed(w: World, key: str, more: str = "") -> list[Any]:
    found: list[Any] = w.ask(f'{{ components(key: "{key}"{more}) {{ {SHOWN} }} }}')["components"]["nodes"]
    return found


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    ("asked", "number", "signature"),
    [
        ({"version": "LATEST"}, 1, None),
        ({"version": 80}, 80, None),
        ({"signature": "ab" * 20}, 1, "ab" * 20),
    ],
)
def test_what_is_named_is_there(public: bool, asked: Any, number: int, signature: str | None) -> None:
    w = World()
    draft = w.integration(naming("nobody-has-it", public=public, **asked))
    read, action = trigger(w, draft)
    assert (read["key"], read["isPublic"], read["version"]) == ("nobody-has-it", public, number)
    assert action == {"key": "webhook", "component": {"key": "nobody-has-it", "versionNumber": number}}
    (entry,) = listed(w, "nobody-has-it")
    assert (entry["public"], entry["versionNumber"], entry["versionIsLatest"]) == (public, number, True)
    assert entry["signature"] == (signature or entry["signature"]) != ""
    w.call(
        "importIntegration", integrationId=draft, definition=naming("nobody-has-it", public=public, **asked)
    )
    assert len(listed(w, "nobody-has-it", ", allVersions: true")) == 1


def test_a_version_that_is_named_does_not_become_the_latest() -> None:
    w = World()
    (before,) = listed(w, "slack")
    w.integration(definition(variables=SLACK.replace("version: LATEST", "version: 9000")))
    assert listed(w, "slack") == [before]
    numbers = [one["versionNumber"] for one in listed(w, "slack", ", allVersions: true")]
    assert 9000 in numbers
    draft = w.integration(definition(variables=SLACK))
    body = yaml.safe_load(w.get("integration", draft, "definition")["definition"])
    assert body["requiredConfigVars"][0]["connection"]["component"]["version"] == before["versionNumber"]


def test_a_connection_of_an_unknown_component_has_the_inputs_that_are_written() -> None:
    w = World()
    instance = w.instance(w.version(definition(variables=SLACK.replace("key: slack", "key: nobody-has-it"))))
    fields = """configVariables { nodes { status inputs { nodes { name value } }
        requiredConfigVariable { connection { key component { key } } } } }"""
    (value,) = w.get("instance", instance, fields)["configVariables"]["nodes"]
    assert value["requiredConfigVariable"]["connection"] == {
        "key": "oauth2",
        "component": {"key": "nobody-has-it"},
    }
    assert [one["name"] for one in value["inputs"]["nodes"]] == ["clientId", "clientSecret"]
    assert value["status"] == "ACTIVE"
    w.call("deployInstance", id=instance)


def test_what_is_published_later_takes_the_place_of_what_was_invented() -> None:
    w = World()
    w.integration(naming("own", public=False, version="LATEST"))
    w.sandbox.add_component("own", label="Ours")
    assert [one["label"] for one in listed(w, "own", ", allVersions: true")] == ["Ours"]
    (entry,) = listed(w, "own")
    assert (entry["versionNumber"], entry["versionIsLatest"]) == (1, True)


def test_a_refused_definition_invents_nothing() -> None:
    w = World(import_same_name="refused")
    w.integration(definition())
    assert w.refused("importIntegration", definition=naming("nobody-has-it", version="LATEST"))[0] == "name"
    assert w.sandbox.store.count("invented_component", [], []) == 0


ASKED = "key_In: $k, allVersions: $all, versionNumber: $n, public: $p"


def looked_up(w: World, *keys: str, **more: Any) -> list[tuple[Any, ...]]:
    query = (
        f"query ($k: [String], $all: Boolean, $n: Int, $p: Boolean) {{ components({ASKED}) {{ {SHOWN} }} }}"
    )
    found = w.ask(query, k=list(keys), **more)["components"]["nodes"]
    return [(one["key"], one["public"], one["versionNumber"], bool(one["signature"])) for one in found]


def test_what_could_be_named_is_found_by_its_key() -> None:
    w = World()
    (entry,) = listed(w, "nobody-has-it")
    assert (entry["versionNumber"], entry["versionIsLatest"]) == (1, True)
    assert looked_up(w, "nobody-has-it") == [
        ("nobody-has-it", True, 1, True),
        ("nobody-has-it", False, 1, True),
    ]
    (newest,) = looked_up(w, "slack", p=True)
    assert looked_up(w, "slack", p=True, n=9000, all=True) == [("slack", True, 9000, True)]
    assert looked_up(w, "slack", p=True, n=newest[2], all=True) == [newest]
    # A package that nobody has yet: a version whose signature is not told.
    assert looked_up(w, "slack", p=True, all=True)[-1] == ("slack", True, 0, False)
    assert w.sandbox.store.count("invented_component", [], []) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (naming("nobody-has-it", version="LATEST"), "public component 'nobody-has-it' was not found"),
        (
            naming("nobody-has-it", public=False, version=3),
            "private component 'nobody-has-it' has no version 3",
        ),
        (naming("slack", signature="ab"), "public component 'slack' with signature ab was not found"),
    ],
)
def test_a_rule_refuses_them(text: str, says: str) -> None:
    w = World(unknown_components="refused")
    assert w.refused("importIntegration", definition=text) == ("definition", says)
    assert listed(w, "nobody-has-it") == []
    assert looked_up(w, "nobody-has-it") == looked_up(w, "slack", p=True, n=9000, all=True) == []


def test_a_connection_that_is_not_there_is_refused_by_it_too() -> None:
    text = definition(variables="  - {key: Shared, useScopedConfigVar: acme-key}\n")
    assert World().integration(text)
    w = World(unknown_components="refused")
    assert w.refused("importIntegration", definition=text) == (
        "definition",
        "connection 'acme-key' was not found",
    )
