"""What is listed of one execution: what its steps did and logged; and which flow a name means."""

from __future__ import annotations

from reconciler.lists.listing import Column, Page
from reconciler.lists.parts import ID, column
from reconciler.model import documents
from reconciler.model.operation import Operation

STEPS: tuple[Column, ...] = (
    ID,
    column("step", "displayStepName", shown=True),
    column("action", "componentActionKey", shown=True),
    column("failed", "hasError", shown=True),
    column("startedAt", moment=True, shown=True),
    column("endedAt", moment=True),
    column("loop", "loopPath"),
)
LOGS: tuple[Column, ...] = (
    ID,
    column("timestamp", shown=True),
    column("severity", shown=True),
    column("step", "stepName", shown=True),
    column("message", shown=True),
    column("loop", "loopPath"),
)
LAST_WORDS = "Ending "
"""How the last message begins that the platform logs of an execution; logs arrive late, and in any order."""


def steps_of(execution: str) -> Page:
    """The results of an execution's steps, in the order in which they began."""
    return _pages("stepResults", "stepResults", {"execution": execution})


def logs_of(execution: str) -> Page:
    """What an execution logged, by time."""
    return _pages("logs", "logs", {"execution": execution})


def flows_of_instance(instance: str) -> Page:
    """The settings of an instance's flows: their ids, and the flows' names."""
    return _pages("instanceFlows", "instance", {"id": instance})


def flows_of_versions(sequence: str) -> Page:
    """Every version of an integration, each with its flows."""
    return _pages("integrationFlows", "integrations", {"sequence": sequence})


def _pages(document: str, root: str, values: dict[str, str]) -> Page:
    text = documents.load("executions", "reconciler.lists")[document]
    return lambda first, after: Operation(root, text, {**values, "first": first, "after": after})
