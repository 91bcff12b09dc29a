"""`pull`: the tenant into manifests and definition files, after which there is nothing to plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Tells
from reconciler.kinds.integration.told import (
    draft_ahead,
    named_release,
    newest_components,
)
from reconciler.kinds.table.marks import owned_name
from reconciler.kinds.telling import Untellable
from reconciler.manifests import schemas
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.state import Resource
from reconciler.plan.match import Matched
from reconciler.pull.absent import files_of_absent
from reconciler.pull.definitions import written as definition_file
from reconciler.pull.environments import Environments, Sharing, variables_of
from reconciler.pull.files import Files, environment_example, files_of, schemas_used
from reconciler.pull.folding import Folding, growing
from reconciler.pull.known import Kept, Known, Rules, Work
from reconciler.pull.layout import Layout
from reconciler.pull.objects import Objects, tell
from reconciler.pull.past import Reader
from reconciler.pull.published import Redefining, is_desk_changed, newer
from reconciler.verbs.past import PastTexts
from reconciler.verbs.replacing import replace_files
from reconciler.verbs.seen import Seen, look, text_at, texts_of
from reconciler.verbs.session import (
    Session,
    policy_of_unread_secrets,
    state_folder,
)
from reconciler.verbs.texts import text_file

EXAMPLE = ".env.example"
SCHEMAS = ".schemas"
"""Where editors find what manifests may say."""
_ALL = Rules()
Plain = Callable[[str, str], bool]
"""Whether a text of this key may be written, although nothing proves that it is no secret."""


class Pulled(Struct, frozen=True):
    """What a pull writes: the text of each file by its path below the project's folder, where it is new or
    other than it was. `plain` are the variables whose texts are written because somebody said so, `unread`
    what the tenant did not tell of, or not so that it could be understood. In the files that are `settled`
    nothing is left that only one side says.
    """

    root: Path
    past: PastTexts
    files: Files
    written: Mapping[str, str]
    gone: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


def work_out(seen: Seen, plain: Plain, rules: Rules = _ALL, *, fold: bool = False) -> Pulled:
    """All files of a tenant that was read; with `fold`, instances that are alike as sets."""
    session, matched, selection = seen.session, seen.matched, seen.options.selection
    root, layout = session.project.root, layout_of(session)
    named: set[str] = set()

    def said(key: str, value: str) -> bool:
        if plain(key, value):
            named.add(key)
            return True
        return False

    folding = Folding(matched, seen.sets) if fold else None
    objects = tell(matched, said, seen.inputs, *([folding.names] if folding else []))
    files = Files()
    if not rules.drifted:
        alone = _alone(session) if objects.told else ()
        files = files_of(
            objects, layout, selection, lambda path: (root / path).exists(), _schema, alone, folding
        )
        files.kept += growing(seen.sets, objects.told, session.environment.name)
    new = set(files.texts)
    known = _changed(seen, objects, files, rules)
    refused = "its definition refuses what the tenant has"
    chosen = [(one, path) for one, path in objects.refused if selection.about(Resource(one, {}))]
    files.kept += [Kept(one, path, refused) for one, path in ([] if rules.drifted else chosen)]
    files.kept += known.kept
    files.texts |= known.texts
    gone = [] if rules.drifted else _beside(seen, objects, files)
    written = {path: text for path, text in files.texts.items() if text_at(root / path) != text}
    unread = (*matched.live.unread, *map(str, matched.live.unreadable))
    settled = sorted(new | _settled(matched, known, selection.about))
    return Pulled(root, seen.past, files, written, tuple(gone), unread, tuple(sorted(named)), tuple(settled))


def _alone(session: Session) -> tuple[str, ...]:
    """The environment, where what only it has must say so: where others have manifests already."""
    from reconciler.manifests.load import load

    for other in _others(session):
        desired, _ = load(session.project, other, environ=session.environ, resolve_secrets=False)
        if desired.resources:
            return (session.environment.name,)
    return ()


def _others(session: Session) -> tuple[str, ...]:
    return tuple(one for one in session.project.named if one != session.environment.name)


def _changed(seen: Seen, objects: Objects, files: Files, rules: Rules) -> Known:
    """What the files that are there say otherwise than the tenant."""
    matched, about = seen.matched, seen.options.selection.about
    allowed, texts = policy_of_unread_secrets(seen.session, seen.options), texts_of(seen.session, seen.past)
    is_new = not _owns(matched) and not seen.past.pulled()
    work = Work(matched, allowed, objects.telling, texts, rules, is_new)
    sharing = _sharing(seen, work, set(files.texts))
    told: dict[Address, Mapping[str, object]] = {}
    for address, live in matched.objects.items():
        resource, kind = matched.desired.resources[address], all_kinds()[address.kind]
        if isinstance(kind, Tells) and resource.part_of is None and about(resource):
            try:
                told[address] = kind.told(live, objects.telling)
            except Untellable as error:
                work.found.kept += [Kept(address, "", str(error))] if str(error) else []
                if is_new and sharing.is_shared(resource):
                    sharing.leave_out([resource], prune=False)
    _integrations(seen, work, sharing, told)
    sharing.instances(told)
    work.write(told, lambda one: sharing.is_shared(one) or sharing.is_in_shared_set(one))
    for address, differences in work.apart.items():
        sharing.write(matched.desired.resources[address], told[address], differences)
    if not rules.drifted:
        sharing.leave_out(sharing.shared_absent(about), prune=seen.options.prune)
        sharing.members(about, prune=seen.options.prune)
    files.gaps += sharing.gaps
    return work.found


def _owns(matched: Matched) -> bool:
    """Whether anything in the tenant bears the project's mark."""
    return any(
        owned_name(one.labels, matched.desired.project, kind.name) is not None
        for kind in all_kinds().values()
        if kind.marked
        for one in matched.live.objects.get(kind.name, ())
    )


def _sharing(seen: Seen, work: Work, taken: set[str]) -> Sharing:
    session, root = seen.session, seen.session.project.root
    file = session.project.file.name
    variables = variables_of(work.files.read(file))
    environments = Environments(session.environment.name, _others(session), work.is_new, file, variables)
    return Sharing(
        work, environments, seen.inputs, _schema, lambda path: path in taken or (root / path).exists()
    )


def _integrations(
    seen: Seen, work: Work, sharing: Sharing, told: Mapping[Address, Mapping[str, object]]
) -> None:
    """What people published, or have on their desk where nothing is published."""
    matched, redefining = seen.matched, Redefining(work, seen.inputs)
    published = {
        one.resource.address: one for one in newer(matched, work.files, seen.options.selection.about)
    }
    for address in [one for one in told if one.kind == "Integration"]:
        resource, one = matched.desired.resources[address], published.get(address)
        changes = work.changes(resource)
        if sharing.is_shared(resource):
            is_open = one is not None and not work.is_new and redefining.conflicts(one)
            if not is_open and (one or work.is_new or is_desk_changed(resource, changes)):
                sharing.integration(one, resource, told[address])
            continue
        if one is not None:
            redefining.released(one, told[address])
        redefining.drafted(resource, matched.objects[address], changes)


def _settled(matched: Matched, known: Known, about: Callable[[Resource], bool]) -> set[str]:
    """The files of all of whose resources it is known that nothing is left to say."""
    found: set[str] = set()
    open_ = set(known.open_)
    for address, resource in matched.desired.resources.items():
        definition = resource.fields.get("definition")
        files = {resource.source.file}
        if isinstance(definition, Definition) and definition.component is None:  # a bundle is a folder
            files.add(definition.file)
        found |= files
        if address not in matched.objects or not about(resource):
            open_ |= files
    return {file for file in found - open_ if file}


def _beside(seen: Seen, objects: Objects, files: Files) -> list[str]:
    """Adds what stands beside manifests: drafts, schemas and the names of secrets. What is to be removed."""
    root, matched, selection = seen.session.project.root, seen.matched, seen.options.selection
    drafts = _drafts(objects, seen.inputs, layout_of(seen.session))
    files.texts |= {path: text for path, text in drafts.items() if text}
    files.texts |= {_schema(name): schemas.text(name) for name in sorted(schemas_used(files.texts))}
    if any(gap.proven for gap in files.gaps):
        files.texts[EXAMPLE] = environment_example(files.gaps, text_at(root / EXAMPLE))
    gone = [path for path, text in drafts.items() if not text and (root / path).exists()]
    absent = files_of_absent(matched, selection, lambda path: text_at(root / path))
    if _others(seen.session):
        absent = {one: paths for one, paths in absent.items() if _is_alone(seen, matched, one)}
    if seen.options.prune:
        return gone + [path for paths in absent.values() for path in paths]
    files.kept += [
        Kept(address, "", f"it is not in the tenant: --prune removes {', '.join(paths)}")
        for address, paths in absent.items()
    ]
    return gone


def _is_alone(seen: Seen, matched: Matched, address: Address) -> bool:
    """Whether the manifest is read for this environment alone."""
    resource = matched.desired.resources[address]
    document = Reader().document(texts_of(seen.session, seen.past).read(resource.source.file), address) or {}
    named = document.get("metadata", {}).get("environments")
    return bool(named == [seen.session.environment.name])


def _drafts(objects: Objects, inputs: Inputs, layout: Layout) -> dict[str, str]:
    """The drafts that are ahead of what is published, each in a file of its own; empty for none."""
    integrations = {a: o for a, o in objects.known.items() if a.kind == "Integration"}
    integrations |= {one.address: one.live for one in objects.told if one.address.kind == "Integration"}
    found: dict[str, str] = {}
    for address, live in integrations.items():
        path, text = layout.definition(address, ".draft"), ""
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


def write(pulled: Pulled) -> None:
    """Puts all files in place together: where one cannot be written, all stays as it was. Raises
    ReconcilerError.
    """
    places = {path: (pulled.root / path).resolve() for path in pulled.written}
    try:
        replace_files(
            {place: text_file(place).form.bytes_of(pulled.written[path]) for path, place in places.items()}
        )
        for path in pulled.gone:
            (pulled.root / path).unlink(missing_ok=True)
        state_folder(pulled.past.session)
        pulled.past.remember({path: text_at(pulled.root / path) for path in pulled.settled})
    except OSError as error:
        where = error.filename2 or error.filename or pulled.root
        raise ReconcilerError(
            f"{where} cannot be written: {(error.strerror or 'unknown').lower()}",
            hint="make it writable, and pull again",
        ) from error


def layout_of(session: Session) -> Layout:
    """Where new files stand. Raises InvalidInput where there is no folder for manifests."""
    for entry in session.project.manifests:
        path = session.project.root / entry
        if not any(one in entry for one in "*?[") and (path.is_dir() or entry.endswith("/")):
            folder = f"{entry.rstrip('/')}/" if entry.rstrip("/") not in ("", ".") else ""
            return Layout(folder, session.project.layout)
    raise InvalidInput.of(
        "no-folder",
        "the project file names no folder of manifests to write into",
        hint="add one to spec.manifests: manifests/",
    )


__all__ = ["Plain", "Pulled", "Seen", "look", "work_out", "write"]
