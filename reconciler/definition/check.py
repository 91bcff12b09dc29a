"""What an author is told of a definition: what cannot be one, names that are there twice, and names that mean
nothing. What types and values a key may have is said by a schema, which is held against it elsewhere.

The platform judges what it is sent, and takes more than we know of (api notes: "Definition files that people
have"). So only what every server refuses is an error; what we merely do not know is doubted.
"""

from __future__ import annotations

import re

from reconciler.definition.components import references
from reconciler.definition.flows import Flow, Input, Step, flows, named_inputs
from reconciler.definition.references import dangling
from reconciler.definition.shapes import unfit
from reconciler.definition.tree import Tree
from reconciler.definition.variables import on_pages, variables
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.hints import suggest
from reconciler.model.problem import Where
from reconciler.yaml12.document import Document

VERSION = 7
_EXPORT = "open the integration in Prismatic and export it again, which writes version 7"
# Where a definition's parts stand: without them nothing can be read, by us or by a server.
_SKELETON = frozenset(
    {"flows", "steps", "branches", "action", "component", "supplementalComponents", "name", "key", "version"}
    | {"isPublic", "configuration"}
    | {"requiredConfigVars", "connection", "dataSource", "configPages", "elements"}
)
_DEMANDS = frozenset({"type", "required", "minLength", "minimum", "anyOf"})
_LEFT_OPEN = frozenset(
    {
        (("requiredConfigVars",), "anyOf"),  # a variable's type: it has a connection, or is text
        (("requiredConfigVars", "connection"), "required"),  # one made from a template names no component
        (("requiredConfigVars", "dataSource"), "required"),
        (("requiredConfigVars", "connection"), "type"),  # null is as good as nothing
        (("requiredConfigVars", "dataSource"), "type"),
        (("version",), "type"),  # the author's own, and no component's
    }
)
_CONFIG_HOLE = re.compile(r"\{\{\s*#([^{}]+?)\s*\}\}")


def only_definition(documents: list[Document], file: str) -> Document | Diagnostic:
    """The document of a file that holds a definition of the version that is understood; otherwise why not."""
    if len(documents) != 1:
        message = "the definition is empty" if not documents else "a definition file must hold one document"
        source = documents[1].source() if documents else Source(file, 1, 1)
        hint = _EXPORT if not documents else "put each definition into a file of its own"
        return Diagnostic("definition-file", message, source, hint=hint)
    return _refused(documents[0]) or documents[0]


def problems(document: Document) -> list[Diagnostic]:
    """All that is wrong or doubtful in a definition beside its types."""
    check = _Check(document)
    check.run()
    return check.found


def is_refused(path: Where, demand: str) -> bool:
    """Whether every server refuses what does not meet this demand of the schema at this place."""
    names = tuple(part for part in path if isinstance(part, str))
    if demand == "type" and "inputs" in names:
        # Inputs are a map of maps; what is in one of them is sent as it is.
        start = names.index("inputs")
        return len(names) <= start + 2 and _SKELETON.issuperset(names[:start])
    if demand not in _DEMANDS or not _SKELETON.issuperset(names):
        return False
    return (names, demand) not in _LEFT_OPEN


def _refused(document: Document) -> Diagnostic | None:
    value = document.value
    if not isinstance(value, dict):
        return Diagnostic("definition-file", "a definition must be a map", document.source(), hint=_EXPORT)
    if "kind" in value and "apiVersion" in value:
        message = "a manifest stands where a definition is expected"
        hint = "name the integration's own YAML under spec.definition"
        return Diagnostic("definition-file", message, document.source(), hint=hint)
    version = value.get("definitionVersion")
    source = document.source(("definitionVersion",))
    if version is None:
        sign = next((key for key in ("trigger", "steps", "defaultConfigVars") if key in value), "")
        why = f', and "{sign}" at its root says that it is older than version 2' if sign else ""
        message = f'the definition has no "definitionVersion"{why}'
        return Diagnostic("definition-version", message, source, hint=_EXPORT)
    if isinstance(version, bool) or not isinstance(version, int):
        message = f'"definitionVersion" must be the number {VERSION}'
        return Diagnostic("definition-version", message, source, hint=f"write definitionVersion: {VERSION}")
    if version < VERSION:
        return Diagnostic(
            "definition-version", f"definition version {version} is too old", source, hint=_EXPORT
        )
    if version > VERSION:
        message = f"definition version {version} is newer than this program"
        return Diagnostic("definition-version", message, source, hint="update the reconciler")
    return None


class _Check:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.tree: Tree = document.value
        self.found: list[Diagnostic] = []
        self.variables = {one.key for one in variables(self.tree)}

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
        found = flows(self.tree)
        if not found:
            hint = "add a flow that begins with a trigger"
            self.add("no-flow", "the definition has no flows", ("flows",), hint)
        named: list[tuple[str, Where]] = [(flow.name, (*flow.path, "name")) for flow in found]
        self._unique(named, "flow", "the integration")
        self._config_variables()
        for key, path, page in on_pages(self.tree):
            self._variable(key, path, f'config page "{page}"')
        for flow in found:
            self._flow(flow)
        self._preprocess({name for name, _ in named})
        for one in unfit(self.tree):
            self.add(one.code, one.message, one.path, one.hint)
        self._numbers()

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
        found = list(variables(self.tree))
        self._unique([(one.key, (*one.path, "key")) for one in found], "config variable", "the integration")
        for one in found:
            for name, given in named_inputs(one.says.get("inputs"), (*one.path, "inputs")):
                self._input(name, given)

    def _flow(self, flow: Flow) -> None:
        steps = flow.steps()
        if not steps:
            hint = "add a trigger as its first step"
            self.add("no-trigger", f'flow "{flow.name}" has no steps', (*flow.path, "steps"), hint)
        everything = list(flow.every_step())
        named: list[tuple[str, Where]] = [(step.name, (*step.path, "name")) for step in everything]
        self._unique(named, "step", f'flow "{flow.name}"')
        for step in everything:
            self._trigger(step, flow, is_first=step.path == steps[0].path)
            for name, given in step.inputs():
                self._input(name, given)
            self._variable(step.scheduled_by, (*step.path, "schedule", "value"), f'step "{step.name}"')
        for one in dangling(flow):
            source = self.document.source(one.path)
            self.found.append(Diagnostic(one.code, one.message, source, hint=one.hint, severity=one.severity))

    def _trigger(self, step: Step, flow: Flow, *, is_first: bool) -> None:
        if is_first and not step.is_trigger:
            message = f'the first step "{step.name}" of flow "{flow.name}" is not a trigger'
            self.add("no-trigger", message, step.path, "add isTrigger: true, or put the trigger first")
        if not is_first and step.says.get("isTrigger"):
            message = f'step "{step.name}" of flow "{flow.name}" is a trigger, but not the first step'
            self.add(
                "second-trigger",
                message,
                (*step.path, "isTrigger"),
                "remove isTrigger, or move the step to the front",
            )

    def _input(self, name: str, given: Input) -> None:
        path = (*given.path, "value")
        if given.type == "configVar":
            self._variable(given.value, path, f'input "{name}"')
        elif given.type == "template":
            for hole in _CONFIG_HOLE.findall(given.value):
                self._variable(hole, path, f'the template of input "{name}"')

    def _variable(self, key: str, path: Where, by: str) -> None:
        """`key`, which `by` names, must be declared; an empty one means that nothing is chosen."""
        if not key or key in self.variables:
            return
        message = f'{by} names config variable "{key}", which is not declared'
        hint = suggest(key, self.variables, "add it to requiredConfigVars")
        self.add("undeclared-variable", message, path, hint)

    def _preprocess(self, names: set[str]) -> None:
        name = self.tree.get("preprocessFlowName")
        if isinstance(name, str) and name and name not in names:
            message = f'"preprocessFlowName" names flow "{name}", which does not exist'
            self.add("unknown-flow", message, ("preprocessFlowName",), suggest(name, names))

    def _numbers(self) -> None:
        told: set[tuple[str, int]] = set()
        for one in references(self.tree):
            if not isinstance(one.version, int) or (one.key, one.version) in told:
                continue
            told.add((one.key, one.version))
            message = f'component "{one.key}" is pinned to version {one.version}, a number of one tenant only'
            hint = "write version: LATEST, or a signature, if the integration goes to more than one tenant"
            self.add("numeric-version", message, (*one.path, "version"), hint, warning=True)
