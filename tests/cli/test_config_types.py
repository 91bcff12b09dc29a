"""One instance with a config variable of every data type: applied, in order, changed by hand, healed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.cli.projects import DEFINITION, Folder

VARIABLES = """\
  - {key: Text, dataType: string, defaultValue: ""}
  - {key: Number, dataType: number, defaultValue: "1"}
  - {key: Flag, dataType: boolean, defaultValue: "false"}
  - {key: Day, dataType: date, defaultValue: 01/01/2026}
  - {key: Moment, dataType: timestamp, defaultValue: "2026-01-01T00:00:00Z"}
  - {key: Nightly, dataType: schedule, scheduleType: custom, defaultValue: 0 0 * * *}
  - {key: Level, dataType: picklist, defaultValue: info, pickList: [info, warn]}
  - {key: Script, dataType: code, codeLanguage: xml, defaultValue: <a/>}
  - {key: Settings, dataType: code, codeLanguage: json, defaultValue: "{}"}
  - {key: Form, dataType: jsonForm, defaultValue: "{}"}
  - {key: Items, dataType: string, collectionType: valuelist, defaultValue: "[]"}
  - {key: Sizes, dataType: number, collectionType: valuelist, defaultValue: "[]"}
  - {key: Names, dataType: string, collectionType: keyvaluelist, defaultValue: "[]"}
  - {key: Pairs, dataType: string, collectionType: keyvaluelist, defaultValue: "[]"}
  - {key: Objects, dataType: objectSelection, defaultValue: "[]"}
  - {key: Mapping, dataType: objectFieldMap, defaultValue: "{}"}
"""
CONFIG = """\
Text: hello
Number: 1.50
Flag: true
Day: "2026-02-28"
Moment: "2026-02-28T10:00:00+02:00"
Nightly: {value: "0 4 * * mon-fri", scheduleType: custom, timeZone: Europe/Berlin}
Level: warn
Script: |
  <b/>
Settings: {retries: 3, hosts: [a, b]}
Form: {name: Ada, admin: true}
Items: [x, "1"]
Sizes: [1, 2.5]
Names: {company: account, phone: mobile}
Pairs: [{key: b, value: "1"}, {key: a, value: "2"}, {key: b, value: "3"}]
Objects: [{object: {key: Contact}, fields: [{key: Email}], defaultSelected: true}]
Mapping: {fields: [{field: {key: email}, mappedField: {key: Email, label: E-mail}}]}
Shop: {inputs: {apiKey: {secret: {env: SHOP_KEY}}}}
"""
# What the tenant is sent for each, and other texts of the same meaning.
SENT = {
    "Text": "hello",
    "Number": "1.5",
    "Flag": "true",
    "Day": "2026-02-28",
    "Moment": "2026-02-28T10:00:00+02:00",
    "Nightly": "0 4 * * mon-fri",
    "Level": "warn",
    "Script": "<b/>\n",
    "Settings": '{"retries":3,"hosts":["a","b"]}',
    "Form": '{"name":"Ada","admin":true}',
    "Items": '["x","1"]',
    "Sizes": '["1","2.5"]',
    "Names": '[{"key":"company","value":"account"},{"key":"phone","value":"mobile"}]',
    "Pairs": '[{"key":"b","value":"1"},{"key":"a","value":"2"},{"key":"b","value":"3"}]',
    "Objects": '[{"object":{"key":"Contact"},"fields":[{"key":"Email"}],"defaultSelected":true}]',
    "Mapping": '{"fields":[{"field":{"key":"email"},"mappedField":{"key":"Email","label":"E-mail"}}]}',
}
ALIKE = {
    "Number": "1.500",
    "Flag": "TRUE",
    "Day": "02/28/2026",
    "Moment": "2026-02-28T08:00:00Z",
    "Nightly": " 0 4 * * MON-FRI",
    "Settings": '{"hosts": ["a", "b"], "retries": 3}',
    "Sizes": "[1, 2.5]",
    "Names": '[{"value": "account", "key": "company"}, {"key": "phone", "value": "mobile"}]',
    "Objects": '[{"object":{"key":"Contact","label":"C"},"fields":[{"key":"Email"}],"defaultSelected":true}]',
}
OTHER = {
    "Text": "Hello",
    "Number": "1.51",
    "Flag": "false",
    "Day": "02/27/2026",
    "Moment": "2026-02-28T10:00:00Z",
    "Nightly": "0 5 * * mon-fri",
    "Level": "info",
    "Script": "<c/>",
    "Settings": '{"retries":4,"hosts":["a","b"]}',
    "Form": '{"name":"Ada","admin":1}',
    "Items": '["1","x"]',
    "Sizes": '["1"]',
    "Names": '{"company":"account","phone":"mobile"}',
    "Pairs": '[{"key":"a","value":"2"},{"key":"b","value":"1"},{"key":"b","value":"3"}]',
    "Objects": '[{"object":{"key":"Contact"},"fields":[],"defaultSelected":true}]',
    "Mapping": '{"fields":[{"field":{"key":"email"},"mappedField":{"key":"Mail","label":"E-mail"}}]}',
}
FLOWS: dict[str, Any] = {
    "Receive order": {
        "apiKeys": [{"secret": {"env": "FLOW_KEY"}}],
        "testPayload": {"id": 1},
        "testContentType": "application/json",
        "testHeaders": {"x-event": "order", "x-key": {"secret": {"env": "FLOW_KEY"}}},
        "usesLre": False,
    }
}


@pytest.fixture
def shop(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The project, applied."""
    monkeypatch.setenv("SHOP_KEY", "s3cret")
    monkeypatch.setenv("FLOW_KEY", "kk3y")
    project.write("definitions/orders.yml", DEFINITION + VARIABLES)
    project.shop(config=yaml.safe_load(CONFIG), flows=FLOWS)
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    return project


def live(project: Folder) -> dict[str, Any]:
    fields = "configVariables { nodes { value requiredConfigVariable { key } } }"
    query = f"{{ instances(isSystem: false) {{ nodes {{ {fields} }} }} }}"
    (instance,) = project.ask(query)["instances"]["nodes"]
    return {
        one["requiredConfigVariable"]["key"]: one["value"] for one in instance["configVariables"]["nodes"]
    }


def someone_sets(project: Folder, texts: dict[str, str]) -> None:
    rows = [{"key": key, "value": value} for key, value in texts.items()]
    project.behind(
        "updateInstanceConfigVariables", {"id": project.id_of("instances"), "configVariables": rows}
    )
    project.behind("deployInstance", {"id": project.id_of("instances")})


def drift(project: Folder) -> list[str]:
    return [one["path"] for one in project.json("drift")["drift"]]


def test_every_type_goes_out_in_its_form_and_stays(shop: Folder):
    found = live(shop)
    assert {key: found[key] for key in SENT} == SENT
    assert shop("plan", "--detailed-exitcode")[0] == 0
    someone_sets(shop, ALIKE)
    instance = shop.id_of("instances")
    shop.behind("deployInstance", {"id": instance})
    code, out, _ = shop("plan", "--detailed-exitcode")
    assert code == 0, out


def test_every_type_that_someone_changes_is_named_and_healed(shop: Folder):
    someone_sets(shop, OTHER)
    schedule = {"config.Nightly": "config.Nightly.value"}
    assert drift(shop) == [schedule.get(path := f"config.{key}", path) for key in OTHER]
    assert shop("apply", "--yes")[0] == 0
    found = live(shop)
    assert {key: found[key] for key in SENT} == SENT
    assert shop("plan", "--detailed-exitcode")[0] == 0


def test_every_setting_of_a_flow_is_named_and_healed(shop: Folder):
    fields = "flow { id } testHeaders testPayload testContentType usesLre apiKeys"
    query = f"{{ instances(isSystem: false) {{ nodes {{ id flowConfigs {{ nodes {{ {fields} }} }} }} }} }}"
    (instance,) = shop.ask(query)["instances"]["nodes"]
    (flow,) = instance["flowConfigs"]["nodes"]
    assert json.loads(flow["testHeaders"]) == {"x-event": "order", "x-key": "kk3y"}
    assert (flow["testPayload"], flow["testContentType"]) == ('{"id":1}', "application/json")
    other = {
        "apiKeys": ["other"],
        "testPayload": "{}",
        "testContentType": "text/plain",
        "testHeaders": "{}",
        "usesLre": True,
    }
    shop.behind(
        "updateInstance", {"id": instance["id"], "flowConfigs": [{"flowId": flow["flow"]["id"], **other}]}
    )
    shop.behind("deployInstance", {"id": instance["id"]})
    assert drift(shop) == [f"flows.Receive order.{name}" for name in FLOWS["Receive order"]]
    assert "kk3y" not in "".join(shop("drift")[1:])
    assert shop("apply", "--yes")[0] == 0
    assert shop("plan", "--detailed-exitcode")[0] == 0
    (instance,) = shop.ask(query)["instances"]["nodes"]
    assert instance["flowConfigs"]["nodes"] == [flow]


def test_a_difference_shows_what_differs_whatever_the_order_and_the_writing(shop: Folder):
    wanted = {"hosts": [f"host-{n}" for n in range(30)], "name": "é", "retries": 3.0}
    shop.shop(config={**yaml.safe_load(CONFIG), "Settings": wanted}, flows=FLOWS)
    assert shop("apply", "--yes")[0] == 0
    hosts = json.dumps(wanted["hosts"])
    someone_sets(shop, {"Settings": f'{{"retries": 3, "name": "\\u00e9", "hosts": {hosts}}}'})
    shop.behind("deployInstance", {"id": shop.id_of("instances")})
    assert shop("plan", "--detailed-exitcode")[0] == 0
    someone_sets(shop, {"Settings": f'{{"retries": 4, "name": "\\u00e9", "hosts": {hosts}}}'})
    (line,) = [line for line in shop("plan")[1].splitlines() if "config.Settings" in line]
    assert line.index('"retries": 4') < line.index('"retries": 3.0')
