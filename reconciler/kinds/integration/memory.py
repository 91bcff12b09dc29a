"""What we write on an integration: in the draft's metadata, and with each version that we publish."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.attempt import PUBLISHING, attempt
from reconciler.kinds.integration.availability import OFFERED, OWED, PROMPT, offers, to_be_remembered
from reconciler.kinds.integration.draft import comparison, names_to_write, sent_digest
from reconciler.kinds.integration.facts import IntegrationFacts, draft_of, facts_of, notes_of
from reconciler.kinds.integration.kept import parse_kept
from reconciler.kinds.integration.listing import LISTING, to_be_listed
from reconciler.kinds.integration.node import IntegrationNode, VersionNode
from reconciler.kinds.integration.steps import EMPTY, GROUPS, PLAIN, integration_steps, is_marked
from reconciler.kinds.nodes import known
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.absent import Doubtful
from reconciler.kinds.table.labels import PROTECTION, digests_of, own_mark, people, plain, to_send
from reconciler.kinds.table.marks import project_of
from reconciler.model.state import Version

_DOUBTFUL = Doubtful.of({name: name for name in ("description", "category", "labels")})


def parse_version(shown: VersionNode) -> Version:
    """A published version, with what we wrote along with it."""
    ours = record.text_map(record.our_part(shown.version_attributes))
    comment, trailers = record.without_trailers(shown.version_comment or "")
    return Version(
        id=shown.id,
        number=shown.version_number,
        available=shown.version_is_available,
        release=ours.get("release") or trailers.get("release"),
        comment=comment,
        definition=ours.get("definition") or trailers.get("definition", ""),
        observed=ours.get("observed", ""),
        offered=record.our_part(shown.version_attributes).get(OFFERED) is True,
    )


def facts(shown: IntegrationNode, memory: Mapping[str, object]) -> IntegrationFacts:
    """What an answer tells of a draft beside its fields, with what its metadata remembers."""
    mark = memory.get("mark")
    return IntegrationFacts(
        absent=_DOUBTFUL.unset(shown),
        mark=mark if isinstance(mark, str) else None,
        protect=bool(memory.get("protect")),
        has_unpublished_changes=bool(shown.has_unpublished_changes),
        has_outdated_components=bool(shown.has_outdated_components),
        sequence=known(shown.version_sequence_id),
        metadata=known(shown.metadata),
        created=bool(memory.get("created")),
        dropped=bool(memory.get("dropped")),
        owed=owed if isinstance(owed := memory.get(OWED), str) else "",
        prompt=memory.get(PROMPT) is True,
        kept=parse_kept(memory),
        publishing=record.text_map(memory.get(PUBLISHING)),
        unlisted=record.text_map(memory.get(LISTING)),
        offered=record.truth_map(memory.get(OFFERED)),
        releases=record.text_map(memory.get("releases")),
        components=record.json_map(memory.get("components")),
    )


def metadata_of_creation(request: Request) -> str:
    """The metadata of a new integration, whose record has not come yet."""
    return record.remembering(None, {**_ownership(request), "created": True})


def metadata_of_update(request: Request, names: Mapping[str, str], *, dropped: bool = False) -> str:
    """The metadata with mark, record and releases; `names` are given to versions with it. `dropped` says that
    a version was seen not to keep our attributes.
    """
    live = request.live
    assert live is not None
    part = {
        **_ownership(request),
        "applied": _record(request),
        "releases": {**facts_of(live).releases, **names},
        "components": draft_of(live).component_versions,
        **({"dropped": True} if dropped or facts_of(live).dropped else {}),
        **to_be_remembered(request, names),
        **to_be_listed(request, names),
        **attempt(request, names),
    }
    return record.remembering(facts_of(live).metadata, part)


def is_written(request: Request) -> bool:
    """Whether the draft bears all that an update would write."""
    live = request.live
    assert live is not None
    if integration_steps(request, adopt=False).changes or not is_marked(request) or notes_of(live).cleared:
        return False
    if facts_of(live).kept:
        return False
    if offers(request, {}) != facts_of(live).offered:
        return False
    return _record(request) == live.applied and not names_to_write(request)


def remembers(request: Request) -> bool:
    """Whether there is a record in the metadata, and no other project's."""
    live = request.live
    if live is None or not record.our_part(facts_of(live).metadata):
        return False
    return live.facts.mark is None or project_of(live.facts.mark) == request.project.lower()


def _ownership(request: Request) -> dict[str, object]:
    protection = {"protect": True} if request.resource.protect else {}
    return {"mark": own_mark(request), **protection}


def _record(request: Request) -> dict[str, str]:
    """The applied record to write: of each mentioned field, and of the definition as sent and as observed."""
    fields, live = request.resource.fields, request.live
    assert live is not None
    values: dict[str, object] = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
    if to_send(request, ("labels",)):
        values["labels"] = people(fields["labels"])
    out = digests_of(request, values)
    if to_send(request, ("definition",)) and not comparison(request).needed:
        out["sent"] = sent_digest(request.resource)
        out["observed"] = draft_of(live).digest
    groups = (*GROUPS, PROTECTION, "sent", "observed")
    return {group: out[group] for group in groups if group in out}
