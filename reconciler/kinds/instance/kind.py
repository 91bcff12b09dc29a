"""Instance: one customer's copy of a version of an integration, its configuration, and whether it runs.

The order on the wire is version first, values second, deploy last and once (behaviour notes, point 6): a
version change drops values that were saved and not deployed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from reconciler.kinds.capabilities import (
    Deployed,
    ExplainsAbsence,
    FollowUp,
    GoesWith,
    InSteps,
    KeepsUnique,
    Likens,
    NamesDeclared,
    Notices,
    Readiness,
    Recorded,
    Scoped,
    Shown,
    Tells,
    Tie,
    not_there,
)
from reconciler.kinds.dated import Dated
from reconciler.kinds.instance.alike import likeness
from reconciler.kinds.instance.calls import SAVING, call, going_along, labels_with, mutation
from reconciler.kinds.instance.carried import lost, saved_before
from reconciler.kinds.instance.config import (
    changed_keys,
    matching_config,
    resting_config,
)
from reconciler.kinds.instance.config_values import is_bound
from reconciler.kinds.instance.config_wanted import bindings
from reconciler.kinds.instance.desk import is_owed, undeployed, waits
from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.instance.fields import given_config, given_flows, integration_of, live_config
from reconciler.kinds.instance.flows import FLOWS, flow_changes, resting_flows
from reconciler.kinds.instance.node import InstanceNode
from reconciler.kinds.instance.parsed import parse_instance
from reconciler.kinds.instance.record import newly_written
from reconciler.kinds.instance.release import names_version, release_ref
from reconciler.kinds.instance.rows import ROWS
from reconciler.kinds.instance.steps import PLAIN, RECORD, instance_steps, update_changes
from reconciler.kinds.instance.told import instance_told
from reconciler.kinds.nodes import fitted
from reconciler.kinds.protocol import Policy, Request, Steps
from reconciler.kinds.table.labels import as_live, labels_left, own_mark
from reconciler.kinds.table.plain import PlainKind
from reconciler.kinds.table.secrets import has_record
from reconciler.kinds.telling import Telling
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import sha256, sha256_of_plain
from reconciler.model.errors import PayloadError
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.refs import FlowConfigRef, ReleaseNameRef, SequenceRef, VersionNumberRef
from reconciler.model.state import LiveObject, Resource

CUSTOMER, INTEGRATION = Tie("Customer", Ref), Tie("Integration", SequenceRef)


class InstanceKind(
    PlainKind,
    Dated,
    Deployed,
    ExplainsAbsence,
    FollowUp,
    GoesWith,
    InSteps,
    KeepsUnique,
    Likens,
    NamesDeclared,
    Notices,
    Readiness,
    Recorded,
    Scoped,
    Shown,
    Tells,
):
    """One integration at work for one customer."""

    name = "Instance"
    fields = ROWS
    example = "slack-sync"
    list_name = "instances"
    key_names: tuple[str, ...] = ("customer and name",)
    # Whether a customer may have two instances of one name is not known (rule instance_name_unique).
    unique: Mapping[str, str] = {"name": ""}
    node = InstanceNode
    surely_unique = False
    lies_in: tuple[Tie, ...] = (CUSTOMER, INTEGRATION)

    def find(self, request: Request) -> Operation:
        """The customer's instances that bear the resource's mark."""
        customer = request.resolve(Ref(request.resource.fields["customer"]))
        variables = {"mark": own_mark(request), "customer": customer if isinstance(customer, str) else None}
        return Operation("instances", self._documents["findInstances"], variables)

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """An instance as the API shows it; what may be secret is wrapped before anything else sees it."""
        return parse_instance(self.name, fitted(InstanceNode, node, self.name))

    def shown(self, node: Struct) -> LiveObject:
        """The same of a node that fits already."""
        assert isinstance(node, InstanceNode)
        return parse_instance(self.name, node)

    def scope(self, resource: Resource, resolve: Resolve) -> str | Ref:
        """The customer's id: an instance's mark names the instance alone."""
        customer = resolve(Ref(resource.fields["customer"]))
        return customer if isinstance(customer, Ref) else str(customer)

    def is_begun(self, live: LiveObject) -> bool:
        """Whether it was never deployed: so far it runs nothing."""
        return not facts_of(live).last_deployed_at

    def stands_by_itself(self, live: LiveObject) -> bool:
        """Whether no variable is bound to a customer's own values, which may go without it."""
        return not any(map(is_bound, live_config(live).values()))

    def deleted_with(self, live: LiveObject) -> Sequence[tuple[Tie, object]]:
        """Its customer, and its integration (api notes: "Customers")."""
        sequence = facts_of(live).sequence
        integration = [(INTEGRATION, sequence)] if sequence is not None else []
        return [(CUSTOMER, live.fields["customer"]), *integration]

    def within(self, tie: Tie, value: object) -> Operation:
        """The instances of a customer, or of all versions of an integration."""
        document = self._documents[f"instancesOf{tie.kind}"]
        return Operation(self.list_name, document, {"outer": value})

    def live_scope(self, live: LiveObject) -> str:
        """The customer's id."""
        return str(live.fields["customer"])

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The customer's id and the name; a customer that does not exist yet has no instances."""
        customer = resolve(Ref(resource.fields["customer"]))
        if isinstance(customer, Ref) or not resource.fields.get("name"):
            return []
        return [("customer and name", (customer, str(resource.fields["name"]).strip()))]

    def live_key(self, live: LiveObject, name: str) -> object:
        """The customer's id and the name."""
        return (live.fields["customer"], str(live.fields["name"]).strip())

    def told(self, live: LiveObject, telling: Telling) -> Mapping[str, object]:
        """What was set on it."""
        return instance_told(live, telling)

    def adoptable(self, key: str) -> bool:
        """A customer may have several instances, so a name alone proves nothing."""
        return False

    def value(self, live: LiveObject, ref: Ref) -> object:
        """Its id, and the ids of its flows' settings."""
        if isinstance(ref, FlowConfigRef):
            return facts_of(live).flow_configs.get(ref.flow)
        return super().value(live, ref)

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """Its id, and the settings of its flows."""
        return isinstance(ref, FlowConfigRef) or super().promises(resource, ref)

    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """The instance is not there, or it has no such flow."""
        code, message, hint = not_there(ref)
        if live is None or not isinstance(ref, FlowConfigRef):
            return code, message, hint
        known = ", ".join(f'"{name}"' for name in sorted(facts_of(live).flow_configs)) or "none"
        return (
            code,
            f'{ref.address} has no flow "{ref.flow}"',
            f"it has: {known}",
        )

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """The customer, the integration's release, and what its shared connections are bound to; for one that
        is only adopted, those that are known.
        """
        found = [Ref(resource.fields["customer"])] if "customer" in resource.fields else []
        if names_version(resource):
            found.append(release_ref(resource))
        return found + bindings(resource)

    def recorded(self, live: LiveObject, policy: Policy) -> bool:
        """Where the environment keeps one, whether it is there."""
        return has_record(live, policy)

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """create or update → configure → deploy → enable or disable, as far as needed."""
        return instance_steps(request, adopt=adopt)

    def likeness(self, request: Request) -> Hashable | None:
        """What it has alike with others whose texts are the manifest's."""
        return likeness(request)

    def baseline(self, request: Request) -> Resource:
        """All of it as it stands, but for variables that differ, and for settings of flows and tests: nobody
        can tell whether they ever took effect.
        """
        resource, live = request.resource, request.live
        assert live is not None
        facts, integration = facts_of(live), integration_of(resource)
        fields = {"integration": integration, **as_live(request, (*PLAIN, "labels", "enabled"))}
        running = request.resolve(ReleaseNameRef(integration, facts.version_id or ""))
        if isinstance(running, str):
            fields["release"] = running
        elif isinstance(request.resolve(VersionNumberRef(integration, facts.version_number or 0)), str):
            fields["version"] = facts.version_number
        return structs.replace(resource, fields=fields | {"config": matching_config(request)})

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The mutation of each step."""
        name, values = call(step, verb, request)
        return mutation(name, values, request, going_along(name, values, request))

    def observed(
        self, verb: Verb, node: Mapping[str, object], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The answer shows the whole instance."""
        if verb is Verb.DELETE:
            return None
        live = self.parse(node)
        if before is None:
            return live
        known = notes_of(before)
        notes = structs.replace(
            known,
            overwritten=newly_written(before, live),
            configured=known.configured or verb is Verb.CONFIGURE,
            saved=saved_before(before, live),
            unpaid=known.unpaid or (verb is Verb.DEPLOY and not _is_seen(before, live)),
        )
        return structs.replace(live, notes=notes)

    def noticed(self, fresh: LiveObject, known: LiveObject) -> LiveObject:
        """What was saved is noted when the version changes, which may drop it."""
        return structs.replace(
            fresh, notes=structs.replace(notes_of(known), saved=saved_before(known, fresh))
        )

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the instance already is as the step would make it. A deploy always is sent: it also makes
        settings live that leave no trace in `needsDeploy`.
        """
        live = request.live
        if live is None or verb in (Verb.DEPLOY, Verb.TEST, Verb.DELETE):
            return False
        if verb is Verb.FORGET:
            return set(labels_left(request)) == live.labels
        if step == FLOWS:
            recorded = request.policy.record and set(labels_with(request, FLOWS)) == live.labels
            return recorded and not flow_changes(request)
        if verb is Verb.CONFIGURE:
            return not changed_keys(request) and not lost(request)
        if verb in (Verb.ENABLE, Verb.DISABLE):
            return bool(live.fields["enabled"] == (verb is Verb.ENABLE))
        if verb is Verb.CREATE:
            return True
        return not update_changes(request) and set(labels_with(request, step)) == live.labels

    def waits(self, request: Request) -> str:
        """What a person saved, or a version that they assigned."""
        return waits(request)

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """Strikes a debt out that the deploy has paid, where the tenant left no trace of that: somebody's
        changes would count as ours later. Where a version does not take what was saved, moves to it without.
        """
        if isinstance(error, PayloadError) and verb is Verb.UPDATE and error.operation == SAVING:
            name, values = call("", verb, request)
            return mutation(name, values, request)
        left = verb is Verb.DEPLOY and error is None and notes_of(request.live).unpaid
        if not left or not request.live or undeployed(request.live) or not is_owed(request):
            return None
        name, values = call(RECORD, Verb.UPDATE, request)
        return mutation(name, values, request)

    def unready(self, verb: Verb, request: Request) -> str:
        """Deployed at the assigned version, or still to be waited for."""
        live = request.live
        if verb is not Verb.DEPLOY or live is None:
            return ""
        facts = facts_of(live)
        if facts.needs_deploy or not facts.last_deployed_at:
            return "the deployment to become live"
        if facts.deployed_version != facts.version_number:
            return f"version {facts.version_number} to become live"
        return ""

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """All fields and labels, and what is not deployed. Of configuration and flow settings, only what the
        manifest mentions and does not call a secret: any other text in them may be one.
        """
        known = {"version": facts_of(live).version_id, "undeployed": undeployed(live)}
        fields: dict[str, Any] = {**live.fields, **known, "config": {}, "flows": {}}
        if resource is None:  # asked of each object that is read
            return sha256_of_plain([live.id, fields, sorted(live.labels)])
        fields["config"] = resting_config(given_config(resource), live)
        fields["flows"] = resting_flows(given_flows(resource), live)
        return sha256([live.id, fields, sorted(live.labels)])


def _is_seen(before: LiveObject, after: LiveObject) -> bool:
    """Whether an answer shows that a deploy took place, so that no debt since the one before it is left."""
    return facts_of(before).last_deployed_at != facts_of(after).last_deployed_at and not notes_of(before).owed
