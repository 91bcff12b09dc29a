"""What we do not know of a definition is doubted, and sent as it is: the platform judges it."""

from __future__ import annotations

import json

import pytest

from tests.cli.projects import DEFINITION, Folder

FLOW = "    isSynchronous: false\n"
URL = "          url: {type: value, value: https://example.com/orders}\n"
CHANNEL = "  - {key: Channel, dataType: string, defaultValue: general, orgOnly: false}\n"
SCHEDULE = "  - {key: S, dataType: schedule, scheduleType: lunar, defaultValue: x}\n"
PAGE = "      - {type: configVar, value: Shop}\n"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (FLOW, FLOW + "    retryConfig: {uniqueRequestIdField: body.data.id}\n", "wrong-type"),
        (FLOW, FLOW + "    queueConfig: {usesFifoQueue: true, dedupeIdField: body.data.id}\n", "wrong-type"),
        (FLOW, FLOW + "    endpointSecurityType: by_moonlight\n", "wrong-value"),
        (URL, URL + "          timeout: {type: value, value: 30}\n", "wrong-value"),
        (URL, URL + "          debug: {type: value, value: true}\n", "wrong-value"),
        (URL, URL + "          shop: {type: dataSource, value: Shop}\n", "wrong-value"),
        (URL, URL + "          data: {type: reference, value: trigger.results.body}\n", "dangling-reference"),
        (CHANNEL, CHANNEL.replace("dataType: string, ", ""), "wrong-value"),
        (CHANNEL, CHANNEL + "  - {key: Other, dataType: haiku, defaultValue: x}\n", "wrong-value"),
        (CHANNEL, CHANNEL + "  - {key: Head, dataType: htmlElement}\n", "wrong-value"),
        (CHANNEL, CHANNEL + SCHEDULE, "wrong-value"),
        ("orgOnly: false}", "orgOnly: 'no'}", "wrong-type"),
        ("isSynchronous: false", "isSynchronous: maybe", "wrong-type"),
    ],
)  # fmt: skip
def test_it_is_doubted_and_sent_as_it_is(project: Folder, old: str, new: str, code: str) -> None:
    text = DEFINITION.replace(old, new, 1)
    assert text != DEFINITION
    project.write("definitions/orders.yml", text)
    project.shop()

    found = project.json("validate")
    assert [warning["code"] for warning in found["warnings"]] == [code]
    assert found["warnings"][0]["file"] == "definitions/orders.yml"
    code_, _, err = project("validate", "--strict", "--format", "json")
    assert code_ == 3
    assert [error["code"] for error in json.loads(err)["errors"]] == [code]

    done, out, err = project("apply", "--yes")
    assert done == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0
    assert project("drift", "--detailed-exitcode")[0] == 0


def test_one_warning_tells_of_all_places(project: Folder) -> None:
    many = "".join(f"          n{n}: {{type: value, value: {n}}}\n" for n in range(40))
    project.write("definitions/orders.yml", DEFINITION.replace(URL, URL + many))
    project.shop()
    (warning,) = project.json("validate")["warnings"]
    assert warning["message"].endswith(" must be text or a list and 39 more places")


def test_strict_is_content_with_what_nothing_is_doubtful_about(project: Folder) -> None:
    project.shop()
    assert project("validate", "--strict")[0] == 0


def test_merge_keys_and_aliases_are_read_as_the_platform_reads_them(project: Folder) -> None:
    text = DEFINITION.replace(
        "        action: {key: httpGet, component: {key: http, isPublic: true, version: LATEST}}\n",
        "        <<: &get\n"
        "          action: {key: httpGet, component: &http {key: http, isPublic: true, version: LATEST}}\n",
    ).replace(
        "configPages:",
        "      - {<<: *get, name: Again, inputs: {url: {type: value, value: x}}}\nconfigPages:",
    )
    text = text.replace("component: {key: http, isPublic: true, version: LATEST}", "component: {<<: *http}")
    assert text.count("<<:") == 3
    project.write("definitions/orders.yml", text)
    project.shop()
    assert project.json("validate")["warnings"] == []
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("flows:\n", "flows: []\nx:\n", "the definition has no flows"),
        ("flows:\n", "flows: {}\nx:\n", '"flows" must be a list'),
        ("flows:\n", "x:\n", '"flows" is missing'),
        ("name: Order notices", "name: ''", '"name" must not be empty'),
        ("- name: Receive order\n    description", "- description", '"name" is missing in flows[0]'),
        ("action: {key: webhook,", "action: {", '"key" is missing in flows[0].steps[0].action'),
        ("    steps:\n", "    x:\n", '"steps" is missing in flows[0]'),
        ("configPages:\n", "configPages: Settings\nx:\n", '"configPages" must be a list'),
        ("{key: Channel, dataType", "{dataType", '"key" is missing in requiredConfigVars[0]'),
    ],
)  # fmt: skip
def test_what_every_server_refuses_is_an_error(project: Folder, old: str, new: str, message: str) -> None:
    project.write("definitions/orders.yml", DEFINITION.replace(old, new, 1))
    project.shop()
    code, _, err = project("validate", "--format", "json")
    assert code == 3
    errors = [e for e in json.loads(err)["errors"] if e["code"] != "undeclared-variable"]
    assert [error["message"] for error in errors] == [message]


def test_what_users_set_does_not_make_an_instance_incomplete(project: Folder) -> None:
    own = "  - {key: Nickname, dataType: string, userLevelConfigured: true}\n"
    page = "  - name: Yours\n    userLevelConfigured: true\n    elements: [{type: configVar, value: Theme}]\n"
    text = DEFINITION.replace(CHANNEL, CHANNEL + own + "  - {key: Theme, dataType: string}\n")
    project.write("definitions/orders.yml", text.replace(PAGE, PAGE + page))
    project.shop()
    assert project.json("validate")["warnings"] == []
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0
