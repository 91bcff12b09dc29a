"""Which steps mend an integration, and why: the three-way comparison of its definition above all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Request, Step, Steps, address_of, source_of
from reconciler.kinds.component import reference
from reconciler.kinds.integration_bundle import bundle_change, without_versions
from reconciler.kinds.labelled import (
    creation,
    ignored,
    label_changes,
    mark_changes,
    named,
    own_mark,
    scalar_changes,
)
from reconciler.kinds.meaning import blank, component_versions, differences, digest, meaning, same
from reconciler.kinds.meaning_secrets import Inputs
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change, Refusal, Verb
from reconciler.model.secret import Secret
from reconciler.model.state import Definition, LiveObject, Resource, Version

PLAIN = ("name", "description", "category")
EMPTY = {"description": "", "category": ""}
GROUPS = (*PLAIN, "labels")
RESTORE = "restore"
"""The step that imports a text that was kept: nothing but what it replaces can tell of it later."""
RELABEL = "labels"
"""The step after it: the labels that the import cleared, and no word in our record."""


@dataclass(frozen=True, slots=True)
class Import:
    """Whether the definition must be imported, what differs, why, and whether the draft is only as the
    platform rewrote it since ("normalised anew").
    """

    needed: bool
    changes: tuple[Change, ...] = ()
    anew: bool = False


def import_needed(request: Request) -> Import:
    """Compares the manifest's definition with the draft's, with the digests of what was sent and observed.

    The observed digest proves that nobody touched the draft since. Where it no longer fits, the meaning
    decides; versions of components, which the meaning passes over under LATEST, are compared with those
    that were observed.
    """
    wanted, live = request.resource.fields.get("definition"), request.live
    if wanted is None or ignored(request.resource, "definition"):
        return Import(False)
    if live is None:
        return Import(True)
    if live.facts.get("imported"):
        # What the server made of the text counts as applied, dropped keys and all.
        return Import(False)
    found = live.fields["definition"].data
    untouched = live.applied.get("observed") == digest(found)
    sent_again = live.applied.get("sent") == sha256(meaning(wanted.data))
    if untouched and sent_again:
        return Import(False)
    # Other versions of components under the same text are someone's change. Under a new text they are our
    # own import's, whose record did not come to be written.
    moved = _moved_components(live, wanted.key) if sent_again and not untouched else []
    why = _cause(live, untouched=untouched, sent_again=sent_again)
    package = bundle_change(request, live, why)
    asked, there = without_versions(wanted.data, wanted), without_versions(found, wanted)
    if same(asked, there) and not moved and package is None:
        return Import(False, anew=bool(live.applied.get("observed")) and not untouched)
    changes = [package] if package else []
    told = differences(asked, there, _inputs_of(request))
    changes += [Change(path, before, after, why) for path, before, after in told]
    changes += [Change(path, now, was, Cause.DRIFT) for path, was, now in moved]
    changes = [
        _veiled(change, request.resource) for change in changes if not ignored(request.resource, change.path)
    ]
    if not changes and blank(found) != blank(wanted.data):
        changes.append(Change("definition", None, wanted, why))
    return Import(bool(changes), tuple(changes))


def _inputs_of(request: Request) -> Inputs:
    """What the tenant's components call their inputs, as far as it was asked."""

    def inputs(component: str, is_public: bool, action: str) -> Mapping[str, str] | None:
        address = Address("Component", reference(component, is_public))
        found = request.resolve(Ref(address, f"inputs:{action}"))
        return found if isinstance(found, Mapping) else None

    return inputs


def _veiled(change: Change, resource: Resource) -> Change:
    """A change of which nothing is told but that it is there, where the manifest calls it sensitive."""
    paths = resource.sensitive
    if not named(change.path, paths) and not any(named(one, [change.path]) for one in paths):
        return change
    before, after = (None if value is None else Secret(str(value)) for value in (change.before, change.after))
    return replace(change, before=before, after=after)


def integration_steps(request: Request, *, adopt: bool) -> Steps:
    """create → import → update → publish → availability, as far as needed.

    An update follows each import, since an import may clear labels and puts the definition's own name and
    description in place (api notes: "Import and update"); it is where the record is written, too.
    """
    live, fields = request.live, request.resource.fields
    steps: list[Step] = []
    importing = import_needed(request)
    changes = list(scalar_changes(request, PLAIN, EMPTY)) + label_changes(request) + mark_changes(request)
    aliases = _alias(request, importing)
    more = pages_of(live) - 1  # an answer shows the first hundred versions, as a page does
    if live is None:
        made = creation(request.resource, (*PLAIN, "labels"))
        steps.append(Step(Verb.CREATE, "does not exist", made, reads=1))
    if importing.needed:
        # createIntegration is given the definition, too, and is expected to obey it.
        writes = 1 if live else 0
        reason = _import_reason(request, importing)
        steps.append(Step(Verb.IMPORT, reason, importing.changes, reads=more, writes=writes))
    if aliases:
        changes.append(Change("release", None, fields["release"]))
    if adopt:
        steps.append(Step(Verb.ADOPT, "exists without an owner", tuple(changes), reads=more))
    elif changes or importing.needed or live is None:
        reason = "differs from the manifest" if changes else "an import resets names and labels"
        steps.append(Step(Verb.UPDATE, reason, tuple(changes), reads=more))
    elif _record_is_missing(request):
        steps.append(Step(Verb.UPDATE, "the record of what was imported is missing", reads=more))
    steps += _publish(request, aliases, looks=1 if steps else 0)
    refusals = _unpublished_draft(request, importing)
    warnings = _published_otherwise(request)
    return Steps(tuple(steps), (*importing.changes, *changes), warnings, refusals)


def pages_of(live: LiveObject | None) -> int:
    """How many pages an integration's versions fill; the draft is one of the rows."""
    return 1 + len(live.versions) // 100 if live else 1


def _record_is_missing(request: Request) -> bool:
    """A run ended between an import and its update. Without the record, the next change in git could not be
    told from a person's. Where not even our mark is kept in the metadata, writing it again would not help.
    """
    live = request.live
    keeps = live is not None and bool(live.facts["mark"])
    return keeps and "definition" in request.resource.fields and not (live and live.applied.get("observed"))


def find_release(live: LiveObject, release: str) -> Version | None:
    """The published version that bears a release's name: by its attributes, else by our metadata. Where two
    runs at once published it twice, all go by the older.
    """
    by_attributes = next((v for v in reversed(live.versions) if v.release == release), None)
    named = live.facts["releases"].get(release)
    return by_attributes or next((v for v in live.versions if v.id == named), None)


def name_of(live: LiveObject, version: Version) -> str:
    """The reverse: the release's name that a published version bears; empty where it bears none."""
    named = (name for name, version_id in live.facts["releases"].items() if version_id == version.id)
    return version.release or next(named, "")


def _publish(request: Request, aliases: dict[str, str], *, looks: int) -> list[Step]:
    """`looks` is how often the draft is read again before it is published."""
    live, fields = request.live, request.resource.fields
    release = _release(request)
    if not release:
        return []
    version = find_release(live, release) if live else None
    if live and aliases:
        version = live.versions[0]
    wanted = None if ignored(request.resource, "available") else fields.get("available")
    steps: list[Step] = []
    again = pages_of(live)  # the answer shows a version, so the draft is read once more
    if version is None:
        before = next((v.release for v in live.versions if v.release), None) if live else None
        change = Change("release", before, release, Cause.PENDING)
        steps.append(
            Step(Verb.PUBLISH, f"release {release} is not published", (change,), reads=(1 + looks) * again)
        )
        if wanted is False:
            change = Change("available", True, False, Cause.PENDING)
            reason = f"release {release} is not to be chosen"
            steps.append(Step(Verb.AVAILABILITY, reason, (change,), reads=again))
    elif wanted is not None and version.available != wanted:
        change = Change("available", version.available, wanted)
        reason = f"the availability of release {release} differs"
        steps.append(Step(Verb.AVAILABILITY, reason, (change,), reads=again))
    return steps


def _alias(request: Request, importing: Import) -> dict[str, str]:
    """The newest version holds just what the manifest asks for, and bears no release's name yet: it was
    published by hand, or the answer to our own publish was lost. It is named instead of doubled.
    """
    live, release = request.live, _release(request)
    if live is None or not release or find_release(live, release) or importing.needed:
        return {}
    newest = unnamed_newest(live)
    return {release: newest.id} if newest else {}


def unnamed_newest(live: LiveObject) -> Version | None:
    """The newest version, if it holds just what the draft does and bears no release's name."""
    newest = next(iter(live.versions), None)
    if newest is None or newest.release or live.facts["hasUnpublishedChanges"]:
        return None
    return None if newest.id in live.facts["releases"].values() else newest


def _release(request: Request) -> str:
    return "" if ignored(request.resource, "release") else request.resource.fields.get("release") or ""


def aliases_of(request: Request) -> dict[str, str]:
    """The release's name to be put into the metadata, with its version's id; usually none."""
    return _alias(request, import_needed(request))


def _cause(live: LiveObject, *, untouched: bool, sent_again: bool) -> Cause:
    if not live.applied.get("observed"):
        return Cause.UNKNOWN
    if untouched:
        return Cause.PENDING
    return Cause.DRIFT if sent_again else Cause.BOTH


def _moved_components(live: LiveObject, own: str) -> list[tuple[str, Any, Any]]:
    """The components whose versions are not those observed, but for a bundle's own one."""
    before, now = live.facts["components"], component_versions(live.fields["definition"].data)
    return [
        (f"definition.components[{key}].version", before[key], now[key])
        for key in sorted(before.keys() & now.keys())
        if key != own and before[key] != now[key]
    ]


def _import_reason(request: Request, importing: Import) -> str:
    live = request.live
    if live is None or blank(live.fields["definition"].data):
        return "the draft has no definition yet"
    if [change.path for change in importing.changes] == ["bundle"]:
        return "it is to run another bundle"
    causes = {change.cause for change in importing.changes}
    if causes == {Cause.PENDING}:
        return "the definition changed in git"
    if causes == {Cause.DRIFT}:
        return "the draft was changed in the tenant"
    return "the definition differs from the draft's"


def _unpublished_draft(request: Request, importing: Import) -> tuple[Refusal, ...]:
    live = request.live
    if live is None or not importing.needed or request.policy.overwrite_drafts:
        return ()
    found: Definition = live.fields["definition"]
    ours = _is_ours(live)
    # A draft of our own making to which the import, or its record, has not come yet is nobody's work.
    if ours or live.facts["created"] or not live.facts["hasUnpublishedChanges"] or blank(found.data):
        return ()
    return (
        Refusal(
            "unpublished-draft",
            f'the draft of "{live.fields["name"]}" has unpublished changes that were not made from these '
            f"manifests; importing would destroy them ({len(importing.changes)} fields)",
            address_of(request.resource),
            "publish or take over the changes, or give --overwrite-drafts",
        ),
    )


def draft_at_stake(step: str, live: LiveObject | None) -> str:
    """The draft's text, where it is not known to be what we last put there: importing destroys it."""
    if live is None or blank(live.fields["definition"].data):
        return ""
    if step != RESTORE and _is_ours(live):
        return ""
    text: str = live.fields["definition"].text
    return text


def _is_ours(live: LiveObject) -> bool:
    """Whether the draft is just as our last import left it."""
    return bool(live.applied.get("observed") == digest(live.fields["definition"].data))


def _published_otherwise(request: Request) -> tuple[Diagnostic, ...]:
    live, fields = request.live, request.resource.fields
    wanted = fields.get("definition")
    if live is None or wanted is None or not fields.get("release"):
        return ()
    version = find_release(live, fields["release"])
    if version is None or not version.definition or version.definition == sha256(meaning(wanted.data)):
        return ()
    return (
        Diagnostic(
            "release-differs",
            f'release "{fields["release"]}" is already published (version {version.number}) from another '
            "definition; a published version never changes",
            source_of(request.resource, "release"),
            address_of(request.resource),
            "give the new definition a release of its own",
            "warning",
        ),
    )


def is_marked(request: Request) -> bool:
    """Whether the draft bears the mark both as a label and in its metadata."""
    live = request.live
    return live is not None and own_mark(request) in live.labels and live.facts["mark"] == own_mark(request)
