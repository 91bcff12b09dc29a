"""Integration: a draft with a definition, and the versions that were published from it.

The draft's id is the integration's for ever; each publish makes a version with an id of its own (api notes:
"Integrations and their versions"). A release is our name for a version, kept in its attributes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds import record
from reconciler.kinds.base import Request, Resolve, Steps, address_of
from reconciler.kinds.integration_bundle import needed_component, replaces, wanted_definition
from reconciler.kinds.integration_impact import impact
from reconciler.kinds.integration_steps import (
    EMPTY,
    GROUPS,
    PLAIN,
    RELABEL,
    aliases_of,
    draft_at_stake,
    find_release,
    import_needed,
    integration_steps,
    is_marked,
    name_of,
    pages_of,
    unnamed_newest,
)
from reconciler.kinds.labelled import (
    denied,
    digests_of,
    labels_left,
    labels_to_write,
    own_mark,
    people,
    plain,
    to_send,
)
from reconciler.kinds.marks import is_protected, project_of
from reconciler.kinds.meaning import component_versions, digest, meaning
from reconciler.kinds.plain import PlainKind
from reconciler.kinds.sequence import older, with_older
from reconciler.model.address import Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.errors import PayloadError
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import Definition, LiveObject, Resource, Version

BY_NUMBER = "version-number:"


class IntegrationKind(PlainKind):
    """The field table and the calls of `Integration`."""

    name = "Integration"
    list_name = "integrations"
    page_size = 20
    yaml_fields: tuple[str, ...] = ("definition",)
    provides: tuple[Verb, ...] = (Verb.PUBLISH, Verb.AVAILABILITY, Verb.UPDATE)

    def reads(self, live: LiveObject) -> int:
        """One for each hundred versions, among which the draft counts."""
        return pages_of(live)

    def rest(self, node: Mapping[str, Any]) -> Operation | None:
        """Older versions: a page holds a hundred, and an integration may have more."""
        return older(node, "integration", self._documents["versions"])

    def join(self, node: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node with further versions; a page that brings nothing ends the list."""
        return with_older(node, more)

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """A draft as the API shows it. Rows of the sequence that are the draft itself are left out."""
        labels = frozenset(node.get("labels") or ())
        memory = record.ours(node.get("metadata"))
        versions = tuple(
            Version(
                id=v["id"],
                number=v["versionNumber"],
                available=v["versionIsAvailable"],
                release=record.ours(v.get("versionAttributes")).get("release"),
                comment=v.get("versionComment") or "",
                definition=record.ours(v.get("versionAttributes")).get("definition", ""),
            )
            for v in (node.get("versionSequence") or {}).get("nodes") or ()
            if v and v["id"] != node["id"]
        )
        data = node.get("definitionData") or {}
        return LiveObject(
            kind=self.name,
            id=node["id"],
            fields={
                "name": node["name"],
                "description": node.get("description") or "",
                "category": node.get("category") or "",
                "labels": people(labels),
                "definition": Definition(node.get("definition") or "", data),
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
                "components": memory.get("components") or {},
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
        name; `version:ID`, the reverse; `version-number:N`, the id of the published version of that number;
        `keys:ID`, the keys of its config variables and the names of its flows, where the draft tells them.
        """
        if name.startswith("keys:"):
            newest = next((v.id for v in live.versions), None)
            told = newest == name.removeprefix("keys:") and not live.facts["hasUnpublishedChanges"]
            return _keys(live.fields["definition"].data) if told else None
        if name.startswith("release:"):
            version = find_release(live, name.removeprefix("release:"))
            return version.id if version else None
        if name.startswith("version:"):
            found = (v for v in live.versions if v.id == name.removeprefix("version:"))
            return next((name_of(live, v) for v in found), "") or None
        if name.startswith(BY_NUMBER):
            number = name.removeprefix(BY_NUMBER)
            return next((v.id for v in live.versions if str(v.number) == number), None)
        if name == "sequence":
            return live.facts["sequence"]
        return live.id if name == "id" else live.fields.get(name)

    def promises(self, resource: Resource, name: str) -> bool:
        """`id`, and the release that the manifest publishes."""
        return name in ("id", f"release:{resource.fields.get('release')}")

    def absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """A release that neither this tenant has nor this plan publishes."""
        name = ref.field.partition(":")[2] or ref.field
        if ref.field.startswith(BY_NUMBER):
            numbers = ", ".join(str(v.number) for v in live.versions[:5]) if live else ""
            hint = f"numbers there: {numbers}" if numbers else "name a release instead, and publish it"
            message = f"version {name} of {ref.address} is not published in this tenant"
            return "not-published", message, hint
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
            values["metadata"] = record.merged(None, {**_ownership(request), "created": True})
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
            return self._publish(request)
        if verb is Verb.AVAILABILITY:
            version = find_release(live, fields["release"])
            values = {"id": version.id if version else "", "available": fields["available"]}
            return self._mutation("updateIntegrationVersionAvailability", values, request)
        if verb is Verb.DELETE:
            return self._mutation("deleteIntegration", {"id": live.id}, request)
        if verb is Verb.FORGET:
            values = {"id": live.id, "labels": labels_left(request)}
            if _remembers(request):
                values["metadata"] = record.without(live.facts["metadata"])
            return self._mutation("updateIntegration", values, request)
        if step == RELABEL:
            labels = sorted(live.labels | live.facts.get("cleared", frozenset()))
            return self._mutation("updateIntegration", {"id": live.id, "labels": labels}, request)
        return self._update(request, aliases_of(request))

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """Publish and availability answer with the version, so the draft must be read again. What labels an
        import cleared is noted, to be put back by the update that follows.
        """
        if verb in (Verb.PUBLISH, Verb.AVAILABILITY, Verb.DELETE):
            return None
        live = self.parse(node)
        if verb is not Verb.IMPORT:
            return live
        lost = (before.labels if before else frozenset()) - live.labels
        return replace(live, facts={**live.facts, "imported": True, "cleared": lost})

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the draft or its versions already are as the step would make them."""
        live, fields = request.live, request.resource.fields
        if live is None or verb is Verb.DELETE:
            return False
        if verb is Verb.FORGET:
            return set(labels_left(request)) == live.labels and not _remembers(request)
        if verb is Verb.IMPORT:
            return not import_needed(request).needed
        if step == RELABEL:
            return not live.facts.get("cleared")
        if verb in (Verb.UPDATE, Verb.ADOPT):
            return self._updated(request)
        version = find_release(live, fields.get("release", ""))
        if verb is Verb.PUBLISH:
            return version is not None
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
        if fields.get("available", True) and not version.available:
            return f'release "{fields["release"]}" (version {version.number}) to become available'
        return ""

    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Whether the draft that is to be published was changed since it was imported."""
        live = request.live
        observed = live.applied.get("observed") if live else None
        return (
            verb is Verb.PUBLISH
            and live is not None
            and "definition" in request.resource.fields
            and bool(observed)
            and observed != digest(live.fields["definition"].data)
        )

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """Names the release in the metadata where the tenant kept no attributes of ours, or where it
        refuses to publish a draft without changes: the newest version is then what was asked for. One that
        bears another release's name is not ours: where nothing was refused, it was published before.
        """
        live = request.live
        if verb is not Verb.PUBLISH or live is None or (error and not isinstance(error, PayloadError)):
            return None
        if find_release(live, request.resource.fields["release"]) is not None or not live.versions:
            return None
        if live.facts["hasUnpublishedChanges"] or not (error or unnamed_newest(live)):
            return None
        aliases = {request.resource.fields["release"]: live.versions[0].id}
        metadata = record.merged(live.facts["metadata"], _memory(request, aliases))
        return self._mutation("updateIntegration", {"id": live.id, "metadata": metadata}, request)

    def impact(self, request: Request, followers: Sequence[Request]) -> Sequence[Diagnostic]:
        """What the new definition would mean for the instances that will run it."""
        return impact(request, [one for one in followers if one.resource.kind == "Instance"])

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """The draft's fields, labels, protection and definition, and its versions."""
        fields = {k: v for k, v in live.fields.items() if k != "definition"}
        versions = [[v.id, v.release] for v in live.versions]
        text = digest(live.fields["definition"].data)
        ours = [live.facts["releases"], is_protected(live)]
        return sha256([live.id, fields, sorted(live.labels), text, versions, ours])

    def _updated(self, request: Request) -> bool:
        live = request.live
        assert live is not None
        if integration_steps(request, adopt=False).changes:
            return False
        if not is_marked(request) or live.facts.get("cleared"):
            return False
        return _record(request) == live.applied and not aliases_of(request)

    def _update(self, request: Request, aliases: Mapping[str, str]) -> Operation:
        live, fields = request.live, request.resource.fields
        assert live is not None
        values: dict[str, Any] = {"id": live.id}
        values |= {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
        values["labels"] = labels_to_write(request)
        values["metadata"] = record.merged(live.facts["metadata"], _memory(request, aliases))
        return self._mutation("updateIntegration", values, request)

    def _publish(self, request: Request) -> Operation:
        live, fields = request.live, request.resource.fields
        assert live is not None
        part = {
            "project": request.project,
            "address": address_of(request.resource),
            "release": fields["release"],
            "definition": sent_digest(request.resource),
        }
        values = {
            "id": live.id,
            "attributes": json.dumps({**request.attributes, record.KEY: part}, sort_keys=True),
        }
        if fields.get("comment"):
            values["comment"] = fields["comment"]
        return self._mutation("publishIntegration", values, request)

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


def sent_digest(resource: Resource) -> str:
    """The digest of what the manifest's definition means; a published version remembers it."""
    wanted = resource.fields.get("definition")
    return sha256(meaning(wanted.data)) if isinstance(wanted, Definition) else ""


def _keys(data: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    variables = (v.get("key") for v in data.get("requiredConfigVars") or () if isinstance(v, Mapping))
    flows = (flow.get("name") for flow in data.get("flows") or () if isinstance(flow, Mapping))
    return tuple(filter(None, variables)), tuple(filter(None, flows))


def _ownership(request: Request) -> dict[str, Any]:
    protection = {"protect": True} if request.resource.protect else {}
    return {"mark": own_mark(request), **protection}


def _remembers(request: Request) -> bool:
    """Whether there is a record in the metadata, and no other project's."""
    live = request.live
    if live is None or not record.ours(live.facts["metadata"]):
        return False
    remembered = live.facts["mark"]
    return not isinstance(remembered, str) or project_of(remembered) == request.project.lower()


def _memory(request: Request, aliases: Mapping[str, str]) -> dict[str, Any]:
    live = request.live
    assert live is not None
    return {
        **_ownership(request),
        "applied": _record(request),
        "releases": {**live.facts["releases"], **aliases},
        "components": component_versions(live.fields["definition"].data),
    }


def _record(request: Request) -> dict[str, str]:
    """The applied record to write: of each mentioned field, and of the definition as sent and as observed."""
    fields, live = request.resource.fields, request.live
    assert live is not None
    values: dict[str, Any] = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
    if to_send(request, ("labels",)):
        values["labels"] = people(fields["labels"])
    out = digests_of(request, values)
    if to_send(request, ("definition",)) and not import_needed(request).needed:
        out["sent"] = sent_digest(request.resource)
        out["observed"] = digest(live.fields["definition"].data)
    return {group: out[group] for group in (*GROUPS, "sent", "observed") if group in out}
