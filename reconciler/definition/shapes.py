"""Shapes that the schema lets pass, or only doubts, and that every server refuses: names that are blank,
connections of no component, pages without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.definition.components import references
from reconciler.definition.flows import Input, Step, flows, named_inputs
from reconciler.definition.tree import Tree, mapping, maps, text
from reconciler.definition.variables import Variable, variables
from reconciler.model.problem import Problem, Where

_NAME = "write a name"
_KEY, _TEXT = "a config variable by something that is no text", "write the variable's key"


def unfit(tree: Tree) -> Iterator[Problem]:
    """All such shapes of a definition whose types were seen to fit."""
    yield from _blank(tree, "name", (), "the definition")
    if isinstance(tree.get("description"), dict | list):
        hint = "write text, or leave it out"
        yield Problem("wrong-type", '"description" must be text', hint, ("description",))
    if _is_no_name(tree.get("preprocessFlowName")):
        message = '"preprocessFlowName" names a flow by something that is no text'
        yield Problem("wrong-type", message, "write the flow's name", ("preprocessFlowName",))
    for flow in flows(tree):
        yield from _blank(flow.says, "name", flow.path, "a flow")
        for step in flow.every_step():
            yield from _step(step)
    for one in references(tree):
        if not one.key.strip():
            yield Problem("wrong-value", "the key of a component is blank", _NAME, (*one.path, "key"))
    for variable in variables(tree):
        yield from _variable(variable)
    for page, path in maps(tree.get("configPages"), ("configPages",)):
        yield from _page(page, path)


def _step(step: Step) -> Iterator[Problem]:
    yield from _blank(step.says, "name", step.path, "a step")
    yield from _blank(mapping(step.says.get("action")), "key", (*step.path, "action"), "an action")
    yield from _chosen(step.inputs())
    schedule = mapping(step.says.get("schedule"))
    if schedule.get("type") == "configVar" and _is_no_name(schedule.get("value")):
        yield Problem("wrong-type", f"the schedule names {_KEY}", _TEXT, (*step.path, "schedule", "value"))


def _chosen(inputs: Iterable[tuple[str, Input]]) -> Iterator[Problem]:
    for name, given in inputs:
        if given.type == "configVar" and _is_no_name(given.says.get("value")):
            yield Problem("wrong-type", f'input "{name}" names {_KEY}', _TEXT, (*given.path, "value"))


def _is_no_name(value: Any) -> bool:
    """Whether a value is neither text nor as good as none."""
    return bool(value) and not isinstance(value, str)


def _variable(variable: Variable) -> Iterator[Problem]:
    yield from _blank(variable.says, "key", variable.path, "a config variable")
    if variable.data_type == "connection" and not variable.shared and not variable.says.get("connection"):
        hint = "add connection: {key: …, component: {…}}, or useScopedConfigVar"
        message = f'config variable "{variable.key}" is a connection, and does not say of what'
        yield Problem("missing-field", message, hint, variable.path)
    for name in ("connection", "dataSource"):
        held = variable.says.get(name)
        if held is not None:
            yield from _holder(held, (*variable.path, name), f'{name} of config variable "{variable.key}"')
    yield from _chosen(named_inputs(variable.says.get("inputs"), (*variable.path, "inputs")))


def _holder(value: Any, path: Where, what: str) -> Iterator[Problem]:
    """One that is made from a template names no component."""
    held = mapping(value)
    if not isinstance(held.get("component"), dict):
        if not held.get("template"):
            yield Problem("missing-field", f"the {what} names no component", "add its component", path)
    elif not text(held.get("key")).strip():
        hint = "add its key in the component"
        yield Problem("missing-field", f"the {what} has no key", hint, path)


def _page(page: Tree, path: Where) -> Iterator[Problem]:
    if not isinstance(page.get("name"), str):
        yield Problem("missing-field", "a config page has no name", _NAME, path)
    for element, where in maps(page.get("elements"), (*path, "elements")):
        if element.get("type") == "configVar" and not text(element.get("value")):
            message = (
                f'config page "{text(page.get("name"))}" shows a config variable, and does not say which'
            )
            yield Problem("missing-field", message, "write its key as the value", where)


def _blank(says: Tree, name: str, path: Where, what: str) -> Iterator[Problem]:
    value: Any = says.get(name)
    if isinstance(value, str) and not value.strip():
        yield Problem("wrong-value", f"the {name} of {what} is blank", _NAME, (*path, name))
