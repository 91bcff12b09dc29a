from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.definition.differences import compared
from reconciler.definition.meaning import blank, component_versions, digest, meaning, same
from reconciler.model.secret import Secret
from tests.unit.samples import DATA, read_back

Data = dict[str, Any]
YEARS = ["2025", "2026"]


def edited(edit: Callable[[Data], Any], data: Data | None = None) -> Data:
    """A copy of `data` after what a person does to it."""
    found = copy.deepcopy(data if data is not None else read_back(DATA))
    edit(found)
    return found


def differences(wanted: Data, found: Data) -> list[tuple[str, Any, Any]]:
    return compared(wanted, found).shown()


def flow(data: Data) -> Data:
    found: Data = data["flows"][0]
    return found


def variable(data: Data, index: int = 0) -> Data:
    found: Data = data["requiredConfigVars"][index]
    return found


STEP = {"name": "New", "action": flow(DATA)["steps"][1]["action"], "inputs": {}}


@pytest.mark.parametrize("year", YEARS)
def test_a_read_back_means_what_the_author_wrote(year: str):
    found = read_back(DATA, year)
    assert digest(found) != digest(DATA)
    assert same(DATA, found)
    assert differences(DATA, found) == []


@pytest.mark.parametrize(
    "written",
    [
        edited(lambda d: d.update(configPages=[]), DATA),
        edited(lambda d: d.pop("requiredConfigVars"), DATA),
        edited(lambda d: d.update(requiredConfigVars=[]), DATA),
        edited(lambda d: d.update(documentation=""), DATA),
        edited(lambda d: flow(d).pop("isSynchronous"), DATA),
        edited(lambda d: variable(d, 1)["inputs"].update(x={"type": "value", "value": None}), DATA),
        edited(lambda d: flow(d)["steps"][1].update(errorConfig={"errorHandlerType": "fail"}), DATA),
        edited(lambda d: flow(d).update(schemas={"invoke": {"type": "object", "default": 0}}), DATA),
    ],
)
@pytest.mark.parametrize("year", YEARS)
def test_however_it_is_written(written: Data, year: str):
    assert same(written, read_back(written, year))


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    ("edit", "paths"),
    [
        (lambda d: flow(d).update(retryConfig={"maxAttempts": 3}), ["definition.flows[Main].retryConfig"]),
        (
            lambda d: flow(d).update(queueConfig={"usesFifoQueue": True}),
            ["definition.flows[Main].queueConfig"],
        ),
        (
            lambda d: variable(d).update(defaultValue="general"),
            ["definition.requiredConfigVars[Channel].defaultValue"],
        ),
        (
            lambda d: flow(d)["steps"].append(STEP),
            ["definition.flows[Main].steps (order)[2]", "definition.flows[Main].steps[New]"],
        ),
        (
            lambda d: flow(d)["steps"][1]["inputs"]["url"].update(value="https://other"),
            ["definition.flows[Main].steps[Post].inputs.url.value"],
        ),
        (
            lambda d: flow(d)["steps"][1].update(errorConfig={"errorHandlerType": "ignore"}),
            ["definition.flows[Main].steps[Post].errorConfig"],
        ),
        (lambda d: flow(d).update(isSynchronous=True), ["definition.flows[Main].isSynchronous"]),
        (lambda d: d.update(documentation="Read me"), ["definition.documentation"]),
        (lambda d: flow(d).update(schemas={"__typename": "x"}), ["definition.flows[Main].schemas"]),
    ],
)
def test_what_a_person_changed_is_found_where_one_would_look(
    edit: Callable[[Data], Any], paths: list[str], year: str
):
    found = edited(edit, read_back(DATA, year))
    assert not same(DATA, found)
    assert [path for path, *_ in differences(DATA, found)] == paths


def test_a_key_in_underscores_is_compared_too():
    wanted = edited(lambda d: flow(d).update(schemas={"invoke": {"__typename": "a"}}), DATA)
    found = edited(lambda d: flow(d).update(schemas={"invoke": {"__typename": "b"}}), read_back(DATA))
    assert [(before, after) for _, before, after in differences(wanted, found)] == [("b", "a")]


@pytest.mark.parametrize("key", ["name", "description", "category", "labels"])
def test_what_is_a_field_of_its_own_does_not_count(key: str):
    found = edited(lambda d: d.update({key: ["vip"] if key == "labels" else "Other"}))
    assert same(DATA, found)
    assert digest(found) == digest(read_back(DATA))


def test_another_order_of_steps_is_found():
    found = edited(lambda d: flow(d)["steps"].reverse())
    assert not same(DATA, found)
    assert [path for path, *_ in differences(DATA, found)] == [
        "definition.flows[Main].steps (order)[0]",
        "definition.flows[Main].steps (order)[1]",
    ]


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [("LATEST", 3, True), ("LATEST", 900, True), (3, 3, True), (3, 4, False), (3, True, False)],
)
def test_latest_equals_any_number(wanted: Any, found: Any, equal: bool):
    def data(version: Any) -> Data:
        return edited(lambda d: flow(d)["steps"][1]["action"]["component"].update(version=version), DATA)

    assert same(data(wanted), data(found)) is equal
    assert bool(differences(data(wanted), data(found))) is not equal


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (
            lambda d: variable(d, 1)["inputs"]["clientSecret"].update(value="other"),
            "definition.requiredConfigVars[Slack].inputs.clientSecret.value",
        ),
        (lambda d: variable(d, 1).pop("inputs"), "definition.requiredConfigVars[Slack].inputs"),
        (lambda d: flow(d).update(organizationApiKeys=["k"]), "definition.flows[Main].organizationApiKeys"),
    ],
)
def test_defaults_of_connections_and_api_keys_come_as_secrets(edit: Callable[[Data], Any], path: str):
    ((found, before, after),) = differences(DATA, edited(edit))
    assert found == path
    assert all(value is None or isinstance(value, Secret) for value in (before, after))


@pytest.mark.parametrize("side", [0, 1])
def test_a_whole_variable_or_flow_hides_the_secrets_in_it(side: int):
    added = edited(lambda d: flow(d).update(name="Other", organizationApiKeys=["k3y"]))
    added["requiredConfigVars"][1]["key"] = "Second"
    sides = [DATA, added][:: -1 if side else 1]
    text = repr(differences(sides[0], sides[1]))
    assert "s3cret" not in text
    assert "k3y" not in text


@pytest.mark.parametrize("side", [0, 1])
def test_what_cannot_be_read_may_hold_secrets(side: int):
    sides = [DATA, {"unreadable": "password: s3cret"}][:: -1 if side else 1]
    assert "s3cret" not in repr(differences(sides[0], sides[1]))


def test_variables_of_one_key_are_compared_and_kept_secret():
    def doubled(secret: str) -> Data:
        data = edited(lambda d: d["requiredConfigVars"].append(copy.deepcopy(variable(d, 1))), DATA)
        variable(data, 2)["inputs"]["clientSecret"]["value"] = secret
        return data

    ((_, before, after),) = differences(doubled("a"), doubled("b"))
    assert isinstance(before, Secret)
    assert isinstance(after, Secret)


def test_component_versions_are_told_by_key():
    data = edited(lambda d: flow(d)["steps"][1]["action"]["component"].update(version=7))
    assert component_versions(data) == {"http": 7, "slack": 12, "webhook-triggers": 12}
    other = edited(lambda d: flow(d)["steps"].append(flow(read_back(DATA, number=9))["steps"][1]), data)
    assert component_versions(other)["http"] == [7, 9]


@pytest.mark.parametrize(
    ("data", "empty"), [({}, True), ({"flows": []}, True), (DATA, False), ({"unreadable": "- a"}, False)]
)
def test_a_blank_draft_holds_nothing(data: Data, empty: bool):
    assert blank(data) is empty


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert digest(dict(reversed(list(DATA.items())))) == digest(DATA)
    assert meaning({}) == {}
