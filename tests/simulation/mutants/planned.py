"""Faults in what is planned: marks, ownership, order, scope, people's work, causes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.kinds.instance import calls as instance_calls
from reconciler.kinds.instance import config, desk
from reconciler.kinds.instance import kind as instance_kind
from reconciler.kinds.instance import steps as instance_steps
from reconciler.kinds.integration import availability
from reconciler.kinds.integration import calls as integration_calls
from reconciler.kinds.integration import kind as integration_kind
from reconciler.kinds.integration import steps as integration_steps
from reconciler.kinds.protocol import Step
from reconciler.kinds.table import kind as table_kind
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.marks import is_ours, owned_name, project_of
from reconciler.model.plan import Verb
from reconciler.plan import build, deletion, match
from reconciler.plan.select import Selection
from reconciler.verbs import saved
from tests.simulation.mutants.mutant import Struck, crowded, mutant, narrowed, pruned, swapped, visited


@mutant("an object is created without its mark", within=30)
def no_mark(struck: Struck) -> Iterator[None]:
    write = instance_calls.labels_to_write

    def unmarked(request: Any, *given: Any, **named: Any) -> list[str]:
        labels = write(request, *given, **named)
        if request.live is not None:
            return labels
        struck()
        return [label for label in labels if label != own_mark(request)]

    with (
        swapped(instance_calls, "labels_to_write", unmarked),
        swapped(integration_calls, "labels_to_write", unmarked),
        swapped(table_kind, "labels_to_write", unmarked),
    ):
        yield


@mutant("an instance is deployed before it is configured")
def deployed_first(struck: Struck) -> Iterator[None]:
    make = instance_kind.instance_steps

    def hasty(request: Any, *, adopt: bool) -> Any:
        found = make(request, adopt=adopt)
        verbs = [step.verb for step in found.steps]
        if Verb.DEPLOY not in verbs or Verb.CONFIGURE not in verbs:
            return found
        struck()
        deploys = [step for step in found.steps if step.verb is Verb.DEPLOY]
        others = [step for step in found.steps if step.verb is not Verb.DEPLOY]
        at = [step.verb for step in others].index(Verb.CONFIGURE)
        return replace(found, steps=(*others[:at], *deploys, *others[at:]))

    with swapped(instance_kind, "instance_steps", hasty):
        yield


@mutant("what was configured is not deployed")
def not_deployed(struck: Struck) -> Iterator[None]:
    reason = instance_steps._deploy_reason

    def none(request: Any) -> str:
        if reason(request):
            struck()
        return ""

    with swapped(instance_steps, "_deploy_reason", none):
        yield


@mutant("what is adopted is deployed", where=lambda script: bool(script.adopted))
def deploying_adoption(struck: Struck) -> Iterator[None]:
    make = instance_kind.instance_steps

    def hasty(request: Any, *, adopt: bool) -> Any:
        found = make(request, adopt=adopt)
        if not adopt or any(step.verb is Verb.DEPLOY for step in found.steps):
            return found
        struck()
        return replace(found, steps=(*found.steps, Step(Verb.DEPLOY, "is taken over")))

    with swapped(instance_kind, "instance_steps", hasty):
        yield


@mutant("that a run of ours owes a deploy is forgotten", within=300)
def forgotten_debt(struck: Struck) -> Iterator[None]:
    owed = desk.is_owed

    def none(request: Any) -> bool:
        if owed(request):
            struck()
        return False

    with (
        swapped(desk, "is_owed", none),
        swapped(instance_steps, "is_owed", none),
        swapped(instance_kind, "is_owed", none),
    ):
        yield


@mutant("what a person saved goes out with our deploy", where=visited)
def deployed_for_them(struck: Struck) -> Iterator[None]:
    refuse = instance_steps.undeployed_changes

    def none(request: Any, *, moving: bool) -> tuple[Any, ...]:
        if list(refuse(request, moving=moving)):
            struck()
        return ()

    with swapped(instance_steps, "undeployed_changes", none):
        yield


@mutant("what a person saved is deployed although nothing differs from git", where=visited)
def deployed_unasked(struck: Struck) -> Iterator[None]:
    reason = instance_steps._deploy_reason

    def any_reason(request: Any) -> str:
        found = reason(request)
        if not found and (what := desk.waits(request)):
            struck()
            return what
        return found

    with (
        swapped(instance_steps, "_deploy_reason", any_reason),
        swapped(instance_steps, "undeployed_changes", lambda *_, **__: ()),
    ):
        yield


@mutant("a person's draft is overwritten without being asked for", where=visited)
def overwritten(struck: Struck) -> Iterator[None]:
    refuse = integration_steps._unpublished_draft

    def none(*given: Any) -> tuple[Any, ...]:
        if refuse(*given):
            struck()
        return ()

    with swapped(integration_steps, "_unpublished_draft", none):
        yield


@mutant("people's labels are taken off by our updates", where=visited)
def their_labels(struck: Struck) -> Iterator[None]:
    write = instance_calls.labels_to_write

    def ours_alone(request: Any, *given: Any, **named: Any) -> list[str]:
        labels = write(request, *given, **named)
        mine = {str(one).lower() for one in request.resource.fields.get("labels", ())}
        kept = [label for label in labels if is_ours(label) or label.lower() in mine]
        if kept != labels:
            struck()
        return kept

    with (
        swapped(instance_calls, "labels_to_write", ours_alone),
        swapped(integration_calls, "labels_to_write", ours_alone),
        swapped(table_kind, "labels_to_write", ours_alone),
    ):
        yield


@mutant("what deploying switched on is not switched off again")
def left_on(struck: Struck) -> Iterator[None]:
    switch = instance_steps._switch

    def none(request: Any, *, deploying: bool) -> Any:
        found = switch(request, deploying=deploying)
        off = [step for step in found if step.verb is Verb.DISABLE and deploying]
        if off:
            struck()
        return [step for step in found if step not in off]

    with swapped(instance_steps, "_switch", none):
        yield


@mutant("a published version is not made available")
def not_available(struck: Struck) -> Iterator[None]:
    def none(*_: Any) -> None:
        struck()

    with (
        swapped(integration_kind.IntegrationKind, "hastened", none),
        swapped(integration_kind.IntegrationKind, "unready", lambda *_: ""),
        swapped(availability, "extra_writes", lambda *_, **__: 0),
        swapped(integration_steps, "is_owed", lambda *_: False),
    ):
        yield


@mutant("that a secret rotated is not noticed", within=300)
def not_rotated(struck: Struck) -> Iterator[None]:
    rotated = config.secrets_rotated

    def never(request: Any) -> bool:
        if rotated(request):
            struck()
        return False

    with swapped(config, "secrets_rotated", never):
        yield


@mutant("a resource that has a new name in git is made anew", where=pruned)
def renamed(struck: Struck) -> Iterator[None]:
    with _without_was(struck):
        yield


def _without_was(struck: Struck) -> Any:
    find = match._by_mark

    def forgetful(kind: Any, project: str, resource: Any, *given: Any) -> Any:
        if resource.was:
            struck()
        return find(kind, project, replace(resource, was=()), *given)

    return swapped(match, "_by_mark", forgetful)


@mutant("what is excluded is written", where=narrowed)
def not_excluded(struck: Struck) -> Iterator[None]:
    keeps_out = Selection._keeps_out

    def none(self: Any, *given: Any) -> bool:
        if keeps_out(self, *given):
            struck()
        return False

    with swapped(Selection, "_keeps_out", none):
        yield


@mutant("what was not selected is written, too", where=narrowed)
def not_selected(struck: Struck) -> Iterator[None]:
    asks = Selection._asks

    def all_of_them(self: Any, *given: Any) -> bool:
        if not asks(self, *given):
            struck()
        return True

    with swapped(Selection, "_asks", all_of_them):
        yield


@mutant("what bears nobody's mark is pruned", where=pruned)
def pruned_stranger(struck: Struck) -> Iterator[None]:
    def name(labels: Any, project: str, kind: str) -> str | None:
        found = owned_name(labels, project, kind)
        if found is None and not any(map(is_ours, labels)):
            struck()
            return "nobodys"
        return found

    with swapped(match, "owned_name", name):
        yield


@mutant("what another project owns is pruned", where=pruned)
def pruned_neighbour(struck: Struck) -> Iterator[None]:
    def name(labels: Any, project: str, kind: str) -> str | None:
        others = {project_of(one) for one in labels if one.startswith("reconciler:")} - {project}
        for other in sorted(others):
            if found := owned_name(labels, other, kind):
                struck()
                return found
        return owned_name(labels, project, kind)

    with swapped(match, "owned_name", name):
        yield


@mutant("what people made inside an object goes along when it is deleted", where=pruned)
def strangers_along(struck: Struck) -> Iterator[None]:
    refuse = deletion._strangers

    def none(*given: Any) -> list[Any]:
        if refuse(*given):
            struck()
        return []

    with swapped(deletion, "_strangers", none):
        yield


@mutant("what left git stays in the tenant", where=pruned)
def not_pruned(struck: Struck) -> Iterator[None]:
    def none(*_: Any) -> dict[Any, Any]:
        struck()
        return {}

    with swapped(deletion, "_asked_for", none):
        yield


@mutant("of a saved plan, what is planned by now is carried out instead")
def not_restricted(struck: Struck) -> Iterator[None]:
    restrict = saved.restrict

    def loose(planned: Any, document: Any) -> Any:
        same = [one["id"] for one in document["actions"]] == [one.id for one in planned.plan.actions]
        if not same:
            struck()
        return restrict(planned, document) if same else planned

    with swapped(saved, "restrict", loose):
        yield


@mutant("drift keeps silent about what people changed")
def silent_drift(struck: Struck) -> Iterator[None]:
    drifted = build.drifted

    def none(*given: Any) -> list[Any]:
        if drifted(*given):
            struck()
        return []

    with swapped(build, "drifted", none):
        yield


@mutant("an instance is changed before the release that it is to run is published", where=crowded)
def unconnected(struck: Struck) -> Iterator[None]:
    def none(*_: Any) -> None:
        struck()

    with swapped(build, "_connect", none):
        yield
