"""Faults in what is planned: marks, order, deploys, people's work, what is seen to differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.instance import calls as instance_calls
from reconciler.kinds.instance import config, desk
from reconciler.kinds.instance import kind as instance_kind
from reconciler.kinds.instance import steps as instance_steps
from reconciler.kinds.integration import calls as integration_calls
from reconciler.kinds.integration import steps as integration_steps
from reconciler.kinds.integration.kind import IntegrationKind
from reconciler.kinds.protocol import Step
from reconciler.kinds.table import kind as table_kind
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.marks import is_ours
from reconciler.model.plan import Verb
from reconciler.plan import build
from tests.simulation.mutants.mutant import Strike, mutant, swapped

_WRITE_LABELS = (instance_calls, integration_calls, table_kind)


@mutant("an object is created without its mark")
def no_mark(strikes: Strike) -> Iterator[None]:
    write = instance_calls.labels_to_write

    def unmarked(request: Any, *given: Any, **named: Any) -> list[str]:
        labels = write(request, *given, **named)
        if request.live is not None or not strikes():
            return labels
        return [label for label in labels if label != own_mark(request)]

    with _labels_written_by(unmarked):
        yield


@mutant(
    "people's labels are taken off by our updates",
    theme="desk",
)
def their_labels(strikes: Strike) -> Iterator[None]:
    write = instance_calls.labels_to_write

    def ours_alone(request: Any, *given: Any, **named: Any) -> list[str]:
        labels = write(request, *given, **named)
        mine = {str(one).lower() for one in request.resource.fields.get("labels", ())}
        kept = [label for label in labels if is_ours(label) or label.lower() in mine]
        return kept if kept != labels and strikes() else labels

    with _labels_written_by(ours_alone):
        yield


def _labels_written_by(function: Any) -> Any:
    first, second, third = (swapped(place, "labels_to_write", function) for place in _WRITE_LABELS)
    return _Together(first, second, third)


class _Together:
    """Several that are put in and taken out at once."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __enter__(self) -> None:
        for part in self._parts:
            part.__enter__()

    def __exit__(self, *given: Any) -> None:
        for part in reversed(self._parts):
            part.__exit__(*given)


@mutant("an instance is deployed before it is configured")
def deployed_first(strikes: Strike) -> Iterator[None]:
    make = instance_kind.instance_steps

    def hasty(request: Any, *, adopt: bool) -> Any:
        found = make(request, adopt=adopt)
        verbs = [step.verb for step in found.steps]
        if Verb.DEPLOY not in verbs or Verb.CONFIGURE not in verbs or not strikes():
            return found
        deploys = [step for step in found.steps if step.verb is Verb.DEPLOY]
        others = [step for step in found.steps if step.verb is not Verb.DEPLOY]
        at = [step.verb for step in others].index(Verb.CONFIGURE)
        return replace(found, steps=(*others[:at], *deploys, *others[at:]))

    with swapped(instance_kind, "instance_steps", hasty):
        yield


@mutant(
    "what is adopted is deployed",
    theme="taken",
)
def deploying_adoption(strikes: Strike) -> Iterator[None]:
    make = instance_kind.instance_steps

    def hasty(request: Any, *, adopt: bool) -> Any:
        found = make(request, adopt=adopt)
        if not adopt or any(step.verb is Verb.DEPLOY for step in found.steps) or not strikes():
            return found
        return replace(found, steps=(*found.steps, Step(Verb.DEPLOY, "is taken over")))

    with swapped(instance_kind, "instance_steps", hasty):
        yield


@mutant("what was configured is not deployed")
def not_deployed(strikes: Strike) -> Iterator[None]:
    reason = instance_steps._why_deploy

    def none(*given: Any, **named: Any) -> str:
        found = reason(*given, **named)
        return "" if found and strikes() else found

    with swapped(instance_steps, "_why_deploy", none):
        yield


@mutant("that a run of ours owes a deploy is forgotten")
def forgotten_debt(strikes: Strike) -> Iterator[None]:
    owed = desk.is_owed

    def none(request: Any) -> bool:
        return owed(request) and not strikes()

    with (
        swapped(desk, "is_owed", none),
        swapped(instance_steps, "is_owed", none),
        swapped(instance_kind, "is_owed", none),
    ):
        yield


@mutant(
    "what a person saved goes out with our deploy",
    theme="desk",
)
def deployed_for_them(strikes: Strike) -> Iterator[None]:
    refuse = instance_steps.undeployed_changes

    def none(request: Any, *, moving: bool) -> list[Any]:
        found = list(refuse(request, moving=moving))
        return [] if found and strikes() else found

    with swapped(instance_steps, "undeployed_changes", none):
        yield


@mutant(
    "what a person saved is deployed although nothing differs from git",
    theme="desk",
)
def deployed_unasked(strikes: Strike) -> Iterator[None]:
    reason, refuse = instance_steps._why_deploy, instance_steps.undeployed_changes
    struck = False

    def any_reason(request: Any, *given: Any, **named: Any) -> str:
        nonlocal struck
        found = reason(request, *given, **named)
        waiting = "" if found else desk.waits(request)
        if waiting and strikes():
            struck = True
            return waiting
        return found

    def none(request: Any, *, moving: bool) -> list[Any]:
        return [] if struck else list(refuse(request, moving=moving))

    with (
        swapped(instance_steps, "_why_deploy", any_reason),
        swapped(instance_steps, "undeployed_changes", none),
    ):
        yield


@mutant("what deploying switched on is not switched off again")
def left_on(strikes: Strike) -> Iterator[None]:
    switch = instance_steps._switch

    def none(request: Any, *, deploying: bool) -> Any:
        found = switch(request, deploying=deploying)
        off = [step for step in found if step.verb is Verb.DISABLE and deploying]
        return [step for step in found if step not in off] if off and strikes() else found

    with swapped(instance_steps, "_switch", none):
        yield


@mutant("that a secret rotated is not noticed")
def not_rotated(strikes: Strike) -> Iterator[None]:
    rotated = config.secrets_rotated

    def never(request: Any) -> bool:
        return rotated(request) and not strikes()

    with swapped(config, "secrets_rotated", never):
        yield


@mutant(
    "a person's draft is overwritten without being asked for",
    theme="desk",
)
def overwritten(strikes: Strike) -> Iterator[None]:
    refuse = integration_steps._unpublished_draft

    def none(*given: Any) -> tuple[Any, ...]:
        found = refuse(*given)
        return () if found and strikes() else found

    with swapped(integration_steps, "_unpublished_draft", none):
        yield


@mutant("nobody sees to it that a published version can be chosen")
def not_available(strikes: Strike) -> Iterator[None]:
    unready, owed = IntegrationKind.unready, integration_steps.is_owed

    def ready(self: Any, verb: Any, request: Any) -> str:
        found = unready(self, verb, request)
        return "" if "to become available" in found and strikes() else found

    def paid(*given: Any) -> bool:
        return bool(owed(*given)) and not strikes()

    with swapped(IntegrationKind, "unready", ready), swapped(integration_steps, "is_owed", paid):
        yield


@mutant("drift keeps silent about what people changed")
def silent_drift(strikes: Strike) -> Iterator[None]:
    drifted = build.drifted

    def none(*given: Any) -> list[Any]:
        found = drifted(*given)
        return [] if found and strikes() else found

    with swapped(build, "drifted", none):
        yield


@mutant(
    "what needs another resource does not wait for it",
)
def unconnected(strikes: Strike) -> Iterator[None]:
    connect = build._connect

    def none(*given: Any) -> None:
        if not strikes():
            connect(*given)

    with swapped(build, "_connect", none):
        yield
