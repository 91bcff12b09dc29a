"""What a schema cannot see in a definition: names that are there twice, and names that mean nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from reconciler.manifests import steprefs
from reconciler.manifests.messages import suggest
from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12.document import Document

Where = tuple[str | int, ...]
_CONFIG_HOLE = re.compile(r"\{\{\s*#([^{}]+?)\s*\}\}")


def problems(document: Document) -> list[Diagnostic]:
    """All that is wrong or doubtful in a definition that its schema has passed."""
    check = _Check(document)
    check.run()
    return check.found


def steps_below(steps: Any, path: Where) -> Iterator[tuple[dict[str, Any], Where]]:
    """Every step of a list, with those of its branches and loops, in the order in which they stand."""
    for index, step in enumerate(steps or ()):
        here = (*path, index)
        yield step, here
        for number, branch in enumerate(step.get("branches") or ()):
            yield from steps_below(branch.get("steps"), (*here, "branches", number, "steps"))
        yield from steps_below(step.get("steps"), (*here, "steps"))


def inputs_below(value: Any, path: Where) -> Iterator[tuple[dict[str, Any], Where]]:
    """Every input in the value of an input, itself included: complex values hold others."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from inputs_below(inner, (*path, index))
    elif isinstance(value, dict) and "type" in value:
        yield value, path
        for key in ("value", "name"):
            yield from inputs_below(value.get(key), (*path, key))


class _Check:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.value: dict[str, Any] = document.value
        self.found: list[Diagnostic] = []
        self.variables = {v["key"] for v in self.value.get("requiredConfigVars") or ()}
        self.numbers: dict[tuple[str, int], Where] = {}

    def add(
        self,
        code: str,
        message: str,
        path: Where,
        hint: str = "",
        *,
        warning: bool = False,
        key: bool = False,
    ) -> None:
        """Notes a problem at `path`."""
        source = self.document.source(path, key=key)
        severity = "warning" if warning else "error"
        self.found.append(Diagnostic(code, message, source, hint=hint, severity=severity))

    def run(self) -> None:
        """Makes all checks."""
        flows: list[dict[str, Any]] = self.value["flows"]
        named: list[tuple[str, Where]] = [(f["name"], ("flows", i, "name")) for i, f in enumerate(flows)]
        self._unique(named, "flow", "the integration")
        self._config_variables()
        self._pages()
        for index, flow in enumerate(flows):
            self._flow(flow, ("flows", index))
        self._preprocess({name for name, _ in named})
        for (component, number), path in self.numbers.items():
            message = f'component "{component}" is pinned to version {number}, a number of one tenant only'
            hint = "write version: LATEST, or a signature, if the integration goes to more than one tenant"
            self.add("numeric-version", message, path, hint, warning=True)

    def _unique(self, named: list[tuple[str, Where]], what: str, where: str) -> None:
        first: dict[str, Where] = {}
        for name, path in named:
            if name in first:
                line = self.document.source(first[name]).line
                message = f'{what} "{name}" stands twice in {where}'
                self.add(
                    f"duplicate-{what.replace(' ', '-')}",
                    message,
                    path,
                    f"the first is on line {line}: rename one",
                )
            first.setdefault(name, path)

    def _config_variables(self) -> None:
        variables = self.value.get("requiredConfigVars") or ()
        named: list[tuple[str, Where]] = [
            (variable["key"], ("requiredConfigVars", index, "key"))
            for index, variable in enumerate(variables)
        ]
        self._unique(named, "config variable", "the integration")
        for index, variable in enumerate(variables):
            path: Where = ("requiredConfigVars", index)
            self._inputs(variable.get("inputs"), (*path, "inputs"))
            for key in ("connection", "dataSource"):
                if variable.get(key):
                    self._component(variable[key]["component"], (*path, key, "component"))

    def _pages(self) -> None:
        for number, page in enumerate(self.value.get("configPages") or ()):
            for index, element in enumerate(page.get("elements") or ()):
                if element["type"] == "configVar":
                    path: Where = ("configPages", number, "elements", index, "value")
                    self._variable(element.get("value"), path, f'config page "{page.get("name") or ""}"')

    def _flow(self, flow: dict[str, Any], path: Where) -> None:
        steps = flow["steps"]
        if not steps:
            hint = "add a trigger as its first step"
            self.add("no-trigger", f'flow "{flow["name"]}" has no steps', (*path, "steps"), hint)
        everything = list(steps_below(steps, (*path, "steps")))
        named: list[tuple[str, Where]] = [(step["name"], (*where, "name")) for step, where in everything]
        self._unique(named, "step", f'flow "{flow["name"]}"')
        first: Where = (*path, "steps", 0)
        for step, where in everything:
            self._trigger(step, where, where == first, flow["name"])
            self._inputs(step.get("inputs"), (*where, "inputs"))
            self._component(step["action"]["component"], (*where, "action", "component"))
            schedule = step.get("schedule") or {}
            if schedule.get("type") == "configVar":
                self._variable(schedule.get("value"), (*where, "schedule", "value"), f'step "{step["name"]}"')
        for index, component in enumerate(flow.get("supplementalComponents") or ()):
            self._component(component, (*path, "supplementalComponents", index))
        for reference in steprefs.dangling(flow, path, inputs_below):
            self.add("dangling-reference", reference.message, reference.path, reference.hint)

    def _trigger(self, step: dict[str, Any], where: Where, is_first: bool, flow: str) -> None:
        name = step["name"]
        if is_first and not step.get("isTrigger"):
            message = f'the first step "{name}" of flow "{flow}" is not a trigger'
            self.add("no-trigger", message, where, "add isTrigger: true, or put the trigger first")
        if not is_first and step.get("isTrigger"):
            message = f'step "{name}" of flow "{flow}" is a trigger, but not the first step'
            self.add(
                "second-trigger",
                message,
                (*where, "isTrigger"),
                "remove isTrigger, or move the step to the front",
            )

    def _inputs(self, inputs: Any, path: Where) -> None:
        for name, given in (inputs or {}).items():
            for inner, where in inputs_below(given, (*path, name)):
                value = inner.get("value")
                if inner["type"] == "configVar":
                    self._variable(value, (*where, "value"), f'input "{name}"')
                elif inner["type"] == "template" and isinstance(value, str):
                    for hole in _CONFIG_HOLE.findall(value):
                        self._variable(hole, (*where, "value"), f'the template of input "{name}"')

    def _variable(self, key: Any, path: Where, by: str) -> None:
        """`key`, which `by` names, must be declared; an empty one means that nothing is chosen."""
        if not isinstance(key, str) or not key or key in self.variables:
            return
        message = f'{by} names config variable "{key}", which is not declared'
        hint = suggest(key, self.variables, "add it to requiredConfigVars")
        self.add("undeclared-variable", message, path, hint)

    def _component(self, component: dict[str, Any], path: Where) -> None:
        version = component.get("version")
        if isinstance(version, int):
            self.numbers.setdefault((component["key"], version), (*path, "version"))

    def _preprocess(self, flows: set[str]) -> None:
        name = self.value.get("preprocessFlowName")
        if name and name not in flows:
            message = f'"preprocessFlowName" names flow "{name}", which does not exist'
            self.add("unknown-flow", message, ("preprocessFlowName",), suggest(name, flows))


Walk = Callable[[Any, Where], Iterator[tuple[dict[str, Any], Where]]]
