from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox import definition as d

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "definitions"
FILES = sorted(CORPUS.glob("*.y*ml"))
corpus = pytest.mark.skipif(not FILES, reason="the folder of real definitions is not on this machine")

SUBMITTED = """
definitionVersion: 7
name: Acceptance Test
description: Acceptance Test Integration
requiredConfigVars: []
flows:
  - name: Flow 1
    isSynchronous: false
    steps:
      - name: Integration Trigger
        isTrigger: true
        action:
          component: {key: webhook-triggers, version: LATEST, isPublic: true}
          key: webhook
        inputs: {}
"""
READ_BACK = """\
"category": ""
"configPages":
- "elements": []
  "name": "Configuration"
"defaultInstanceProfile": "Default Instance Profile"
"definitionVersion": !!int "7"
"description": "Acceptance Test Integration"
"documentation": ""
"endpointType": "flow_specific"
"flows":
- "endpointSecurityType": "customer_optional"
  "isAgentFlow": !!bool "false"
  "isSynchronous": !!bool "false"
  "name": "Flow 1"
  "steps":
  - "action":
      "component":
        "isPublic": !!bool "true"
        "key": "webhook-triggers"
        "version": !!int "3"
      "key": "webhook"
    "description": ""
    "inputs": {}
    "isTrigger": !!bool "true"
    "name": "Integration Trigger"
"name": "Acceptance Test"
"""
FULL = """
definitionVersion: 7
name: Full
labels: [a]
configPages:
  - name: Page
    elements:
      - {type: configVar, value: Channel}
      - {type: htmlElement, value: <p>hi</p>}
      - {type: configVar, value: Slack}
requiredConfigVars:
  - key: Slack
    dataType: connection
    connection: {key: oauth2, component: {key: slack, version: LATEST, isPublic: true}}
    inputs:
      clientId: {type: value, value: null}
      secret: {type: value, value: s, meta: {writeOnly: true, orgOnly: true}}
  - key: Channel
    dataType: picklist
    stableKey: chan
    collectionType: valuelist
    dataSource: {key: selectChannels, component: {key: slack, version: 2, isPublic: true}}
    inputs: {connection: {type: configVar, value: Slack}}
  - {key: When, dataType: schedule, scheduleType: hour, timeZone: UTC, orgOnly: true}
  - {key: Shared, useScopedConfigVar: shared-key}
flows:
  - name: Main
    endpointSecurityType: unsecured
    retryConfig: {maxAttempts: 3, delayMinutes: 5, usesExponentialBackoff: true}
    supplementalComponents: [{key: own, signature: abc, isPublic: false}]
    schemas: {invoke: {type: object}}
    steps:
      - name: Trigger
        isTrigger: true
        schedule: {type: configVar, value: When}
        action: {key: schedule, component: {key: schedule-triggers, version: LATEST, isPublic: true}}
      - name: Loop
        action: {key: loopOverItems, component: {key: loop, version: LATEST, isPublic: true}}
        inputs: {items: {type: complex, value: [{name: a, type: configVar, value: Channel}]}}
        steps:
          - name: Branch
            action: {key: branchOnValue, component: {key: branch, version: LATEST, isPublic: true}}
            branches:
              - name: Else
                steps:
                  - name: Inner
                    action: {key: runCode, component: {key: code, version: LATEST, isPublic: true}}
"""


def any_component(key: str, public: bool, version: int | str | None, signature: str | None) -> int | None:
    return version if isinstance(version, int) else 3


def changed(text: str, old: str, new: str) -> list[str]:
    assert old in text
    return d.check(d.load(text.replace(old, new, 1)))


def test_read_back_is_the_recorded_one() -> None:
    submitted = d.resolve_components(d.load(SUBMITTED), any_component)
    assert d.dump(d.normalise(submitted)) == READ_BACK
    assert d.normalise(d.load(READ_BACK)) == d.load(READ_BACK)


@corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("year", ["2025", "2026"])
def test_real_definitions(path: Path, year: str) -> None:
    loaded = d.load(path.read_text())
    assert d.check(loaded) == []
    canonical = d.normalise(loaded, year=year, unknown_keys="error")
    assert d.normalise(canonical, year=year, unknown_keys="error") == canonical
    text = d.dump(canonical)
    assert d.load(text) == canonical == yaml.safe_load(text)
    resolved = d.resolve_components(loaded, any_component)
    assert d.latest(resolved) == loaded
    assert len(d.flows(canonical)) == len(loaded["flows"])
    assert len(d.config_variables(canonical)) == len(loaded.get("requiredConfigVars") or [])


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"), ("NO", "NO"), ("on", "on"), ("y", "y"), ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"), ("1_000", "1_000"), ("=", "="), ("00 00 * * 0", "00 00 * * 0"), ("<<", "<<"),
        ("010", 10), ("0o17", 15), ("0x1f", 31), ("-7", -7), ("1e3", 1000.0), (".5", 0.5),
        (".inf", float("inf")), ("true", True), ("False", False), ("~", None), ("", None), ('"7"', "7"),
        ('!!int "7"', 7), ('!!bool "false"', False), ('!!float "3"', 3.0), ('!!null "null"', None),
        ("!!str 7", "7"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(scalar: str, value: object) -> None:
    loaded = d.load(f"a: {scalar}")["a"]
    assert (loaded, type(loaded)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: duplicate key 'a'"),
        ("1: a\n'1': b", "duplicate key '1'"),
        (
            "".join(f"k{n}: &k{n} [{','.join([f'*k{n - 1}' if n else 'x'] * 10)}]\n" for n in range(9)),
            "more than 500000 values",
        ),
        ("a: 1\n<<: 2", "a merge key takes a mapping, or a list of mappings"),
        ("a: &x [*x]", "nested deeper"),
        ("a: " + "[" * 500 + "]" * 500, "nested deeper"),
        ("a: " + "[" * 5000, "nesting depth"),
        ("a: !!timestamp 2024-01-01", "unknown tag"),
        ("a: !!python/object:os.system x", "unknown tag"),
        ("a: !!int x", "is no int"),
        ("a: " + "9" * 5000, "number too long"),
        ("? [a]\n: b", "a key must be text"),
        ("- a", "must be a mapping"),
        ("", "is empty"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: [", "line 2, column 1"),
        ("a: \0", "control characters"),
        ("a: \ud800", "not valid Unicode"),
        ("a: *b", "undefined alias"),
    ],
)
def test_refused_texts(text: str, message: str) -> None:
    with pytest.raises(d.DefinitionError) as caught:
        d.load(text)
    assert message in caught.value.messages[0]


def test_a_few_aliases_are_expanded_and_parted() -> None:
    loaded = d.load("a: &x [1]\nb: *x")
    assert loaded == {"a": [1], "b": [1]}
    assert d.dump(loaded) == '"a":\n- !!int "1"\n"b":\n- !!int "1"\n'


def test_many_aliases_and_merge_keys() -> None:
    text = "a: &x {k: 1, l: 2}\nb: &y {k: 3, m: 4}\nc: {<<: [*x, *y], l: 5}\nd: [" + "*x, " * 999 + "*x]"
    loaded = d.load(text)
    assert loaded["c"] == {"k": 1, "l": 5, "m": 4}
    assert loaded["d"] == [{"k": 1, "l": 2}] * 1000


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, plain, min_size=1, max_size=4))
def test_dump_loads_back_equal(value: dict[str, Any]) -> None:
    text = d.dump(value)
    assert d.load(text) == value
    assert d.dump(d.load(text)) == text


@given(plain)
def test_check_survives_anything(value: Any) -> None:
    assert d.check(value)
    for key in ("flows", "requiredConfigVars", "configPages", "preprocessFlowName"):
        assert isinstance(d.check(d.load(FULL) | {key: value}), list)
    for key in ("name", "action", "inputs", "steps", "branches", "schedule"):
        broken = d.load(FULL)
        broken["flows"][0]["steps"][1][key] = value
        assert isinstance(d.check(broken), list)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("definitionVersion: 7", "definitionVersion: 6", "definitionVersion must be 7, found 6"),
        ("definitionVersion: 7", "definitionVersion: '7'", "definitionVersion must be 7, found '7'"),
        ("definitionVersion: 7", "x: 7", "definitionVersion must be 7, it is absent"),
        ("name: Full", "name: ''", "name is required"),
        ("dataType: schedule, ", "", "config variable 'When': dataType is required"),
        ("dataType: schedule", "dataType: cron", "config variable 'When': dataType 'cron' is unknown"),
        ("key: When", "key: Slack", "config variable 'Slack' is defined twice"),
        ("{type: configVar, value: Slack}}", "{type: configVar, value: Nope}}",
         "config variable 'Channel': input 'connection': unknown config variable 'Nope'"),
        ("{type: configVar, value: When}", "{type: configVar, value: Nope}",
         "flow 'Main': step 'Trigger': schedule: unknown config variable 'Nope'"),
        ("type: configVar, value: Channel}]", "type: configVar, value: Nope}]",
         "flow 'Main': step 'Loop': input 'items': unknown config variable 'Nope'"),
        ("- {type: configVar, value: Channel}", "- {type: configVar, value: Nope}",
         "config page 'Page': unknown config variable 'Nope'"),
        ("isTrigger: true", "isTrigger: false",
         "flow 'Main': the first step must be a trigger (isTrigger: true)"),
        ("name: Inner", "name: Loop", "flow 'Main': step 'Loop' is defined twice"),
        ("version: 2", "version: 0",
         "config variable 'Channel': dataSource: "
         "component.version must be LATEST or a number from 1, found 0"),
        ("signature: abc, ", "", "flow 'Main': supplementalComponents[0]: component.version is required"),
    ],
)  # fmt: skip
def test_check_says_what_is_wrong(old: str, new: str, message: str) -> None:
    assert d.check(d.load(FULL)) == []
    assert message in changed(FULL, old, new)


@pytest.mark.parametrize("flows", ["flows: []", "flows: {}", "x: 1"])
def test_check_wants_flows(flows: str) -> None:
    assert d.check(d.load(f"definitionVersion: 7\nname: A\n{flows}")) == [
        "flows is required: a list of at least one flow"
    ]


def test_resolving_components() -> None:
    seen = []

    def lookup(key: str, public: bool, version: int | str | None, signature: str | None) -> int | None:
        seen.append((key, public, version, signature))
        return None if key in ("own", "loop") else 9

    with pytest.raises(d.DefinitionError) as caught:
        d.resolve_components(d.load(FULL), lookup)
    assert caught.value.messages == [
        "public component 'loop' was not found",
        "private component 'own' with signature abc was not found",
    ]
    assert ("own", False, None, "abc") in seen
    assert ("slack", True, 2, None) in seen
    resolved = d.resolve_components(d.load(FULL), lambda *_: 9)
    assert resolved["flows"][0]["supplementalComponents"] == [{"key": "own", "isPublic": False, "version": 9}]
    inner = resolved["flows"][0]["steps"][1]["steps"][0]["branches"][0]["steps"][0]
    assert inner["action"]["component"]["version"] == 9
    again = d.latest(resolved)
    assert again["requiredConfigVars"][0]["connection"]["component"]["version"] == "LATEST"
    assert again["flows"][0]["supplementalComponents"][0]["version"] == 9  # private ones keep their number


def test_normalising_the_later_year_and_unknown_keys() -> None:
    text = FULL.replace("labels: [a]", "surprise: 1").replace("name: Inner", "name: Inner\n"
        + " " * 20 + "wonder: 2")  # fmt: skip
    loaded = d.load(text)
    kept = d.normalise(loaded, year="2026")
    assert kept["surprise"] == 1
    flow = kept["flows"][0]
    assert flow["triggerResolver"] == {"enabled": False}
    inner = flow["steps"][1]["steps"][0]["branches"][0]["steps"][0]
    assert (inner["errorConfig"], inner["description"], inner["wonder"]) == (
        {"errorHandlerType": "fail"}, "", 2)  # fmt: skip
    dropped = d.dump(d.normalise(loaded, unknown_keys="drop"))
    assert "surprise" not in dropped
    assert "wonder" not in dropped
    with pytest.raises(d.DefinitionError) as caught:
        d.normalise(loaded, unknown_keys="error")
    assert caught.value.messages == [
        "definition: unknown key 'surprise'",
        "flow 'Main': step 'Inner': unknown key 'wonder'",
    ]
    assert d.load(text) == loaded  # the input is left alone
    assert d.normalise(loaded)["requiredConfigVars"][0]["inputs"]["clientId"]["value"] == ""


def test_flow_rows() -> None:
    (flow,) = d.flows(d.load(FULL))
    assert flow["trigger"] == {
        "name": "Trigger", "component_key": "schedule-triggers", "action_key": "schedule", "is_public": True,
        "version": "LATEST", "schedule": {"type": "configVar", "value": "When"},
    }  # fmt: skip
    assert (flow["endpoint_security_type"], flow["retry_max_attempts"], flow["retry_delay_minutes"]) == (
        "UNSECURED", 3, 5)  # fmt: skip
    assert flow["schemas"] == {"invoke": {"type": "object"}}


def test_config_variable_rows() -> None:
    slack, channel, when, shared = d.config_variables(d.load(FULL))
    assert slack["connection"] == {
        "component_key": "slack", "key": "oauth2", "is_public": True, "version": "LATEST"}  # fmt: skip
    assert [(i["name"], i["value"], i["write_only"], i["org_only"]) for i in slack["inputs"]] == [
        ("clientId", "", False, False), ("secret", "s", True, True)]  # fmt: skip
    assert (channel["data_type"], channel["collection_type"], channel["stable_key"]) == (
        "PICKLIST", "VALUELIST", "chan")  # fmt: skip
    assert channel["data_source"]["key"] == "selectChannels"
    assert (when["schedule_type"], when["time_zone"], when["org_only"]) == ("HOUR", "UTC", True)
    assert (shared["data_type"], shared["scoped"], shared["connection"]) == ("CONNECTION", "shared-key", None)
    assert [v["sort_order"] for v in (channel, slack)] == [0, 1]
