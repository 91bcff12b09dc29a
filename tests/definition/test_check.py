"""Definitions: references between steps, scopes, unknown keys, and files that are in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.definition.check import is_refused
from reconciler.definition.references import reference_name
from reconciler.definition.tree import Where
from reconciler.manifests.definitions import Definitions, check, read
from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12.text import parse
from tests.manifests.sample import DEFINITION

# Files of public projects, kept outside the repository.
IN_USE = sorted((Path(__file__).resolve().parents[3] / "shared" / "definitions").glob("*.y*ml"))
ACTION = "{key: a, component: {key: c, isPublic: true, version: LATEST}}"


def found(text: str) -> list[Diagnostic]:
    documents, problems = parse(text, "d.yml")
    assert problems == []
    return check(text, documents, "d.yml")[1]


def step(name: str, refers: str = "", **rest: str) -> str:
    inputs = f"{{x: {{type: reference, value: {refers}}}}}" if refers else "{}"
    more = "".join(f", {key}: {value}" for key, value in rest.items())
    return f"{{name: {name}, action: {ACTION}, inputs: {inputs}{more}}}"


def flow(*steps: str, rest: str = "") -> str:
    listed = "".join(f"      - {each}\n" for each in (step("Start", isTrigger="true"), *steps))
    return f"definitionVersion: 7\nname: N\nflows:\n  - name: F\n    steps:\n{listed}{rest}"


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("Receive GitHub Events Trigger", "receiveGithubEventsTrigger"),
        ("Get a Queue's URL", "getAQueueSUrl"),
        ("On Trigger", "onTrigger"),
        ("Cross Flow - Save Value", "crossFlowSaveValue"),
        ("listFiles", "listfiles"),
        ("  spaces  ", "spaces"),
        ("Step 2b", "step2b"),
        ("---", ""),
    ],
)
def test_reference_names(name: str, reference: str) -> None:
    assert reference_name(name) == reference


IN_BRANCH = f"[{{name: A, steps: [{step('In A')}]}}, {{name: B, steps: [{step('In B')}]}}]"


@pytest.mark.parametrize(
    "text",
    [
        flow(step("One", "start.results"), step("Two", "one.results.0.id")),
        # From inside: the loop around it, and what was before the loop.
        flow(step("Loop", steps=f"[{step('In', 'loop.currentItem')}, {step('Next', 'start.results')}]")),
        # Steps of a loop or branch that has ended.
        flow(step("Loop", steps=f"[{step('In')}]"), step("After", "in.results")),
        flow(step("Fork", branches=IN_BRANCH), step("After", "inB.results")),
        flow(step("Étape Zéro"), step("After", '"étapeZéro.results"')),
        flow(step("Étape Zéro"), step("After", '"tapeZRo.results"')),
        flow(step("One", '""')),
        flow(step("One", "'start[0].x'")),
        flow(
            rest="    queueConfig: {dedupeIdField: {type: reference, value: onExecution.id}}\n"
            "    retryConfig: {uniqueRequestIdField: {type: reference, value: start.results.id}}\n"
        ),
    ],
)
def test_references_that_lead_somewhere(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (flow(step("One", "one.results")), 'input "x" refers to step "One", which has not run at that point'),
        (flow(step("One", "gone")), 'input "x" refers to "gone", but flow "F" has no such step'),
        (
            flow(
                step(
                    "Fork",
                    branches=f"[{{name: A, steps: [{step('In A')}]}}, "
                    f"{{name: B, steps: [{step('In B', 'inA.results')}]}}]",
                )
            ),
            'input "x" refers to step "In A", which has not run at that point',
        ),
        (
            flow(rest="    queueConfig: {dedupeIdField: {type: reference, value: other.id}}\n"),
            'input "dedupeIdField" refers to "other", but flow "F" has no such step',
        ),
    ],
)
def test_references_that_do_not(text: str, message: str) -> None:
    assert [(p.code, p.message) for p in found(text)] == [("dangling-reference", message)]


def test_what_is_refused_has_the_place_in_nested_values() -> None:
    inner = (
        "{type: complex, value: [[and, [equal, {type: reference, value: nowhere}, {type: value, value: a}]]]}"
    )
    text = flow(f"{{name: One, action: {ACTION}, inputs: {{conditions: {inner}}}}}")
    (problem,) = found(text)
    assert problem.code == "dangling-reference"
    source = problem.source
    assert source is not None
    assert text.splitlines()[source.line - 1][source.column - 1 :].startswith("nowhere")


def test_schedules_name_variables() -> None:
    text = flow().replace("isTrigger: true", "isTrigger: true, schedule: {type: configVar, value: When}")
    assert [p.message for p in found(text)] == [
        'step "Start" names config variable "When", which is not declared'
    ]


def test_data_sources_name_variables() -> None:
    variable = "{key: V, dataType: picklist, inputs: {connection: {type: configVar, value: Shop}}}"
    text = flow(rest=f"requiredConfigVars: [{variable}]\n")
    assert [p.code for p in found(text)] == ["undeclared-variable"]


def test_the_preprocess_flow_must_be_there() -> None:
    assert [p.message for p in found(flow(rest="preprocessFlowName: G\n"))] == [
        '"preprocessFlowName" names flow "G", which does not exist'
    ]


def test_unknown_keys_are_told_once_a_kind_of_place() -> None:
    text = flow(step("One", zzz="1"), step("Two", zzz="2"), step("Three", zzz="3"), rest="top: 1\n")
    assert [(p.message, p.severity) for p in found(text)] == [
        ('unknown key "top"', "warning"),
        ('unknown key "zzz" in flows[0].steps[1] and 2 more places', "warning"),
    ]


def test_free_maps_hold_what_they_like() -> None:
    rest = "    schemas: {invoke: {whatever: 1}}\nimportMetadata: {a: {b: c}}\n"
    assert found(flow(rest=rest)) == []


def test_a_number_is_told_once_a_component() -> None:
    text = flow(step("One"), step("Two")).replace("LATEST", "4")
    assert [(p.code, p.severity) for p in found(text)] == [("numeric-version", "warning")]


def test_code_native_definitions_are_let_through() -> None:
    own = "{key: 0b8e2f, isPublic: false, signature: 0123456789abcdef0123456789abcdef01234567}"
    text = (
        "definitionVersion: 7\nname: N\nisCodeNative: true\nimportMetadata: {}\nflows:\n  - name: F\n"
        "    stableKey: f\n    steps:\n"
        f"      - {{name: On Trigger, isTrigger: true, stableKey: t, action: {{key: f, component: {own}}}}}\n"
        f"      - {{name: On Execution, stableKey: e, action: {{key: g, component: {own}}}}}\n"
        f"    supplementalComponents: [{own}]\n"
        "requiredConfigVars:\n  - {key: Shared, stableKey: s, useScopedConfigVar: shared}\n"
    )
    assert found(text) == []


def test_a_read_back_is_let_through() -> None:
    text = flow(step("One")).replace("definitionVersion: 7", '"definitionVersion": !!int "7"')
    assert found(text.replace("isTrigger: true", '"isTrigger": !!bool "true"')) == []


@pytest.mark.parametrize("path", IN_USE, ids=lambda path: path.name)
def test_files_in_use_have_nothing_wrong(path: Path) -> None:
    definition, problems = read(path, path.name)
    assert definition is not None
    assert problems == []
    assert definition.text == path.read_text("utf-8")


def test_each_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "d.yml"
    path.write_text(DEFINITION.replace("LATEST", "3"))
    definitions = Definitions()
    first = definitions.get(path, "d.yml")
    path.unlink()
    assert definitions.get(path, "d.yml") is first
    assert len(list(definitions.problems())) == 3


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_lines_left_out_give_diagnostics(data: st.DataObject) -> None:
    lines = DEFINITION.splitlines(keepends=True)
    keep = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    text = "".join(line for line, kept in zip(lines, keep, strict=True) if kept)
    documents, problems = parse(text, "d.yml")
    if not problems:
        definition, problems = check(text, documents, "d.yml")
        assert definition is not None or problems


def test_a_headless_definition_has_nothing_doubtful() -> None:
    text = flow(
        rest="configuration: {schema: {type: object}, uiSchema: {type: VerticalLayout}, eTag: '7'}\n"
        "hasConfigurationInit: true\nisCodeNative: true\n"
    ).replace("isTrigger: true", "isTrigger: true, schedule: {fromDeployer: true}")
    assert found(text) == []


def test_the_trigger_by_its_common_name_is_doubted() -> None:
    (problem,) = found(flow(step("One", "trigger.results")))
    assert (problem.code, problem.severity) == ("dangling-reference", "warning")


@pytest.mark.parametrize(
    ("path", "demand", "refused"),
    [
        ((), "required", True),
        (("flows",), "type", True),
        (("flows", 0, "steps", 2, "branches", 0, "steps", 1, "name"), "type", True),
        (("flows", 0, "steps", 0, "action", "component"), "anyOf", True),
        (("flows", 0, "steps", 0, "action", "component", "version"), "anyOf", True),
        (("flows", 0, "steps", 0, "action", "component", "signature"), "pattern", False),
        (("flows", 0, "steps", 0, "inputs"), "type", True),
        (("flows", 0, "steps", 0, "inputs", "name"), "type", True),  # an input is a map
        (("flows", 0, "steps", 0, "inputs", "name", "value"), "type", False),
        (("flows", 0, "steps", 0, "inputs", "name", "inputs"), "type", False),
        (("flows", 0, "retryConfig", "maxAttempts"), "type", False),
        (("flows", 0, "endpointSecurityType"), "enum", False),
        (("requiredConfigVars", 0, "key"), "minLength", True),
        (("requiredConfigVars", 0), "anyOf", False),
        (("requiredConfigVars", 0), "required", True),
        (("requiredConfigVars", 0, "connection"), "required", False),
        (("requiredConfigVars", 0, "connection", "component"), "required", True),
        (("requiredConfigVars", 0, "defaultValue"), "type", False),
        (("configPages", 0, "elements", 1), "required", True),
        (("configPages", 0, "tagline"), "type", False),
    ],
)
def test_only_what_every_server_refuses_is_an_error(path: Where, demand: str, refused: bool) -> None:
    assert is_refused(path, demand) is refused
