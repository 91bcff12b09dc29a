"""Why this exists: an import is refused with sentences that say what is wrong, and all of them at once."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

DATA_TYPES = frozenset(
    {"boolean", "code", "connection", "credential", "date", "jsonForm", "number", "objectFieldMap"}
    | {"objectSelection", "picklist", "schedule", "string", "timestamp"}
)
INPUT_TYPES = frozenset({"value", "reference", "complex", "configVar", "template"})
ENDPOINT_TYPES = frozenset({"flow_specific", "instance_specific", "shared_instance"})


@dataclass(frozen=True)
class Known:
    """The words that a server knows; None among the data types where a variable need not say one."""

    data_types: Container[Any] = DATA_TYPES
    input_types: Container[Any] = INPUT_TYPES
    endpoint_types: Container[Any] = ENDPOINT_TYPES


class _Whatever:
    def __contains__(self, _: object) -> bool:
        return True


KNOWN = Known()
ANYTHING = Known(_Whatever(), _Whatever(), _Whatever())


def check(definition: Any, known: Known = KNOWN) -> list[str]:
    """What the server would refuse in this definition, as sentences; empty when it would take it."""
    if not isinstance(definition, dict):
        return ["the definition must be a mapping"]
    version = definition.get("definitionVersion")
    if type(version) is not int or version != 7:
        found = "it is absent" if version is None else f"found {version!r}"
        return [f"definitionVersion must be 7, {found}"]
    return list(_top(definition, known))


def steps_of(steps: Any) -> Iterator[dict[str, Any]]:
    """Every step of a list, with those inside loops and branches, parents first."""
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            yield step
            yield from steps_of(step.get("steps"))
            branches = step.get("branches")
            for branch in branches if isinstance(branches, list) else []:
                if isinstance(branch, dict):
                    yield from steps_of(branch.get("steps"))


def component_refs(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every reference to a component: of steps, connections, data sources, supplemental components."""
    for flow in _maps(definition.get("flows")):
        for step in steps_of(flow.get("steps")):
            yield from _component_of(step.get("action"))
        yield from _maps(flow.get("supplementalComponents"))
    for variable in _maps(definition.get("requiredConfigVars")):
        yield from _component_of(variable.get("connection"))
        yield from _component_of(variable.get("dataSource"))
    yield from _maps(definition.get("supplementalComponents"))


def _component_of(holder: Any) -> Iterator[dict[str, Any]]:
    if isinstance(holder, dict) and isinstance(holder.get("component"), dict):
        yield holder["component"]


def _maps(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _top(definition: dict[str, Any], known: Known) -> Iterator[str]:
    if not _is_text(definition.get("name")):
        yield "name is required"
    if isinstance(definition.get("description"), dict | list):
        yield "description must be text"
    endpoint = definition.get("endpointType")
    if endpoint is not None and endpoint not in known.endpoint_types:
        yield f"endpointType {endpoint!r} is unknown"
    if not isinstance(definition.get("configuration") or {}, dict):
        yield "configuration must be a mapping"
    variables = definition.get("requiredConfigVars")
    if variables is not None and not isinstance(variables, list):
        yield "requiredConfigVars must be a list"
    declared = {str(v["key"]) for v in _maps(variables) if _is_text(v.get("key"))}
    yield from _repeated("config variable", [v.get("key") for v in _maps(variables)])
    for index, variable in enumerate(variables if isinstance(variables, list) else []):
        yield from _variable(variable, index, declared, known)
    yield from _pages(definition.get("configPages"), declared)
    flows = definition.get("flows")
    if not isinstance(flows, list) or not flows:
        yield "flows is required: a list of at least one flow"
        return
    names = [flow.get("name") for flow in _maps(flows)]
    yield from _repeated("flow", names)
    preprocess = definition.get("preprocessFlowName")
    if preprocess and preprocess not in names:
        yield f"preprocessFlowName names no flow: {preprocess!r}"
    for index, flow in enumerate(flows):
        yield from _flow(flow, index, declared, known)


def _repeated(what: str, names: list[Any]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if isinstance(name, str):
            if name in seen:
                yield f"{what} {name!r} is defined twice"
            seen.add(name)


def _variable(variable: Any, index: int, declared: set[str], known: Known) -> Iterator[str]:
    if not isinstance(variable, dict) or not _is_text(variable.get("key")):
        yield f"requiredConfigVars[{index}]: key is required"
        return
    where = f"config variable {variable['key']!r}"
    data_type = variable.get("dataType")
    if data_type is None and None not in known.data_types and not variable.get("useScopedConfigVar"):
        yield f"{where}: dataType is required"
    elif data_type is not None and data_type not in known.data_types:
        yield f"{where}: dataType {data_type!r} is unknown"
    connection = variable.get("connection")
    if data_type == "connection" and not connection and not variable.get("useScopedConfigVar"):
        yield f"{where}: connection is required"
    for name in ("connection", "dataSource"):
        if variable.get(name) is not None:
            yield from _component_holder(variable[name], f"{where}: {name}")
    yield from _inputs(variable.get("inputs"), where, declared, known)


def _pages(pages: Any, declared: set[str]) -> Iterator[str]:
    if pages is not None and not isinstance(pages, list):
        yield "configPages must be a list"
        return
    for index, page in enumerate(pages or []):
        if not isinstance(page, dict) or not isinstance(page.get("name"), str):
            yield f"configPages[{index}]: name is required"
            continue
        elements = page.get("elements")
        if elements and not _is_list_of_maps(elements):
            yield f"config page {page['name']!r}: elements must be a list of mappings"
        for element in _maps(page.get("elements")):
            value = element.get("value")
            if element.get("type") == "configVar" and not (isinstance(value, str) and value in declared):
                yield f"config page {page['name']!r}: unknown config variable {value!r}"


def _flow(flow: Any, index: int, declared: set[str], known: Known) -> Iterator[str]:
    if not isinstance(flow, dict) or not _is_text(flow.get("name")):
        yield f"flows[{index}]: name is required"
        return
    where = f"flow {flow['name']!r}"
    steps = flow.get("steps")
    if not isinstance(steps, list) or not steps:
        yield f"{where}: steps is required: a list that begins with the trigger"
        return
    if isinstance(steps[0], dict) and steps[0].get("isTrigger") is not True:
        yield f"{where}: the first step must be a trigger (isTrigger: true)"
    for position, step in enumerate(steps):
        if not isinstance(step, dict):
            yield f"{where}: steps[{position}] must be a mapping"
    nested = list(steps_of(steps))
    yield from _repeated(f"{where}: step", [step.get("name") for step in nested])
    for step in nested:
        yield from _within(step, where)
        yield from _step(step, where, declared, known, first=step is steps[0])
    for position, component in enumerate(_maps(flow.get("supplementalComponents"))):
        yield from _component(component, f"{where}: supplementalComponents[{position}]")


def _within(step: dict[str, Any], flow: str) -> Iterator[str]:
    """What stands inside of a loop or a branching step."""
    branches = step.get("branches")
    if branches and not _is_list_of_maps(branches):
        yield f"{flow}: step {step.get('name')!r}: branches must be a list of mappings"
    for steps in (step.get("steps"), *(branch.get("steps") for branch in _maps(branches))):
        if steps and not _is_list_of_maps(steps):
            yield f"{flow}: step {step.get('name')!r}: its steps must be a list of mappings"


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _step(step: dict[str, Any], flow: str, declared: set[str], known: Known, *, first: bool) -> Iterator[str]:
    if not _is_text(step.get("name")):
        yield f"{flow}: a step has no name"
        return
    where = f"{flow}: step {step['name']!r}"
    if step.get("isTrigger") and not first:
        yield f"{where}: only the first step may be a trigger"
    if not isinstance(step.get("action"), dict):
        yield f"{where}: action is required"
    else:
        yield from _component_holder(step["action"], f"{where}: action")
    yield from _inputs(step.get("inputs"), where, declared, known)
    if step.get("schedule") is not None:
        yield from _undeclared(step["schedule"], f"{where}: schedule", declared)


def _component_holder(holder: Any, where: str) -> Iterator[str]:
    if not isinstance(holder, dict) or not isinstance(holder.get("component"), dict):
        # a connection made from a template names no component of its own
        if not (isinstance(holder, dict) and holder.get("template")):
            yield f"{where}: component is required"
        return
    if not _is_text(holder.get("key")):
        yield f"{where}: key is required"
    yield from _component(holder["component"], where)


def _component(component: dict[str, Any], where: str) -> Iterator[str]:
    if not _is_text(component.get("key")):
        yield f"{where}: component.key is required"
    if not isinstance(component.get("isPublic"), bool):
        yield f"{where}: component.isPublic must be true or false"
    version, signature = component.get("version"), component.get("signature")
    if version is None and not _is_text(signature):
        yield f"{where}: component.version is required"
    elif version is not None and version != "LATEST" and (type(version) is not int or version < 1):
        yield f"{where}: component.version must be LATEST or a number from 1, found {version!r}"


def _inputs(inputs: Any, where: str, declared: set[str], known: Known) -> Iterator[str]:
    if inputs is None:
        return
    if not isinstance(inputs, dict):
        yield f"{where}: inputs must be a mapping"
        return
    for name, value in inputs.items():
        at = f"{where}: input {name!r}"
        if not isinstance(value, dict) or value.get("type") not in known.input_types:
            yield f"{at}: type must be one of {', '.join(sorted(INPUT_TYPES))}"
        else:
            yield from _undeclared(value, at, declared)


def _undeclared(value: Any, where: str, declared: set[str]) -> Iterator[str]:
    """References to config variables that nobody declares; an empty reference means not set."""
    if isinstance(value, list):
        for item in value:
            yield from _undeclared(item, where, declared)
    elif isinstance(value, dict):
        name = value.get("value")
        if value.get("type") != "configVar":
            yield from _undeclared(name, where, declared)
            yield from _undeclared(value.get("name"), where, declared)
        elif name and not (isinstance(name, str) and name in declared):
            yield f"{where}: unknown config variable {name!r}"
