"""Values that do not fit the type of their config variable, each told at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifests.cron import cron_problem
from tests.manifests.sample import DEFINITION, INSTANCE, manifest, problems

I = "manifests/instance.yaml"  # noqa: E741
VARIABLES = """\
  - {key: V string, dataType: string, defaultValue: preset}
  - {key: V number, dataType: number, defaultValue: preset}
  - {key: V boolean, dataType: boolean, defaultValue: preset}
  - {key: V date, dataType: date, defaultValue: preset}
  - {key: V timestamp, dataType: timestamp, defaultValue: preset}
  - {key: V schedule, dataType: schedule, defaultValue: preset}
  - {key: V picklist, dataType: picklist, pickList: [red, green], defaultValue: preset}
  - {key: V xml, dataType: code, codeLanguage: xml, defaultValue: preset}
  - {key: V json, dataType: code, codeLanguage: json, defaultValue: preset}
  - {key: V form, dataType: jsonForm, defaultValue: preset}
  - {key: V list, dataType: number, collectionType: valuelist, defaultValue: preset}
  - {key: V pairs, dataType: picklist, pickList: [red], collectionType: keyvaluelist, defaultValue: preset}
  - {key: V objects, dataType: objectSelection, defaultValue: preset}
  - {key: V mapping, dataType: objectFieldMap, defaultValue: preset}
  - {key: V shared, useScopedConfigVar: crm, dataType: connection}
"""
PATTERN = "configPages:"


def told(tmp_path: Path, variable: str, written: str, **files: str) -> list[tuple[str, int, str, str, str]]:
    """What is wrong where the instance says so: code, column, message, hint, severity."""
    found = problems(
        tmp_path,
        {
            "definitions/hello.yml": DEFINITION.replace(PATTERN, VARIABLES + PATTERN),
            I: INSTANCE + f"    V {variable}: {written}\n",
            **files,
        },
    )
    assert {str(p.source).rsplit(":", 1)[0] for p in found} <= {f"{I}:10"}
    assert {p.address for p in found} <= {"Instance/acme/hello"}
    return [(p.code, p.source.column, p.message, p.hint, p.severity) for p in found if p.source]


@pytest.mark.parametrize(
    ("variable", "written"),
    [
        ("string", '"12"'),
        ("string", "{secret: {env: KEY}}"),
        ("number", "1.5"),
        ("number", '"1e3"'),
        ("boolean", "true"),
        ("boolean", '"false"'),
        ("date", '"2026-02-28"'),
        ("date", '"02/28/2026"'),
        ("date", '""'),
        ("timestamp", '"2026-02-28T10:00:00Z"'),
        ("timestamp", '"2026-02-28 10:00:00.5+02:00"'),
        ("schedule", '"*/5 0-6,22 * jan MON-FRI"'),
        ("schedule", "{scheduleType: hour}"),
        ("schedule", '{value: "0 4 * * *", scheduleType: custom, timeZone: Europe/Berlin}'),
        ("picklist", "red"),
        ("xml", "<a/>"),
        ("json", "{a: [1]}"),
        ("json", "'{\"a\": 1}'"),
        ("form", "{a: 1}"),
        ("form", "[1, true]"),
        ("list", "[1, 2.5]"),
        ("list", "[{secret: {env: KEY}}]"),
        ("pairs", "{a: red}"),
        ("pairs", "[{key: a, value: red}, {key: a, value: red}]"),
        ("objects", "[{object: {key: A}}]"),
        ("objects", "[{object: {key: A, label: B}, fields: [{key: C}], defaultSelected: true}]"),
        ("objects", '\'[{"object": {"key": "A"}}]\''),
        ("mapping", "{fields: [{field: {key: a}}]}"),
        ("mapping", "{fields: [], options: [{object: {key: A}, fields: [{key: b}]}]}"),
        ("shared", "{customerConnection: Q3VzdG9tZXI6MQ==}"),
        ("list", "~"),
    ],
)
def test_values_that_fit(tmp_path: Path, variable: str, written: str):
    assert told(tmp_path, variable, written) == []


@pytest.mark.parametrize(
    ("variable", "written", "code", "column", "message", "hint"),
    [
        ("string", "12", "config-type", 15, "must be text", 'write it in quotes: "12"'),
        ("number", "ten", "config-type", 15, "must be a number", "write a number"),
        ("boolean", "yes", "config-type", 16, "must be true or false", "write true or false"),
        ("date", "31.01.2026", "config-value", 13, "must be a date", '"2026-01-31"'),
        ("date", "2026-02-30", "config-value", 13, "must be a date", '"01/31/2026"'),
        ("date", "2026", "config-type", 13, "must be text", 'write it in quotes: "2026"'),
        ("timestamp", "2026-01-31", "config-value", 18, "must be a moment", "T08:00:00Z"),
        ("schedule", "[1]", "config-type", 17, "must be a schedule", "cron"),
        ("schedule", "0 25 * * *", "config-value", 17, '"25" is no hour', "0 4 * * *"),
        ("schedule", "{value: hourly}", "config-value", 25, "it has 1 field, not 5", "0 4 * * *"),
        ("schedule", "{scheduleType: daily}", "config-value", 32, "must have a scheduleType of", '"day"'),
        ("schedule", "{timeZone: Europe/Berlinn}", "config-value", 28, "unknown time zone", "Europe/Berlin"),
        ("schedule", "{timezone: UTC}", "unknown-field", 18, 'unknown field "timezone"', '"timeZone"'),
        ("picklist", "gren", "config-value", 17, 'must be one of "red", "green"', 'did you mean "green"?'),
        ("xml", "{a: 1}", "config-type", 12, "must be text", "write one text"),
        ("form", "'{'", "config-value", 13, "must be JSON", "plain YAML"),
        ("list", "1", "config-type", 13, "must be a list", "write V list: [VALUE]"),
        ("list", "[1, x]", "config-type", 17, "must be a number", "write a number"),
        ("pairs", "[red]", "config-type", 15, "must be a list of keys with values", "{key: KEY,"),
        ("pairs", "[{key: 1, value: red}]", "config-type", 21, "must have text as its keys", '"1"'),
        ("pairs", "{a: blue}", "config-value", 18, 'must be one of "red"', 'the only one is "red"'),
        ("pairs", "red", "config-type", 14, "must be a map", "KEY: VALUE"),
        ("objects", "{key: A}", "config-type", 16, "must be a list here", "[{object:"),
        ("objects", "[{fields: []}]", "config-type", 17, 'lacks "object" here', "[{object:"),
        ("objects", "[{object: A}]", "config-type", 26, "must be a map here", "[{object:"),
        ("objects", "[{object: {key: A, lable: B}}]", "unknown-field", 35, 'field "lable"', '"label"'),
        ("objects", "'[1]'", "config-type", 16, "must be a map here", "[{object:"),
        ("mapping", "{fields: [{field: {key: 1}}]}", "config-type", 40, "must be text here", '"1"'),
        ("mapping", "{}", "config-type", 16, 'lacks "fields" here', "{fields:"),
        ("shared", "{inputs: {}}", "shared-connection", 5, "cannot give it inputs", "{customerConnection:"),
        ("shared", "{customerConnection: gone}", "unknown-reference", 36, '"gone" is in no manifest', "gone"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit(
    tmp_path: Path, variable: str, written: str, code: str, column: int, message: str, hint: str
):
    (found,) = told(tmp_path, variable, written)
    assert found[:2] == (code, column)
    assert message in found[2]
    assert f'V {variable}"' in found[2] or code == "unknown-reference"
    assert hint in found[3]
    assert found[4] == "error"


def test_text_that_is_not_json_is_only_doubted_in_code(tmp_path: Path):
    (found,) = told(tmp_path, "json", "'{{#if}}'")
    assert (found[0], found[4]) == ("config-value", "warning")


@pytest.mark.parametrize("written", ["{inputs: {}}", "{customerConnection: Q3VzdG9tZXI6MQ==}"])
def test_the_organizations_connection_is_not_an_instances(tmp_path: Path, written: str):
    spec = "{name: CRM, stableKey: crm, scope: org, component: http, connection: apiKey}"
    connection = manifest("Connection", spec)
    (found,) = told(tmp_path, "shared", written, **{"manifests/x.yaml": connection})
    assert (found[0], found[4]) == ("shared-connection", "error")
    assert "the organization's" in found[2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("* * * * *", ""),
        ("00 00 * * 0", ""),
        ("5 */1 * * *", ""),
        ("0 0 L * 5#2", ""),
        ("0 0 1,15 jan-mar sun", ""),
        ("0 0 ? * 7", ""),
        ("", "it has 0 fields, not 5"),
        ("0 0 * * * *", "it has 6 fields, not 5"),
        ("60 0 * * *", '"60" is no minute'),
        ("5-1 0 * * *", '"5-1" is no minute'),
        ("*/0 0 * * *", '"*/0" is no minute'),
        ("0 0 0 * *", '"0" is no day of the month'),
        ("0 0 * 13 *", '"13" is no month'),
        ("0 0 * * someday", '"someday" is no day of the week'),
        ("0 0 1, * *", '"1," is no day of the month'),
        ("99999999999 0 * * *", '"99999999999" is no minute'),
        ("0 0 15W,LW JUL friL", ""),
        ("0 0 ? JAN-MAR/2 MON#2,7L", ""),
        ("JUL 4 * * *", '"JUL" is no minute'),
        ("5L 4 * * *", '"5L" is no minute'),
        ("? 4 * * *", '"?" is no minute'),
        ("0 apriL * * *", '"apriL" is no hour'),
        ("0 4 APRIL * *", '"APRIL" is no day of the month'),
        ("0 4 32W * *", '"32W" is no day of the month'),
        ("0 4 * L *", '"L" is no month'),
        ("0 4 * 5#2 *", '"5#2" is no month'),
        ("0 4 * * JUL", '"JUL" is no day of the week'),
        ("0 4 * * 9#2", '"9#2" is no day of the week'),
        ("0 4 * * monW", '"monW" is no day of the week'),
        ("0 4 * * sat-sun", '"sat-sun" is no day of the week'),
        ("0 4 1\N{ARABIC-INDIC DIGIT ONE} * *", '"1\N{ARABIC-INDIC DIGIT ONE}" is no day of the month'),
    ],
)
def test_cron_schedules(text: str, problem: str):
    assert cron_problem(text) == problem
