"""`pull`: the tenant into manifests and definition files, after which there is nothing to plan."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from reconciler.definition.withheld import Inputs
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import AskedFurther, Tells
from reconciler.kinds.component import KnownInputs, reference
from reconciler.kinds.integration.told import definition_told, unread
from reconciler.kinds.protocol import Kind
from reconciler.kinds.telling import Untellable
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import match
from reconciler.pull.files import Files, files_of
from reconciler.pull.objects import LISTING, tell
from reconciler.verbs.session import Options, Session, connect, load_desired, policy

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.tenant import Tenant

Plain = Callable[[str, str], bool]
"""Whether a text of this key may be written, although nothing proves that it is no secret."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull writes: the text of each file by its path below the project's folder."""

    root: Path
    files: Files
    written: Mapping[str, str] = field(default_factory=dict)
    """The files whose texts are new, or other than they were."""


async def pull(session: Session, options: Options, plain: Plain) -> Pulled:
    """Reads the tenant and works out all files. Nothing is written, neither here nor there.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    from reconciler.live.fetch import fetch, kinds_named
    from reconciler.live.tenant import Tenant
    from reconciler.verbs.further import look_further

    folder = manifest_folder(session)
    desired, _ = load_desired(session)
    allowed = replace(policy(session, options), secret_key=None)
    async with connect(session, read_only=True, parallelism=options.parallelism) as client:
        live = await fetch(client, _kinds(), needed=kinds_named(desired), concurrency=options.parallelism)
        live = await _with_published(Tenant(client), live)
        matched = match(desired, live)
        await look_further(
            client,
            list(matched.objects),
            lambda address: matched.request(address, allowed),
            matched.learn,
            matched.puzzled,
        )
        inputs = await _inputs(client, live)
    objects = tell(matched, plain, inputs)
    files = files_of(objects, folder, lambda path: (session.project.root / path).exists(), {})
    return Pulled(session.project.root, files, files.texts)


def write(pulled: Pulled) -> None:
    """Puts all files in place, each at once. Raises ReconcilerError."""
    for path, text in pulled.written.items():
        target = pulled.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(target, text.encode())
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise ReconcilerError(
                f"{path} cannot be written: {reason}", hint="make it writable, and pull again"
            ) from error


def manifest_folder(session: Session) -> str:
    """The folder in which manifests are written, with a slash at its end. Raises InvalidInput."""
    for entry in session.project.manifests:
        path = session.project.root / entry
        if not any(one in entry for one in "*?[") and (path.is_dir() or entry.endswith("/")):
            return f"{entry.rstrip('/')}/" if entry.rstrip("/") not in ("", ".") else ""
    raise InvalidInput.of(
        "no-folder",
        "the project file names no folder of manifests to write into",
        hint="add one to spec.manifests: manifests/",
    )


def _kinds() -> list[Kind]:
    """The kinds of which manifests are written."""
    return [
        kind
        for kind in all_kinds().values()
        if isinstance(kind, Tells) and kind.declared and (kind.stands_alone or kind.name == LISTING)
    ]


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
    return replace(live, objects={**live.objects, "Integration": tuple(found[one.id] for one in objects)})


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


def _put(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
