"""Integration: a draft with a definition, and the versions that were published from it.

The draft's id is the integration's for ever; each publish makes a version with an id of its own (api notes:
"Integrations and their versions"). A release is our name for a version, kept in its attributes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import structs

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds.capabilities import (
    Affects,
    Destroys,
    ExplainsAbsence,
    FollowUp,
    Foretells,
    Glanced,
    HoldsYaml,
    InSteps,
    NeedsOfTenant,
    Paged,
    Publishes,
    Readiness,
    Recorded,
    Tells,
)
from reconciler.kinds.integration import availability
from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.availability import not_available
from reconciler.kinds.integration.calls import call
from reconciler.kinds.integration.draft import (
    NAMED,
    comparison,
    import_needed,
    is_a_desk,
    names_to_write,
    published_version,
)
from reconciler.kinds.integration.facts import IntegrationNotes, draft_of, facts_of, notes_of
from reconciler.kinds.integration.impact import impact
from reconciler.kinds.integration.kept import going_along, to_keep
from reconciler.kinds.integration.latest import newest
from reconciler.kinds.integration.listing import LISTING, heard, is_listed, listing_shown
from reconciler.kinds.integration.memory import facts, is_written, parse_version, remembers
from reconciler.kinds.integration.needs import definition_needs
from reconciler.kinds.integration.node import IntegrationNode
from reconciler.kinds.integration.publish import naming_update
from reconciler.kinds.integration.questions import asked_lately, covered_notes, next_question
from reconciler.kinds.integration.release import (
    find_release,
    told_of_versions,
    why_not_published,
)
from reconciler.kinds.integration.rows import ROWS, RULES
from reconciler.kinds.integration.source import needed_component
from reconciler.kinds.integration.steps import (
    GROUPS,
    PLAIN,
    RELABEL,
    draft_at_stake,
    integration_steps,
    pages_of,
)
from reconciler.kinds.integration.told import integration_told
from reconciler.kinds.integration.versions import older, with_older
from reconciler.kinds.nodes import every, fitted
from reconciler.kinds.protocol import Policy, Request, Steps, address_of
from reconciler.kinds.table.labels import as_live, denied, labels_left, own_mark, people
from reconciler.kinds.table.marks import is_protected, marks_of
from reconciler.kinds.table.plain import PlainKind
from reconciler.kinds.telling import Telling
from reconciler.kinds.whole import AskedWhole
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import sha256
from reconciler.model.errors import PayloadError
from reconciler.model.needs import Need
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.refs import KeysRef, ReleaseNameRef, ReleaseRef, SequenceRef
from reconciler.model.state import LiveObject, Memory, Resource


class IntegrationKind(
    PlainKind,
    Affects,
    AskedWhole,
    Destroys,
    ExplainsAbsence,
    FollowUp,
    Foretells,
    Glanced,
    HoldsYaml,
    InSteps,
    Paged,
    Publishes,
    Readiness,
    Recorded,
    NeedsOfTenant,
    Tells,
):
    """One integration, made from a definition file or from a bundle."""

    name = "Integration"
    fields = ROWS
    rules = RULES
    example = "slack-sync"
    list_name = "integrations"
    key_names: tuple[str, ...] = ("name",)
    page_size = 20
    yaml_fields: tuple[str, ...] = ("definition",)
    provides: tuple[Verb, ...] = (Verb.PUBLISH, Verb.AVAILABILITY, Verb.UPDATE)

    def queries(self, live: LiveObject) -> int:
        """One for each hundred versions, among which the draft counts."""
        return pages_of(live)

    def is_begun(self, live: LiveObject) -> bool:
        """Whether the run which created it came no further."""
        return facts_of(live).created

    def glance(self, offset: int) -> Operation:
        """Labels and metadata: an import may clear the one, and never touches the other."""
        return Operation(self.list_name, self._documents["glance"], {"offset": offset})

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Also by the mark that its metadata remembers, where it wears none."""
        return own_mark(request) in marks_of(live)

    def next_part(self, node: Mapping[str, object]) -> Operation | None:
        """Older versions: a page holds a hundred, and an integration may have more."""
        return older(node, "integration", self._documents["versions"])

    def with_part(self, node: Mapping[str, object], part: Mapping[str, object]) -> Mapping[str, object]:
        """The node with further versions; a page that brings nothing ends the list."""
        return with_older(node, part, "integration")

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """A draft as the API shows it. Rows of the sequence that are the draft itself are left out."""
        shown = fitted(IntegrationNode, node, self.name)
        labels = frozenset(shown.labels or ())
        record.checked_metadata(shown.metadata)
        memory = record.recalled(shown.metadata)
        tree = shown.definition_data if isinstance(shown.definition_data, Mapping) else {}
        return LiveObject(
            kind=self.name,
            id=shown.id,
            fields={
                "name": shown.name,
                "description": shown.description or "",
                "category": shown.category or "",
                "labels": people(labels),
                "definition": Definition(shown.definition or "", tree),
            },
            labels=labels,
            facts=facts(shown, memory),
            versions=tuple(parse_version(row) for row in every(shown.version_sequence) if row.id != shown.id),
            record=Memory(record.text_map(memory.get("applied"))),
            denied=denied(node),
            notes=IntegrationNotes(newest=newest(shown), listing=listing_shown(shown)),
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The name, which is not unique."""
        name = str(resource.fields.get("name") or "").strip()
        return [("name", name)] if name else []

    def live_key(self, live: LiveObject, name: str) -> object:
        """The name, around which a tenant may keep no blanks."""
        return str(live.fields["name"]).strip()

    def told(self, live: LiveObject, telling: Telling) -> Mapping[str, object]:
        """The newest version, with a name that means it."""
        return integration_told(live)

    def adoptable(self, key: str) -> bool:
        """A name alone does not prove that it is the same integration."""
        return False

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """What its definition names and a manifest declares, and the package that it runs."""
        named = [Ref(address) for address in resource.fields.get("uses", ())]
        return [*named, *needed_component(resource)]

    def value(self, live: LiveObject, ref: Ref) -> object:
        """Its id and its sequence's; of its versions, which release or number they are, and the reverse; the
        keys of the newest, where the draft tells them.
        """
        if isinstance(ref, KeysRef):
            newest = next((v.id for v in live.versions), None)
            is_draft = newest == ref.version_id and not facts_of(live).has_unpublished_changes
            draft = draft_of(live)
            return (tuple(draft.variables), tuple(draft.flow_names)) if is_draft else None
        if isinstance(ref, SequenceRef):
            return facts_of(live).sequence
        return told_of_versions(live, ref) or super().value(live, ref)

    def will_be(self, request: Request, ref: Ref) -> object:
        """The version that the manifest's release is about to be the name of, and the reverse."""
        if isinstance(ref, ReleaseRef):
            return names_to_write(request).get(ref.name)
        if isinstance(ref, ReleaseNameRef):
            return next(
                (name for name, version in names_to_write(request).items() if version == ref.version_id), None
            )
        return None

    def open_question(self, request: Request) -> Operation | None:
        """What the version was made from that the manifest's release is, or may be given to; which of the
        draft's components have moved on; and how the version before a new one is offered.
        """
        return next_question(request, self._documents)

    def covered(self, live: LiveObject, inputs: Inputs) -> LiveObject:
        """What its versions were made from."""
        return structs.replace(live, notes=covered_notes(live, inputs))

    def questions(self, live: LiveObject, used: Collection[str]) -> Sequence[Operation]:
        """Of the newest versions and of those in use: what they are, and how they are offered."""
        return asked_lately(live, used, self._documents)

    def answered(self, live: LiveObject, op: Operation, found: LiveObject | None) -> LiveObject:
        """The definition of that version, how it is offered, or the newest versions of components."""
        if op.document == self._documents["listing"]:
            return structs.replace(live, notes=heard(live, notes_of(found).listing if found else None))
        if op.document == self._documents["outdated"]:
            known = notes_of(found).newest if found else None
            return structs.replace(live, notes=structs.replace(notes_of(live), newest=known or {}))
        read = {**notes_of(live).read, op.variables["id"]: draft_of(found) if found else None}
        return structs.replace(live, notes=structs.replace(notes_of(live), read=read))

    def baseline(self, request: Request) -> Resource:
        """All of it as it stands. A draft that git's definition is not, is nobody's but a person's, and a
        release that is not published has no name to be written down.
        """
        fields = as_live(request, (*PLAIN, "labels"))
        if not comparison(request).needed:
            fields |= {k: v for k, v in request.resource.fields.items() if k == "definition"}
        if version := published_version(request):
            fields |= {"release": request.resource.fields["release"], NAMED: version.id}
        return structs.replace(request.resource, fields=fields)

    def recorded(self, live: LiveObject, policy: Policy) -> bool:
        """Also with a version that we published."""
        return bool(live.applied or any(v.observed for v in live.versions))

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """Its id, and the release that the manifest publishes."""
        publishes = isinstance(ref, ReleaseRef) and ref.name == resource.fields.get("release")
        return publishes or super().promises(resource, ref)

    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """A release that neither this tenant has nor this plan publishes."""
        return why_not_published(ref, live)

    def needs_of_tenant(self, resource: Resource) -> Sequence[Need]:
        """The components and the shared connections that its definition names."""
        return definition_needs(resource)

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """create → import → update → publish → availability, as far as needed."""
        return integration_steps(request, adopt=adopt)

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The mutation of each step."""
        name, values = call(step, verb, request)
        back = going_along(request, GROUPS) if verb is Verb.IMPORT else None
        return self._mutation(name, values, request, back)

    def observed(
        self, verb: Verb, node: Mapping[str, object], before: LiveObject | None = None
    ) -> LiveObject | None:
        """Publish and availability answer with the version, so the draft must be read again. How it was
        before an import is noted, to be put back by the update that follows as far as it is not git's.
        """
        if verb in (Verb.PUBLISH, Verb.AVAILABILITY, Verb.DELETE):
            return None
        live = self.parse(node)
        listing = notes_of(before).listing if before else None
        if verb is not Verb.IMPORT:
            return structs.replace(live, notes=structs.replace(notes_of(live), listing=listing))
        lost = (before.labels if before else frozenset()) - live.labels
        fields = {name: before.fields[name] for name in GROUPS} if before else {}
        return structs.replace(live, notes=IntegrationNotes(True, fields, lost, listing=listing))

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the draft or its versions already are as the step would make them."""
        live, fields = request.live, request.resource.fields
        if live is None or verb is Verb.DELETE:
            return False
        if verb is Verb.FORGET:
            return set(labels_left(request)) == live.labels and not remembers(request)
        if verb is Verb.IMPORT:
            return not import_needed(request).needed
        if step == RELABEL:
            return not notes_of(live).cleared
        if verb in (Verb.UPDATE, Verb.ADOPT):
            return is_written(request)
        if verb is Verb.PUBLISH:
            return published_version(request) is not None
        version = find_release(live, fields.get("release", ""))
        if step == LISTING:
            return not is_listed(request)
        if verb is Verb.AVAILABILITY:
            return version is not None and version.available == fields.get("available", True)
        return verb is Verb.CREATE

    def destroys(self, step: str, verb: Verb, request: Request) -> str:
        """The draft that an import replaces, where people may have changed it."""
        return draft_at_stake(step, request.live) if verb is Verb.IMPORT else ""

    def unready(self, verb: Verb, request: Request) -> str:
        """A published version may become available a while after the answer (api notes: "Asynchronous")."""
        fields = request.resource.fields
        if verb is not Verb.PUBLISH or request.live is None:
            return ""
        version = find_release(request.live, fields["release"])
        if version is None:
            return f'release "{fields["release"]}" to appear among the versions'
        if not_available(request):
            return f'release "{fields["release"]}" (version {version.number}) to become available'
        return ""

    def noted(self, verb: Verb, node: Mapping[str, object], known: LiveObject) -> LiveObject:
        """The version that a publish answers with; that a tenant had to be told of it."""
        if verb is Verb.AVAILABILITY:
            return structs.replace(known, notes=availability.noted(known, node))
        if verb is not Verb.PUBLISH:
            return known
        version_id = node.get("id")
        answered = version_id if isinstance(version_id, str) else None
        return structs.replace(known, notes=structs.replace(notes_of(known), published=answered))

    def announced(self, verb: Verb, request: Request) -> Operation | None:
        """Before a publish what is still to be done for the version, where no update has noted it; before an
        import what people wrote into ignored fields.
        """
        note = to_keep(request, GROUPS) if verb is Verb.IMPORT else None
        note = availability.announced(request) if verb is Verb.PUBLISH else note
        return self._noting(note, request) if note else None

    def hastened(self, verb: Verb, request: Request) -> Operation | None:
        """Makes a published version available."""
        version = not_available(request) if verb is Verb.PUBLISH else None
        if version is None:
            return None
        values = {"id": version.id, "available": True}
        return self._mutation("updateIntegrationVersionAvailability", values, request)

    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Whether the draft that is to be published is another than was imported, by whomever: a run that
        imports its own leaves a record that agrees with it.
        """
        live = request.live
        if verb is not Verb.PUBLISH or live is None or "definition" not in request.resource.fields:
            return False
        # A run may have ended between an import and its record: what git says is what is to be published.
        return bool(live.applied.get("observed")) and comparison(request).needed

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """Gives the release's name to what was published, where that does not bear it; notes that it can be
        chosen by now.
        """
        if error and not isinstance(error, PayloadError):
            return None
        if verb is Verb.PUBLISH and (values := naming_update(request, error)):
            return self._mutation("updateIntegration", values, request)
        note = availability.settled(request, verb) if verb in (Verb.PUBLISH, Verb.AVAILABILITY) else None
        return self._noting(note, request) if note and not error else None

    def impact(self, request: Request, followers: Sequence[Request]) -> Steps:
        """What another version means for the instances that will run it."""
        return impact(request, [one for one in followers if one.resource.kind == "Instance"])

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """The draft's fields, labels and protection, its versions and, where it is not left to people, its
        definition.
        """
        fields = {k: v for k, v in live.fields.items() if k != "definition"}
        versions = [[v.id, v.release] for v in live.versions]
        text = "" if resource and is_a_desk(resource, live) else draft_of(live).digest
        ours = [facts_of(live).releases, is_protected(live)]
        return sha256([live.id, fields, sorted(live.labels), text, versions, ours])

    def _noting(self, metadata: str, request: Request) -> Operation:
        assert request.live is not None
        return self._mutation("updateIntegration", {"id": request.live.id, "metadata": metadata}, request)

    def _mutation(
        self,
        name: str,
        values: Mapping[str, object],
        request: Request,
        back: Mapping[str, object] | None = None,
    ) -> Operation:
        return Operation(
            name,
            self._documents["importAndPutBack" if back else name],
            {"input": values, **({"back": back} if back else {})},
            result="integration",
            repeatable=name not in ("createIntegration", "publishIntegration"),
            address=address_of(request.resource),
            timeout=120,
        )
