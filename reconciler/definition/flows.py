"""Flows, their steps, and the inputs that steps are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.definition.tree import Tree, mapping, maps, text
from reconciler.model.problem import Where


@dataclass(frozen=True, slots=True)
class Input:
    """One input, or an input in the value of another: its type decides what the value means."""

    says: Tree = field(repr=False)
    path: Where

    @property
    def type(self) -> str:
        """`value`, `reference`, `configVar`, `template`, `complex`, or one that we do not know."""
        return text(self.says.get("type"))

    @property
    def value(self) -> str:
        """The value of one that is text."""
        return text(self.says.get("value"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step, which stands at `path`."""

    says: Tree = field(repr=False)
    path: Where

    @property
    def name(self) -> str:
        """Its name, from which the one is derived by which others refer to it."""
        return text(self.says.get("name"))

    @property
    def is_trigger(self) -> bool:
        """Whether it says that it begins the flow."""
        return self.says.get("isTrigger") is True

    @property
    def scheduled_by(self) -> str:
        """The key of the config variable that holds its schedule; empty where none does."""
        schedule = mapping(self.says.get("schedule"))
        return text(schedule.get("value")) if schedule.get("type") == "configVar" else ""

    def inputs(self) -> Iterator[tuple[str, Input]]:
        """Its inputs by name, each followed by those in its value."""
        yield from named_inputs(self.says.get("inputs"), (*self.path, "inputs"))

    def branches(self) -> Iterator[tuple[Step, ...]]:
        """The steps of each of its branches."""
        for branch, path in maps(self.says.get("branches"), (*self.path, "branches")):
            yield steps(branch.get("steps"), (*path, "steps"))

    def body(self) -> tuple[Step, ...]:
        """The steps of its loop."""
        return steps(self.says.get("steps"), (*self.path, "steps"))


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow, which stands at `path`."""

    says: Tree = field(repr=False)
    path: Where

    @property
    def name(self) -> str:
        """Its name, by which instances' settings refer to it."""
        return text(self.says.get("name"))

    def steps(self) -> tuple[Step, ...]:
        """The steps on its uppermost level, of which the first is the trigger."""
        return steps(self.says.get("steps"), (*self.path, "steps"))

    def every_step(self) -> Iterator[Step]:
        """All steps, those of branches and loops too, in the order in which they stand."""
        return _below(self.steps())


def flows(tree: Tree) -> tuple[Flow, ...]:
    """The flows of a definition."""
    return tuple(Flow(one, path) for one, path in maps(tree.get("flows"), ("flows",)))


def steps(value: Any, path: Where) -> tuple[Step, ...]:
    """The steps in a list that stands at `path`."""
    return tuple(Step(one, where) for one, where in maps(value, path))


def named_inputs(value: Any, path: Where) -> Iterator[tuple[str, Input]]:
    """The inputs in a map that stands at `path`, by name, each followed by those in its value."""
    for name, given in mapping(value).items():
        yield from ((name, one) for one in inputs_below(given, (*path, name)))


def inputs_below(value: Any, path: Where) -> Iterator[Input]:
    """Every input in the value of an input, itself included: complex values hold others."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from inputs_below(inner, (*path, index))
    elif "type" in mapping(value):
        yield Input(value, path)
        for key in ("value", "name"):
            yield from inputs_below(value.get(key), (*path, key))


def _below(steps_: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps_:
        yield step
        for branch in step.branches():
            yield from _below(branch)
        yield from _below(step.body())
