"""What is known of an integration beside its fields: by the server, by our record, and by a run alone."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.definition import Definition
from reconciler.model.state import Facts, LiveObject, Notes, Resource

Component = tuple[str, bool]
"""A component's key, and whether it is public."""


class IntegrationFacts(Facts, frozen=True, kw_only=True):
    """What an answer shows. `releases` are names that we gave to versions, `components` the versions that
    were observed; `created` says that the run which created it did not come to its record, and `dropped` that
    the tenant was seen not to keep our attributes; `availability` says what `owed`, `prompt` and `offered`
    are, `attempt` what `publishing` is, and `kept` what it is itself; `unlisted` names, for a release, the
    version whose listing it is still to have.
    """

    has_unpublished_changes: bool = False
    has_outdated_components: bool = False
    sequence: str | None = None
    metadata: object = None
    created: bool = False
    dropped: bool = False
    owed: str = ""
    prompt: bool = False
    kept: Mapping[str, object] = {}
    publishing: Mapping[str, str] = {}
    offered: Mapping[str, bool] = {}
    unlisted: Mapping[str, str] = {}
    releases: Mapping[str, str] = {}
    components: Mapping[str, object] = {}


class IntegrationNotes(Notes, frozen=True):
    """What a run knows of it: that it has `imported` the definition, how the fields were `before` that, and
    which labels it `cleared`; the id with which a publish was answered, and whether the tenant had to be
    `told` to make that available; and what was asked beside the lists.
    """

    imported: bool = False
    before: Mapping[str, object] = {}
    cleared: frozenset[str] = frozenset()
    published: str | None = None
    told: bool = False
    read: Mapping[str, Definition | None] = {}
    """The definitions of versions, by the version's id; None where the server has none."""
    listing: Mapping[str, object] | None = None
    """How the version is offered in the marketplace whose listing the release is to have."""
    shown: Mapping[str, object] | None = None
    """How the release itself is, where a run may have ended before it offered it."""
    listed: bool = False
    """Whether this run has offered it."""
    newest: Mapping[Component, int] | None = None
    """The newest versions of the components of which the draft uses older ones."""


def facts_of(live: LiveObject) -> IntegrationFacts:
    """The facts of an integration."""
    assert isinstance(live.facts, IntegrationFacts)
    return live.facts


def notes_of(live: LiveObject) -> IntegrationNotes:
    """What a run knows of an integration."""
    return live.notes if isinstance(live.notes, IntegrationNotes) else IntegrationNotes()


def draft_of(live: LiveObject) -> Definition:
    """The definition that the draft holds."""
    draft: Definition = live.fields["definition"]
    return draft


def asked_of(resource: Resource) -> Definition | None:
    """The definition that the manifest gives."""
    asked: Definition | None = resource.fields.get("definition")
    return asked
