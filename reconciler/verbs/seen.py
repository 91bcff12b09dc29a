"""Both sides of a pull: the tenant and the manifests that are there, with what their files said before."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, structs

from reconciler.definition.withheld import Inputs
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import AskedFurther
from reconciler.kinds.component import KnownInputs, reference
from reconciler.kinds.integration.told import (
    definition_to_read,
    definition_told,
    unread,
)
from reconciler.kinds.telling import Untellable
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.sets import sets_of
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched, match
from reconciler.pull.objects import kinds_told
from reconciler.pull.past import Texts
from reconciler.pull.published import newer
from reconciler.verbs.past import PastTexts
from reconciler.verbs.session import (
    Options,
    Session,
    connect,
    load_desired,
    policy_of_unread_secrets,
)
from reconciler.verbs.texts import text_file

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.tenant import Tenant


class Seen(Struct, frozen=True):
    """Both sides as they were read: which objects the manifests have, what components call inputs, what the
    files said before, and which sets there are, by name.
    """

    session: Session
    options: Options
    matched: Matched
    inputs: Inputs
    past: PastTexts
    sets: Mapping[str, Manifest] = {}


async def look(session: Session, options: Options) -> Seen:
    """Reads the tenant and the manifests that are there. Nothing is written, neither here nor there.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    from reconciler.live.fetch import fetch, kinds_named
    from reconciler.live.tenant import Tenant
    from reconciler.verbs.further import look_further

    there = _without_folder_to_come(session)
    desired, _ = load_desired(there)
    allowed = policy_of_unread_secrets(session, options)
    async with connect(session, read_only=True, parallelism=options.parallelism) as client:
        named = kinds_named(desired)
        provided = [kind for name, kind in all_kinds().items() if name in named and not kind.declared]
        kinds = [*kinds_told(), *provided]
        live = await fetch(client, kinds, needed=named, concurrency=options.parallelism)
        tenant = Tenant(client)
        live = await _with_published(tenant, live)
        matched = match(desired, live)
        await look_further(
            client,
            list(matched.objects),
            lambda address: matched.request(address, allowed),
            matched.learn,
            matched.puzzled,
        )
        past = PastTexts(session, live.tenant)
        await _with_versions_before(tenant, matched, texts_of(session, past), options)
        inputs = await _inputs(client, live)
        return Seen(session, options, matched, inputs, past, sets_of(there.project))


def _without_folder_to_come(session: Session) -> Session:
    """The session without entries of folders that are still to be made: nothing stands in them."""
    project = session.project
    there = [one for one in project.manifests if not one.endswith("/") or (project.root / one).exists()]
    return replace(session, project=replace(project, manifests=tuple(there)))


async def _with_published(tenant: Tenant, live: Live) -> Live:
    """The snapshot with what was published where the draft is ahead of it."""
    from reconciler.apply.look import there

    kind = all_kinds()["Integration"]
    assert isinstance(kind, AskedFurther)
    found: dict[str, LiveObject] = {}

    async def look(one: LiveObject) -> None:
        while (op := unread(one)) is not None:
            one = kind.answered(one, op, await there(tenant, kind, op))
        found[one.id] = one

    objects = live.objects.get("Integration", ())
    async with anyio.create_task_group() as group:
        for one in objects:
            group.start_soon(look, one)
    return structs.replace(
        live, objects={**live.objects, "Integration": tuple(found[one.id] for one in objects)}
    )


async def _with_versions_before(tenant: Tenant, matched: Matched, texts: Texts, options: Options) -> None:
    """Reads what those versions were made from after which people published others."""
    from reconciler.apply.look import there

    kind = all_kinds()["Integration"]
    assert isinstance(kind, AskedFurther)
    for one in newer(matched, texts, options.selection.about):
        if one.before and (op := definition_to_read(one.live, one.before)):
            matched.learn(one.resource.address, kind.answered(one.live, op, await there(tenant, kind, op)))


async def _inputs(client: Client, live: Live) -> Inputs:
    """What the components of all definitions call their inputs."""
    from reconciler.live.fetch import with_inputs

    keys: set[str] = set()
    for one in live.objects.get("Integration", ()):
        with suppress(Untellable):
            keys.update(definition_told(one).component_versions)
    described = {one.fields["reference"]: one for one in await with_inputs(client, keys)}

    def inputs(component: str, is_public: bool, action: str) -> Mapping[str, str] | None:
        found = described.get(reference(component, is_public))
        return found.notes.by_action.get(action) if found and isinstance(found.notes, KnownInputs) else None

    return inputs


def texts_of(session: Session, past: PastTexts) -> Texts:
    """The files of the project, as they are and as they were."""
    return Texts(lambda path: text_at(session.project.root / path), past.of)


def text_at(path: Path) -> str:
    """What stands in a file; nothing where there is none."""
    return text_file(path).text
