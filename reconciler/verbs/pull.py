"""`pull`: the tenant into manifests and definition files, after which there is nothing to plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import AskedFurther
from reconciler.kinds.component import KnownInputs, reference
from reconciler.kinds.integration.told import (
    definition_told,
    draft_ahead,
    named_release,
    newest_components,
    unread,
)
from reconciler.kinds.telling import Untellable
from reconciler.manifests import schemas
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.sets import sets_of
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched, match
from reconciler.pull.absent import files_of_absent
from reconciler.pull.definitions import written as definition_file
from reconciler.pull.files import Files, environment_example, files_of, schemas_used
from reconciler.pull.folding import Folding, growing
from reconciler.pull.known import Kept, Known, changed
from reconciler.pull.layout import definition_path
from reconciler.pull.objects import Objects, kinds_told, tell
from reconciler.verbs.replacing import replace_file
from reconciler.verbs.session import Options, Session, connect, load_desired, policy_of_unread_secrets

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.tenant import Tenant

EXAMPLE = ".env.example"
SCHEMAS = ".schemas"
"""Where editors find what manifests may say."""
Plain = Callable[[str, str], bool]
"""Whether a text of this key may be written, although nothing proves that it is no secret."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Both sides as they were read: which objects the manifests have, and what components call inputs."""

    session: Session
    options: Options
    matched: Matched
    inputs: Inputs
    sets: Mapping[str, Manifest] = field(default_factory=dict)
    """The sets that there are."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull writes: the text of each file by its path below the project's folder, where it is new or
    other than it was. `plain` are the variables whose texts are written because somebody said so, `unread`
    what the tenant did not tell of, or not so that it could be understood.
    """

    root: Path
    files: Files
    written: Mapping[str, str]
    gone: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


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
        live = await fetch(client, kinds_told(), needed=kinds_named(desired), concurrency=options.parallelism)
        live = await _with_published(Tenant(client), live)
        matched = match(desired, live)
        await look_further(
            client,
            list(matched.objects),
            lambda address: matched.request(address, allowed),
            matched.learn,
            matched.puzzled,
        )
        return Seen(session, options, matched, await _inputs(client, live), sets_of(there.project))


def work_out(seen: Seen, plain: Plain, *, fold: bool = False) -> Pulled:
    """All files of a tenant that was read; with `fold`, instances that are alike as sets."""
    session, matched = seen.session, seen.matched
    root, folder, selection = session.project.root, manifest_folder(session), seen.options.selection
    named: set[str] = set()

    def said(key: str, value: str) -> bool:
        if plain(key, value):
            named.add(key)
            return True
        return False

    folding = Folding(matched, seen.sets) if fold else None
    objects = tell(matched, said, seen.inputs, *([folding.names] if folding else []))
    files = files_of(objects, folder, selection, lambda path: (root / path).exists(), _schema, folding)
    known = changed(
        matched,
        policy_of_unread_secrets(session, seen.options),
        objects.telling,
        lambda path: _text(root / path),
        selection.about,
    )
    files.kept += (*known.kept, *growing(seen.sets, objects.told))
    files.texts |= known.texts
    files.texts |= _definitions(known, matched, seen.inputs, files)
    drafts = _drafts(objects, seen.inputs)
    files.texts |= {path: text for path, text in drafts.items() if text}
    files.texts |= {_schema(name): schemas.text(name) for name in sorted(schemas_used(files.texts))}
    if any(gap.proven for gap in files.gaps):
        files.texts[EXAMPLE] = environment_example(files.gaps, _text(root / EXAMPLE))
    written = {path: text for path, text in files.texts.items() if _text(root / path) != text}
    gone = [path for path, text in drafts.items() if not text and (root / path).exists()]
    absent = files_of_absent(matched, selection, lambda path: _text(root / path))
    gone += [path for paths in absent.values() for path in paths] if seen.options.prune else []
    files.kept += [
        Kept(address, "", f"it is not in the tenant: --prune removes {', '.join(paths)}")
        for address, paths in absent.items()
        if not seen.options.prune
    ]
    unread = (*matched.live.unread, *map(str, matched.live.unreadable))
    return Pulled(root, files, written, tuple(gone), unread, tuple(sorted(named)))


def _definitions(known: Known, matched: Matched, inputs: Inputs, files: Files) -> dict[str, str]:
    """The definition files of what people changed."""
    found: dict[str, str] = {}
    for address, live in known.published.items():
        definition = matched.desired.resources[address].fields.get("definition")
        if not isinstance(definition, Definition):
            continue
        if definition.component is not None:
            files.kept.append(Kept(address, "definition", "it is made by a bundle"))
            continue
        try:
            found[definition.file] = definition_file(
                definition_told(live), newest_components(live), inputs
            ).text
        except Untellable as error:
            files.kept.append(Kept(address, "definition", str(error)))
    return found


def _drafts(objects: Objects, inputs: Inputs) -> dict[str, str]:
    """The drafts that are ahead of what is published, each in a file of its own; empty for none."""
    integrations = {a: o for a, o in objects.known.items() if a.kind == "Integration"}
    integrations |= {one.address: one.live for one in objects.told if one.address.kind == "Integration"}
    found: dict[str, str] = {}
    for address, live in integrations.items():
        path, text = definition_path(address, ".draft"), ""
        if (draft := draft_ahead(live)) is not None:
            with suppress(Untellable):
                head = (
                    f"# The draft, which is ahead of release {named_release(live)[1]}. No manifest names it."
                )
                text = f"{head}\n{definition_file(draft, newest_components(live), inputs).text}"
        found[path] = text
    return found


def _schema(kind: str) -> str:
    return f"{SCHEMAS}/{kind.lower()}.json"


def _text(path: Path) -> str:
    """What stands in a file; nothing where there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ReconcilerError(f"{path} cannot be read", hint="make it readable, as UTF-8") from error


def write(pulled: Pulled) -> None:
    """Puts all files in place, each at once. Raises ReconcilerError."""
    for path, text in pulled.written.items():
        target = pulled.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, text.encode())
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise ReconcilerError(
                f"{path} cannot be written: {reason}", hint="make it writable, and pull again"
            ) from error
    for path in pulled.gone:
        (pulled.root / path).unlink(missing_ok=True)


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
