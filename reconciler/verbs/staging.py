"""A copy of a tenant in a sandbox of its own, and what git asks of it with stand-ins for all secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from reconciler.definition import Definition
from reconciler.kinds.instance.config_values import as_json, text
from reconciler.live.nodes import Nodes, nodes_of
from reconciler.live.redact import restored
from reconciler.live.stand_ins import WITHHELD, Found
from reconciler.manifests.dump import dump
from reconciler.manifests.sealed import Placed
from reconciler.model.nested import leaves
from reconciler.model.secret import Sealed, Secret
from reconciler.model.stand_in import digests_in
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.plan.choice import choices
from reconciler.plan.match import match
from reconciler.verbs.offline import known_to
from reconciler.verbs.session import (
    NO_TOKEN,
    Options,
    Session,
    connect,
    load_desired,
    sealed,
    secret_reader,
)

if TYPE_CHECKING:
    from reconciler.live.snapshot import Snapshot
    from reconciler.live.stand_ins import StandIns
    from reconciler.sandbox import Sandbox


class Stage(Struct, frozen=True):
    """What a rehearsal begins from, as often as it needs."""

    session: Session
    tenant: str
    nodes: Nodes
    rules: Mapping[str, str]

    @contextmanager
    def fresh(self) -> Iterator[tuple[Sandbox, Session]]:
        """A new copy, and the session whose tenant it is. It goes with the block."""
        from reconciler.sandbox import Sandbox, transport
        from reconciler.sandbox.copied import copy

        with (
            TemporaryDirectory(prefix="reconciler-") as folder,
            Sandbox(":memory:", rules=self.rules) as found,
        ):
            found.store.set_meta({"token": NO_TOKEN})
            copy(found, self.tenant, self.nodes.lists, self.nodes.definitions, self.nodes.listings)
            yield found, replace(self.session, replay=transport(found), kept=Path(folder))


async def stage(
    session: Session, options: Options, taken: Snapshot, stand_ins: StandIns, rules: Mapping[str, str]
) -> Stage:
    """Makes ready what a snapshot holds, with what git asks for. Raises InvalidInput."""
    unread = replace(session, no_secrets=True)
    found = Found(stand_ins, cache(lambda: known_to(unread, secrets=False)))
    nodes = nodes_of(taken.answers, lambda node: restored(node, found.of))
    desired, _ = load_desired(unread)
    # Nothing of it is secret, and nothing of it leaves the process: there is no key, and no token.
    environment = structs.replace(session.environment, secret_key=None, tenant="")
    bare = replace(session, environment=environment, no_secrets=False, heard=lambda *_: None, given=desired)
    made = Stage(bare, taken.tenant, nodes, rules)
    with made.fresh() as (_, there):
        given = await _as_live(there, options, desired, Secrets(session, stand_ins))
    return structs.replace(made, session=replace(bare, given=given))


async def _as_live(session: Session, options: Options, desired: Desired, secrets: Secrets) -> Desired:
    """What is asked for, each secret being what the tenant has in its place, or a stand-in of its own."""
    from reconciler.live.fetch import fetch, kinds_to_read

    async with connect(session, read_only=True) as client:
        live = await fetch(client, kinds_to_read(desired, prune=True), needed=())
    objects = match(desired, live, choices(options.use, desired)).objects
    resources = {a: secrets.staged(one, objects.get(a)) for a, one in desired.resources.items()}
    return structs.replace(desired, resources=resources)


class Secrets:
    """What git's secrets are on the stage: what the tenant has there, unless git's is known to differ."""

    def __init__(self, session: Session, stand_ins: StandIns) -> None:
        self._reader, self._stand_ins = secret_reader(session), stand_ins
        self._sealed = sealed(replace(session, no_secrets=True))[0].resources

    def staged(self, resource: Resource, live: LiveObject | None) -> Resource:
        """The resource with stand-ins for its secrets."""
        there, named = live.fields if live else {}, self._sealed[resource.address].fields
        fields = {
            name: self._taken(value if isinstance(value, Definition) else named[name], there.get(name))
            for name, value in resource.fields.items()
        }
        return structs.replace(resource, fields=fields)

    def _taken(self, wanted: Any, found: Any) -> Any:
        if isinstance(wanted, Definition):
            return wanted.withheld_alike(found, WITHHELD, dump) if isinstance(found, Definition) else wanted
        if isinstance(found, Secret) and found.reveal() == WITHHELD:
            return Secret(WITHHELD, "snapshot")
        if isinstance(wanted, Mapping | list | tuple) and isinstance(found, Secret | str):
            return self._in_text(wanted, found)
        if isinstance(wanted, Mapping):
            there = found if isinstance(found, Mapping) else {}
            return {key: self._taken(one, there.get(key)) for key, one in wanted.items()}
        if isinstance(wanted, list | tuple):
            alike = isinstance(found, list | tuple) and len(found) == len(wanted)
            others = found if alike else [None] * len(wanted)
            return [self._taken(one, other) for one, other in zip(wanted, others, strict=True)]
        return self._stand_in(wanted, found) if isinstance(wanted, Sealed) else wanted

    def _stand_in(self, wanted: Sealed, found: Any) -> Secret:
        """What the tenant has, where git's secret is just that, or is not to be had; else one of its own."""
        there = found.reveal() if isinstance(found, Secret) else found if isinstance(found, str) else ""
        value = self._read(wanted)
        if there and (value is None or self._is(there, value)):
            return Secret(there, wanted.source)
        told = f"stand-in for {wanted.source or 'a secret'}"
        return Secret(told if value is None else self._stand_ins.of(value), wanted.source)

    def _read(self, wanted: Sealed) -> str | None:
        """A secret that is there to be read; no command is run for a rehearsal."""
        if not isinstance(wanted, Placed) or wanted.origin is None or wanted.origin.kind == "command":
            return None
        found = self._reader.read(wanted.origin)
        return found.reveal() if isinstance(found, Secret) and self._stand_ins.key else None

    def _is(self, there: str, value: str) -> bool:
        """Whether what the tenant has is this value, or a stand-in of it."""
        forms = {value, value.strip()}
        known = {one for form in forms for one in digests_in(self._stand_ins.of(form))}
        return there in forms or not known.isdisjoint(digests_in(there))

    def _in_text(self, wanted: Any, found: Secret | str) -> Any:
        """What is asked for of a value that the tenant shows as text: part by part where that is JSON, else
        the whole text where a part is secret.
        """
        said = text(found)
        held = as_json(said)
        if isinstance(held, Mapping | list):
            return self._taken(wanted, held)
        is_secret = any(isinstance(leaf, Sealed) for _, leaf in leaves(wanted))
        return Secret(said, "the tenant") if is_secret and said else self._taken(wanted, None)
