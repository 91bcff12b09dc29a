"""References between the steps of a flow: the names that Prismatic derives, and which of them are in reach.

A step can use the results of earlier steps of its list and of the lists around it, of the loop or branch
that it stands in, and of the steps inside a loop or branch that has ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.definition.flows import Flow, Input, Step, inputs_below
from reconciler.definition.tree import mapping
from reconciler.model.hints import closest
from reconciler.model.problem import Problem, Where

_HOLE = re.compile(r"\{\{\s*\$([^{}]+?)\s*\}\}")
_HEAD = re.compile(r"[^.\[]*")
_ASCII = re.compile(r"[^A-Za-z0-9]+")
_UNICODE = re.compile(r"[\W_]+")
# Fields of a run that are no steps, for inputs that belong to a flow.
_RUN = frozenset({"onExecution", "payload"})
_TRIGGER = "trigger"
_DANGLING = "dangling-reference"
_FLOW_INPUTS = (("retryConfig", "uniqueRequestIdField"), ("queueConfig", "dedupeIdField"))


def reference_name(name: str) -> str:
    """The name by which other steps refer to the step that is called `name`."""
    return _camel(_ASCII, name)


def _camel(separators: re.Pattern[str], name: str) -> str:
    words = [word for word in separators.split(name) if word]
    return "".join(
        word.lower() if i == 0 else word[:1].upper() + word[1:].lower() for i, word in enumerate(words)
    )


def _names(step: Step) -> set[str]:
    # Whether a letter beyond ASCII counts as one is not known, so both names are let through.
    return {reference_name(step.name), _camel(_UNICODE, step.name)}


def dangling(flow: Flow) -> list[Problem]:
    """The references of `flow` that name no step in reach."""
    finder = _Finder(flow.name)
    steps = flow.steps()
    finder.steps(steps, frozenset())
    trigger = _names(steps[0]) if steps else set()
    for group, key in _FLOW_INPUTS:
        given = mapping(flow.says.get(group)).get(key)
        for one in inputs_below(given, (*flow.path, group, key)):
            finder.input(key, one, frozenset(trigger | _RUN))
    return [finder.problem(*each) for each in finder.found]


class _Finder:
    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.all: dict[str, str] = {}
        self.found: list[tuple[str, str, Where, frozenset[str]]] = []

    def steps(self, steps: Iterable[Step], reach: frozenset[str]) -> frozenset[str]:
        """Checks a list of steps that can reach the names in `reach`; gives what can be reached after it."""
        for step in steps:
            for name, given in step.inputs():
                self.input(name, given, reach)
            own = _names(step)
            self.all.update(dict.fromkeys(own, step.name))
            within = reach | own
            ended = within
            for branch in step.branches():
                # A branch does not see its siblings: only one of them runs.
                ended |= self.steps(branch, within)
            ended |= self.steps(step.body(), within)
            reach = ended
        return reach

    def input(self, name: str, given: Input, reach: frozenset[str]) -> None:
        """Checks the reference or the template's holes of one input."""
        targets = [given.value] if given.type == "reference" and given.value else []
        if given.type == "template":
            targets = _HOLE.findall(given.value)
        for target in targets:
            head = _HEAD.match(target.strip())
            step = head.group() if head else ""
            if step not in reach:
                self.found.append((name, step, (*given.path, "value"), reach))

    def problem(self, name: str, step: str, path: Where, reach: frozenset[str]) -> Problem:
        """What to say of one of them, once all steps are known."""
        if step in self.all:
            message = f'input "{name}" refers to step "{self.all[step]}", which has not run at that point'
            return Problem(_DANGLING, message, "refer to an earlier step, or move the step", path)
        message = f'input "{name}" refers to "{step}", but flow "{self.flow}" has no such step'
        near = closest(step, reach)
        hint = 'step names are written without blanks: "Get Page" is getPage'
        # The platform may know better: some tools call a flow's trigger just that.
        severity = "warning" if step == _TRIGGER else "error"
        return Problem(
            _DANGLING, message, f'did you mean "{near}"?' if near else hint, path, severity=severity
        )
