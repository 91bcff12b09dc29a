"""Integration: a draft with a definition, and the versions that were published from it.

The draft's id is the integration's for ever; each publish makes a version with an id of its own (api notes:
"Integrations and their versions"). A release is our name for a version, kept in its attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.definition import Definition
from reconciler.kinds.capabilities import (
    Affects,
    AskedFurther,
    Destroys,
    ExplainsAbsence,
    FollowUp,
    Foretells,
    Glanced,
    HoldsYaml,
    Paged,
    Publishes,
    Readiness,
    Recorded,
)
from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.draft import (
    READ,
    compared,
    import_needed,
    is_a_desk,
    naming,
    published,
    to_be_read,
)
from reconciler.kinds.integration.impact import impact
from reconciler.kinds.integration.latest import NEWEST, is_to_be_asked, newest
from reconciler.kinds.integration.memory import (
    is_written,
    of_creation,
    of_update,
    parse_version,
    remembers,
)
from reconciler.kinds.integration.publish import PUBLISHED, naming_after, not_available, publication
from reconciler.kinds.integration.release import TOLD, find_release, meant, several
from reconciler.kinds.integration.rows import ROWS, RULES
from reconciler.kinds.integration.source import needed_component, replaces, wanted_definition
from reconciler.kinds.integration.steps import (
    BEFORE,
    EMPTY,
    GROUPS,
    PLAIN,
    RELABEL,
    draft_at_stake,
    integration_steps,
    pages_of,
    put_back,
)
from reconciler.kinds.integration.versions import older, with_older
from reconciler.kinds.protocol import Request, Steps, address_of
from reconciler.kinds.table.labels import (
    as_live,
    denied,
    labels_left,
    labels_to_write,
    own_mark,
    people,
    plain,
    to_send,
)
from reconciler.kinds.table.marks import is_protected, marks_in
from reconciler.kinds.table.plain import PlainKind
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import sha256
from reconciler.model.errors import PayloadError
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource

BY_NUMBER = "version-number:"


class IntegrationKind(
    PlainKind,
    Affects,
    AskedFurther,
    Destroys,
    ExplainsAbsence,
    FollowUp,
    Foretells,
    Glanced,
    HoldsYaml,
    Paged,
    Publishes,
    Readiness,
    Recorded,
):
    """One integration, made from a definition file or from a bundle."""

    name = "Integration"
    fields = ROWS
    rules = RULES
    example = "slack-sync"
    list_name = "integrations"
    page_size = 20
    yaml_fields: tuple[str, ...] = ("definition",)
    provides: tuple[Verb, ...] = (Verb.PUBLISH, Verb.AVAILABILITY, Verb.UPDATE)

    def queries(self, live: LiveObject) -> int:
        """One for each hundred versions, among which the draft counts."""
        return pages_of(live)

    def glance(self, offset: int) -> Operation:
        """Labels and metadata: an import may clear the one, and never touches the other."""
        return Operation(self.list_name, self._documents["glance"], {"offset": offset})

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Also by the mark that its metadata remembers, where it wears none."""
        worn = marks_in(live.labels, self.name)
        return own_mark(request) in (worn or [live.facts["mark"]])

    def next_part(self, node: Mapping[str, Any]) -> Operation | None:
        """Older versions: a page holds a hundred, and an integration may have more."""
        return older(node, "integration", self._documents["versions"])

    def with_part(self, node: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node with further versions; a page that brings nothing ends the list."""
        return with_older(node, part)

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """A draft as the API shows it. Rows of the sequence that are the draft itself are left out."""
        labels = frozenset(node.get("labels") or ())
        memory = record.ours(record.whole(node.get("metadata")))
        versions = tuple(
            parse_version(row)
            for row in (node.get("versionSequence") or {}).get("nodes") or ()
            if row and row["id"] != node["id"]
        )
        return LiveObject(
            kind=self.name,
            id=node["id"],
            fields={
                "name": node["name"],
                "description": node.get("description") or "",
                "category": node.get("category") or "",
                "labels": people(labels),
                "definition": Definition(node.get("definition") or "", node.get("definitionData") or {}),
            },
            labels=labels,
            facts={
                "hasUnpublishedChanges": bool(node.get("hasUnpublishedChanges")),
                "sequence": node.get("versionSequenceId"),
                "metadata": node.get("metadata"),
                "mark": memory.get("mark"),
                "protect": bool(memory.get("protect")),
                "created": bool(memory.get("created")),
                "releases": record.text_map(memory.get("releases")),
                "components": record.read(memory.get("components")),
                "dropped": bool(memory.get("dropped")),
                "outdated": bool(node.get("hasOutdatedComponents")),
                **newest(node),
            },
            versions=versions,
            applied=record.text_map(memory.get("applied")),
            denied=denied(node),
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The name, which is not unique."""
        return [("name", resource.fields.get("name"))] if resource.fields.get("name") else []

    def adoptable(self, key: str) -> bool:
        """A name alone does not prove that it is the same integration."""
        return False

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """What its definition names and a manifest declares, and the package that it runs."""
        named = [Ref(address, "id") for address in resource.fields.get("uses", ())]
        return [*named, *needed_component(resource.fields.get("definition"))]

    def value(self, live: LiveObject, name: str) -> Any:
        """`id`; `sequence`, which all versions share; `release:NAME`, the id of the published version of that
        name; `version:ID`, the reverse, and `names:ID`, all that it may be called; `version-number:N`, the id
        of the published version of that number; `keys:ID`, the keys of its config variables and the names of
        its flows, where the draft tells them.
        """
        if name.startswith("keys:"):
            newest = next((v.id for v in live.versions), None)
            told = newest == name.removeprefix("keys:") and not live.facts["hasUnpublishedChanges"]
            draft: Definition = live.fields["definition"]
            return (tuple(draft.variables), tuple(draft.flow_names)) if told else None
        what, _, named = name.partition(":")
        if what in TOLD:
            return TOLD[what](live, named)
        if name == "sequence":
            return live.facts["sequence"]
        return live.id if name == "id" else live.fields.get(name)

    def will_be(self, request: Request, name: str) -> Any:
        """The version that the manifest's release is about to be the name of, and the reverse."""
        what, _, named = name.partition(":")
        names = naming(request) if what in ("release", "version") else {}
        names = names if what == "release" else {version: release for release, version in names.items()}
        return names.get(named)

    def open_question(self, request: Request) -> Operation | None:
        """What the version was made from that the manifest's release is, or may be given to; and which of the
        draft's components have moved on.
        """
        if version := to_be_read(request):
            return Operation("integration", self._documents["published"], {"id": version.id})
        if request.live and is_to_be_asked(request):
            return Operation("integration", self._documents["outdated"], {"id": request.live.id})
        return None

    def answered(self, live: LiveObject, op: Operation, found: LiveObject | None) -> LiveObject:
        """The definition of that version, or the newest versions of components."""
        if op.document == self._documents["outdated"]:
            known = found.facts.get(NEWEST, {}) if found else {}
            return replace(live, facts={**live.facts, NEWEST: known})
        read = {op.variables["id"]: found.fields["definition"] if found else None}
        return replace(live, facts={**live.facts, READ: {**live.facts.get(READ, {}), **read}})

    def baseline(self, request: Request) -> Resource:
        """All of it as it stands. A draft that git's definition is not, is nobody's but a person's, and a
        release that is not published has no name to be written down.
        """
        fields = as_live(request, (*PLAIN, "labels"))
        if not compared(request).needed:
            fields |= {k: v for k, v in request.resource.fields.items() if k == "definition"}
        if published(request):
            fields["release"] = request.resource.fields["release"]
        return replace(request.resource, fields=fields)

    def recorded(self, request: Request) -> bool:
        """Also with a version that we published."""
        live = request.live
        return live is not None and bool(live.applied or any(v.observed for v in live.versions))

    def promises(self, resource: Resource, name: str) -> bool:
        """`id`, and the release that the manifest publishes."""
        return name in ("id", f"release:{resource.fields.get('release')}")

    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """A release that neither this tenant has nor this plan publishes."""
        name = ref.field.partition(":")[2] or ref.field
        if ref.field.startswith(BY_NUMBER):
            numbers = ", ".join(str(v.number) for v in live.versions[:5]) if live else ""
            hint = f"numbers there: {numbers}" if numbers else "name a release instead, and publish it"
            message = f"version {name} of {ref.address} is not published in this tenant"
            return "not-published", message, hint
        several_mean_it = live and meant(live, name).ambiguous
        if live and several_mean_it:
            return ("ambiguous", *several(name, ref.address, meant(live, name).versions))
        known = [v.release for v in live.versions if v.release] if live else []
        hint = f"publish it from {ref.address}'s manifest"
        hint = f"releases there: {', '.join(known[:5])}" if known else hint
        return "not-published", f'release "{name}" of {ref.address} is not published in this tenant', hint

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """create → import → update → publish → availability, as far as needed."""
        return integration_steps(request, adopt=adopt)

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The mutation of each step."""
        fields, live, wanted = request.resource.fields, request.live, wanted_definition(request)
        if verb is Verb.CREATE:
            values = {"name": fields["name"], "labels": labels_to_write(request)}
            values["metadata"] = of_creation(request)
            if fields.get("description"):
                values["description"] = fields["description"]
            if wanted is not None:
                values["definition"] = wanted.text
            return self._mutation("createIntegration", values, request)
        assert live is not None
        if verb is Verb.IMPORT:
            assert wanted is not None
            values = {"integrationId": live.id, "definition": wanted.text}
            if replaces(wanted, live):
                values["replace"] = True
            return self._mutation("importIntegration", values, request)
        if verb is Verb.PUBLISH:
            return self._mutation("publishIntegration", publication(request), request)
        if verb is Verb.AVAILABILITY:
            version = find_release(live, fields["release"])
            values = {"id": version.id if version else "", "available": fields["available"]}
            return self._mutation("updateIntegrationVersionAvailability", values, request)
        if verb is Verb.DELETE:
            return self._mutation("deleteIntegration", {"id": live.id}, request)
        if verb is Verb.FORGET:
            values = {"id": live.id, "labels": labels_left(request)}
            if remembers(request):
                values["metadata"] = record.without(live.facts["metadata"])
            return self._mutation("updateIntegration", values, request)
        if step == RELABEL:
            labels = sorted(live.labels | live.facts.get("cleared", frozenset()))
            return self._mutation("updateIntegration", {"id": live.id, "labels": labels}, request)
        return self._update(request, () if verb is Verb.ADOPT else PLAIN)

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """Publish and availability answer with the version, so the draft must be read again. How it was
        before an import is noted, to be put back by the update that follows as far as it is not git's.
        """
        if verb in (Verb.PUBLISH, Verb.AVAILABILITY, Verb.DELETE):
            return None
        live = self.parse(node)
        if verb is not Verb.IMPORT:
            return live
        lost = (before.labels if before else frozenset()) - live.labels
        fields = {name: before.fields[name] for name in GROUPS} if before else {}
        return replace(live, facts={**live.facts, "imported": True, "cleared": lost, BEFORE: fields})

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
            return not live.facts.get("cleared")
        if verb in (Verb.UPDATE, Verb.ADOPT):
            return is_written(request)
        if verb is Verb.PUBLISH:
            return published(request) is not None
        version = find_release(live, fields.get("release", ""))
        if verb is Verb.AVAILABILITY:
            return version is not None and version.available == fields["available"]
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

    def noted(self, verb: Verb, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The version that a publish answers with."""
        return {PUBLISHED: node.get("id")} if verb is Verb.PUBLISH else {}

    def hastened(self, verb: Verb, request: Request) -> Operation | None:
        """Makes a published version available."""
        version = not_available(request) if verb is Verb.PUBLISH else None
        if version is None:
            return None
        values = {"id": version.id, "available": True}
        return self._mutation("updateIntegrationVersionAvailability", values, request)

    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Whether the draft that is to be published was changed since it was imported."""
        live = request.live
        observed = live.applied.get("observed") if live else None
        return (
            verb is Verb.PUBLISH
            and live is not None
            and "definition" in request.resource.fields
            and bool(observed)
            and observed != live.fields["definition"].digest
        )

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """Gives the release's name to what was published, where that does not bear it."""
        if verb is not Verb.PUBLISH or (error and not isinstance(error, PayloadError)):
            return None
        values = naming_after(request, error)
        return self._mutation("updateIntegration", values, request) if values else None

    def impact(self, request: Request, followers: Sequence[Request]) -> Steps:
        """What another version means for the instances that will run it."""
        return impact(request, [one for one in followers if one.resource.kind == "Instance"])

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """The draft's fields, labels and protection, its versions and, where it is not left to people, its
        definition.
        """
        fields = {k: v for k, v in live.fields.items() if k != "definition"}
        versions = [[v.id, v.release] for v in live.versions]
        text = "" if resource and is_a_desk(resource, live) else live.fields["definition"].digest
        ours = [live.facts["releases"], is_protected(live)]
        return sha256([live.id, fields, sorted(live.labels), text, versions, ours])

    def _update(self, request: Request, paths: Sequence[str]) -> Operation:
        live, fields = request.live, request.resource.fields
        assert live is not None
        values: dict[str, Any] = {"id": live.id}
        values |= {name: plain(fields[name], EMPTY, name) for name in to_send(request, paths)}
        kept = put_back(request)
        values |= {change.path: change.after for change in kept if change.path in PLAIN}
        labels = next((change.after for change in kept if change.path == "labels"), None)
        values["labels"] = labels_to_write(request, kept=labels)
        values["metadata"] = of_update(request, naming(request))
        return self._mutation("updateIntegration", values, request)

    def _mutation(self, name: str, values: Mapping[str, Any], request: Request) -> Operation:
        return Operation(
            name,
            self._documents[name],
            {"input": values},
            result="integration",
            repeatable=name not in ("createIntegration", "publishIntegration"),
            address=address_of(request.resource),
            timeout=120,
        )
