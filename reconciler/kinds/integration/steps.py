"""Which steps mend an integration, and why, and what a plan says of it besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.kinds.integration.availability import (
    extra_writes,
    is_owed,
    stated,
    why_differs,
    will_be_noted,
)
from reconciler.kinds.integration.draft import (
    FOLLOW,
    Import,
    import_needed,
    is_ahead,
    is_made_from_manifest,
    is_ours,
    names_to_write,
    published_version,
    release_of,
)
from reconciler.kinds.integration.facts import asked_of, draft_of, facts_of
from reconciler.kinds.integration.kept import beside, of_people, to_keep
from reconciler.kinds.integration.latest import moved_on
from reconciler.kinds.integration.listing import LISTING, is_listed, is_unlisted
from reconciler.kinds.integration.release import Found, versions_meant, why_ambiguous
from reconciler.kinds.protocol import Request, Step, Steps, address_of, source_of
from reconciler.kinds.table.absent import absent_fields
from reconciler.kinds.table.labels import (
    creation,
    label_changes,
    mark_changes,
    own_mark,
    people,
    scalar_changes,
)
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Cause, Change, Refusal, Verb
from reconciler.model.state import LiveObject

PLAIN = ("name", "description", "category")
EMPTY = {"description": "", "category": ""}
GROUPS = (*PLAIN, "labels")
RESTORE = "restore"
"""The step that imports a text that was kept: nothing but what it replaces can tell of it later."""
RELABEL = "labels"
"""The step after it: the labels that the import cleared, and no word in our record."""


def integration_steps(request: Request, *, adopt: bool) -> Steps:
    """create → import → update → publish → availability, as far as needed.

    An update follows each import, since an import may clear labels and puts the definition's own name and
    description in place (api notes: "Import and update"); it is where the record is written, too.
    """
    live, fields = request.live, request.resource.fields
    steps: list[Step] = []
    importing = import_needed(request)
    changes = list(scalar_changes(request, PLAIN, EMPTY)) + label_changes(request) + mark_changes(request)
    kept = put_back(request, importing)
    found = versions_meant(live, release_of(request.resource)) if live else Found()
    more = pages_of(live) - 1  # an answer shows the first hundred versions, as a page does
    if live is None:
        made = creation(request.resource, (*PLAIN, "labels"))
        steps.append(Step(Verb.CREATE, "does not exist", made, reads=3))  # two looks, of two queries each
    if importing.needed:
        # createIntegration is given the definition, too, and is expected to obey it.
        writes = (2 if to_keep(request, GROUPS) else 1) if live else 0
        reason = _import_reason(request, importing)
        steps.append(Step(Verb.IMPORT, reason, importing.changes, reads=more, writes=writes))
    if names_to_write(request):
        changes.append(Change("release", None, fields["release"], Cause.PENDING))
    if adopt:
        steps.append(Step(Verb.ADOPT, "exists without an owner", tuple(changes), reads=more))
    elif changes or kept or importing.needed or live is None:
        reason = "differs from the manifest" if changes else "an import resets names and labels"
        steps.append(Step(Verb.UPDATE, reason, (*changes, *kept), reads=more))
    elif facts_of(live).created or facts_of(live).kept:
        did = "created it" if facts_of(live).created else "imported into it"
        steps.append(Step(Verb.UPDATE, f"the run that {did} ended before its record", reads=more))
    steps += [] if found.ambiguous else _publish(request, looks=1 if steps else 0)
    refusals = (
        *_secrets_missing(request, steps),
        *_unpublished_draft(request, importing),
        *_ambiguous(request, found),
        *absent_fields(request),
    )
    acted_on = () if importing.left else importing.changes
    warnings, notes = (
        tuple(_published_otherwise(request)),
        (*_draft_ahead(request), *_components_moved(request, importing)),
    )
    return Steps(tuple(steps), (*acted_on, *changes, *kept), warnings, refusals, notes)


def _secrets_missing(request: Request, steps: Sequence[Step]) -> Iterator[Refusal]:
    """Why a definition is not sent, or published: it names secrets that nobody gives."""
    wanted = asked_of(request.resource)
    if wanted is None or not wanted.lacking:
        return
    if any(step.verb in (Verb.CREATE, Verb.IMPORT, Verb.PUBLISH) for step in steps):
        names = ", ".join(wanted.lacking)
        yield Refusal(
            "secret-missing",
            f"the definition holds secrets that the manifest does not give: {names}",
            address_of(request.resource),
            f"give each: definitionSecrets: {{{wanted.lacking[0]}: {{secret: {{env: NAME}}}}}}",
        )


def put_back(request: Request, importing: Import | None = None) -> tuple[Change, ...]:
    """What is left to people and an import changes: it is as it was before again. With `importing`, what that
    import will change, as far as the definition tells.
    """
    live, resource = request.live, request.resource
    if live is None:
        return ()
    wanted = asked_of(resource)
    after = live.fields
    if importing and importing.needed and wanted is not None:
        after = {**live.fields, **wanted.own_fields}
        if wanted.own_labels is not None:
            after["labels"] = beside(request, "labels", people(wanted.own_labels), live.fields["labels"])
    again = {
        path: beside(request, path, was, after[path]) for path, was in of_people(request, GROUPS).items()
    }
    return tuple(
        Change(path, after[path], was, Cause.PENDING) for path, was in again.items() if was != after[path]
    )


def pages_of(live: LiveObject | None) -> int:
    """How many pages an integration's versions fill; the draft is one of the rows."""
    return 1 + len(live.versions) // 100 if live else 1


def _publish(request: Request, *, looks: int) -> list[Step]:
    """`looks` is how often the draft is read again before it is published."""
    live = request.live
    release, version = release_of(request.resource), published_version(request)
    if not release:
        return []
    wanted = stated(request.resource)
    steps: list[Step] = []
    again = pages_of(live)  # the answer shows a version, so the draft is read once more
    if version is None:
        before = next((v.release for v in live.versions if v.release), None) if live else None
        change = Change("release", before, release, Cause.PENDING)
        reads, writes = (1 + looks) * again, 1 + extra_writes(request, updating=bool(looks))
        reason = f"release {release} is not published"
        steps.append(Step(Verb.PUBLISH, reason, (change,), reads=reads, writes=writes))
        if is_listed(request):
            reason = "how the version before it is offered in the marketplace goes on with it"
            steps.append(Step(Verb.AVAILABILITY, reason, name=LISTING, reads=again, writes=2))
        if wanted is False:
            change = Change("available", True, False, Cause.PENDING)
            reason = f"release {release} is not to be chosen"
            steps.append(Step(Verb.AVAILABILITY, reason, (change,), reads=again, writes=2))
        return steps
    if is_unlisted(request):
        reason = f"the run that published release {release} ended before it was offered in the marketplace"
        steps.append(Step(Verb.AVAILABILITY, reason, name=LISTING, reads=again, writes=2))
    if wanted is not None and version.available != wanted:
        change = Change("available", version.available, wanted, why_differs(request, version))
        reason = f"the availability of release {release} differs"
        writes = 2 if will_be_noted(request, version) else 1
        steps.append(Step(Verb.AVAILABILITY, reason, (change,), reads=again, writes=writes))
    elif is_owed(request, version):
        change = Change("available", False, True, Cause.PENDING)
        reason = f"the run that published release {release} ended before it could be chosen"
        steps.append(Step(Verb.AVAILABILITY, reason, (change,), reads=again, writes=2))
    return steps


def _import_reason(request: Request, importing: Import) -> str:
    live = request.live
    if live is None or draft_of(live).is_blank:
        return "the draft has no definition yet"
    if [change.path for change in importing.changes] == ["bundle"]:
        return "it is to run another bundle"
    if importing.resolved:
        return "components have moved on since they were imported as LATEST"
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
    found = draft_of(live)
    # A draft of our own making to which the import, or its record, has not come yet is nobody's work.
    ours = is_ours(live) or facts_of(live).created
    if ours or importing.resolved or not facts_of(live).has_unpublished_changes or found.is_blank:
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


def _ambiguous(request: Request, found: Found) -> tuple[Refusal, ...]:
    if not found.ambiguous:
        return ()
    address = address_of(request.resource)
    message, hint = why_ambiguous(release_of(request.resource), address, found.versions)
    return (Refusal("ambiguous", message, address, hint),)


def draft_at_stake(step: str, live: LiveObject | None) -> str:
    """The draft's text, where it is not known to be what we last put there: importing destroys it."""
    if live is None or draft_of(live).is_blank:
        return ""
    return "" if step != RESTORE and is_ours(live) else draft_of(live).text


def _published_otherwise(request: Request) -> Iterator[Diagnostic]:
    version = published_version(request)
    if version is None or is_made_from_manifest(request, version) is not False:
        return
    release = release_of(request.resource)
    follows = request.resource.fields.get("draft") == FOLLOW
    yield Diagnostic(
        "release-differs",
        f'release "{release}" is already published (version {version.number}) from another definition than '
        f"git's, and a published version never changes{'' if follows else ': nothing is imported'}",
        source_of(request.resource, "release"),
        address_of(request.resource),
        "to publish git's definition, give it a release of its own",
        "warning",
    )


def _draft_ahead(request: Request) -> Iterator[Diagnostic]:
    """What stands on a person's desk, and is left there."""
    version, importing = published_version(request), import_needed(request)
    if version is None or not importing.left or not is_ahead(request, version):
        return
    release = release_of(request.resource)
    yield Diagnostic(
        "draft-ahead",
        f'the draft is ahead of release "{release}" (version {version.number}), in '
        f"{_counted(len(importing.changes))}, and is left as it is",
        source_of(request.resource, "definition"),
        address_of(request.resource),
        severity="note",
    )


def _components_moved(request: Request, importing: Import) -> Iterator[Diagnostic]:
    """What LATEST means by now, where no new release takes it along."""
    moved = [] if importing.needed else moved_on(request)
    if moved:
        moves = ", ".join(f"{key} from {before} to {after}" for (key, _), before, after in moved)
        yield Diagnostic(
            "component-moved",
            f"components have moved on since LATEST was imported; the next release takes it along: {moves}",
            source_of(request.resource, "definition"),
            address_of(request.resource),
            severity="note",
        )


def _counted(number: int) -> str:
    return f"{number} field{'' if number == 1 else 's'}"


def is_marked(request: Request) -> bool:
    """Whether the draft bears the mark both as a label and in its metadata."""
    live = request.live
    return live is not None and own_mark(request) in live.labels and live.facts.mark == own_mark(request)
