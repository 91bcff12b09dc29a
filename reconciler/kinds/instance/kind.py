"""Instance: one customer's copy of a version of an integration, its configuration, and whether it runs.

The order on the wire is version first, values second, deploy last and once (behaviour notes, point 6): a
version change drops values that were saved and not deployed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds.capabilities import (
    Deployed,
    ExplainsAbsence,
    GoesWith,
    KeepsUnique,
    Readiness,
    Recorded,
    Scoped,
    not_there,
)
from reconciler.kinds.instance.config import (
    changed_keys,
    parse_defaults,
    parse_types,
    parse_variables,
    resting_config,
    settled_config,
    variable_inputs,
)
from reconciler.kinds.instance.config_wanted import bindings
from reconciler.kinds.instance.flows import (
    FLOWS,
    flow_changes,
    flow_inputs,
    flows_form,
    parse_flow,
    resting_flows,
)
from reconciler.kinds.instance.record import OVERWRITTEN, keys_of, newly_written, recall, record
from reconciler.kinds.instance.release import moves_to, names_version, release_of, release_ref
from reconciler.kinds.instance.rows import ROWS
from reconciler.kinds.instance.secrets import secrets_digest
from reconciler.kinds.instance.steps import (
    EMPTY,
    PLAIN,
    RECORD,
    hidden_waits,
    instance_steps,
    undeployed,
    update_changes,
    will_deploy,
)
from reconciler.kinds.instance.tests import DEPLOY_TIMEOUT, OUTSTANDING, TESTED, tests_of
from reconciler.kinds.protocol import Request, Steps, address_of
from reconciler.kinds.table.labels import (
    as_live,
    denied,
    digests_of,
    ignored,
    labels_left,
    labels_to_write,
    own_mark,
    people,
    plain,
    to_send,
)
from reconciler.kinds.table.plain import PlainKind
from reconciler.kinds.table.secrets import has_record, remembered
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import sha256
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource


class InstanceKind(PlainKind, Deployed, ExplainsAbsence, GoesWith, KeepsUnique, Readiness, Recorded, Scoped):
    """One integration at work for one customer."""

    name = "Instance"
    fields = ROWS
    example = "slack-sync"
    list_name = "instances"
    # Whether a customer may have two instances of one name is not known (rule instance_name_unique).
    unique: Mapping[str, str] = {"name": ""}
    surely_unique = False
    lies_in: tuple[tuple[str, str], ...] = (("Customer", "id"), ("Integration", "sequence"))

    def find(self, request: Request) -> Operation:
        """The customer's instances that bear the resource's mark."""
        customer = request.resolve(Ref(request.resource.fields["customer"], "id"))
        variables = {"mark": own_mark(request), "customer": customer if isinstance(customer, str) else None}
        return Operation("instances", self._documents["findInstances"], variables)

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """An instance as the API shows it; what may be secret is wrapped before anything else sees it."""
        labels = frozenset(node.get("labels") or ())
        version = node["integration"] or {}
        flows = {row["flow"]["name"]: parse_flow(row) for row in _nodes(node, "flowConfigs")}
        config = parse_variables(_nodes(node, "configVariables"))
        owners = (node["id"], [node["customer"]["id"], node["name"]])
        memory = recall(labels, keys_of(config, flows), owners)
        flow_ids = {row["flow"]["name"]: row["flow"]["id"] for row in _nodes(node, "flowConfigs")}
        return LiveObject(
            kind=self.name,
            id=node["id"],
            fields={
                "customer": node["customer"]["id"],
                "version": version.get("id"),
                "name": node["name"],
                "description": node.get("description") or "",
                "enabled": bool(node["enabled"]),
                "labels": people(labels),
                "config": config,
                "flows": flows,
            },
            labels=labels,
            facts={
                "needsDeploy": bool(node["needsDeploy"]),
                "deployedVersion": node.get("deployedVersion"),
                "lastDeployedAt": node.get("lastDeployedAt"),
                "versionNumber": version.get("versionNumber"),
                "sequence": version.get("versionSequenceId"),
                "configState": node.get("configState"),
                "suspended": bool(node.get("systemSuspended")),
                "flowIds": flow_ids,
                "defaults": parse_defaults(_nodes(node, "configVariables")),
                "types": parse_types(_nodes(node, "configVariables")),
                "flowConfigs": {row["flow"]["name"]: row.get("id") for row in _nodes(node, "flowConfigs")},
                "older": memory.older,
                "unsaid": memory.unsaid,
            },
            applied=memory.applied,
            written=memory.written,
            denied=denied(node),
        )

    def scope(self, resource: Resource, resolve: Resolve) -> str | Ref:
        """The customer's id: an instance's mark names the instance alone."""
        customer = resolve(Ref(resource.fields["customer"], "id"))
        return customer if isinstance(customer, Ref) else str(customer)

    def deleted_with(self, live: LiveObject) -> Sequence[tuple[str, str, Any]]:
        """Its customer, and its integration (api notes: "Customers")."""
        sequence = live.facts.get("sequence")
        integration = [("Integration", "sequence", sequence)] if sequence is not None else []
        return [("Customer", "id", live.fields["customer"]), *integration]

    def live_scope(self, live: LiveObject) -> str:
        """The customer's id."""
        return str(live.fields["customer"])

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The customer's id and the name; a customer that does not exist yet has no instances."""
        customer = resolve(Ref(resource.fields["customer"], "id"))
        if isinstance(customer, Ref) or not resource.fields.get("name"):
            return []
        return [("customer and name", (customer, resource.fields["name"]))]

    def live_key(self, live: LiveObject, name: str) -> Any:
        """The customer's id and the name."""
        return (live.fields["customer"], live.fields["name"])

    def adoptable(self, key: str) -> bool:
        """A customer may have several instances, so a name alone proves nothing."""
        return False

    def value(self, live: LiveObject, name: str) -> Any:
        """`id`; `flowConfig:NAME`, the id of that flow's settings in the instance."""
        if name.startswith("flowConfig:"):
            return live.facts["flowConfigs"].get(name.removeprefix("flowConfig:"))
        return super().value(live, name)

    def promises(self, resource: Resource, name: str) -> bool:
        """`id`, and the settings of its flows."""
        return name == "id" or name.startswith("flowConfig:")

    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """The instance is not there, or it has no such flow."""
        code, message, hint = not_there(ref)
        if live is None or not ref.field.startswith("flowConfig:"):
            return code, message, hint
        known = ", ".join(f'"{name}"' for name in sorted(live.facts["flowConfigs"])) or "none"
        return (
            code,
            f'{ref.address} has no flow "{ref.field.removeprefix("flowConfig:")}"',
            f"it has: {known}",
        )

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """The customer, the integration's release, and what its shared connections are bound to; for one that
        is only adopted, those that are known.
        """
        customer = [Ref(resource.fields["customer"], "id")] if "customer" in resource.fields else []
        return (*customer, *([release_ref(resource)] if names_version(resource) else ()), *bindings(resource))

    def recorded(self, request: Request) -> bool:
        """Where the environment keeps one, whether it is there."""
        return has_record(request)

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """create or update → configure → deploy → enable or disable, as far as needed."""
        return instance_steps(request, adopt=adopt)

    def baseline(self, request: Request) -> Resource:
        """All of it as it stands, but for variables that differ, and for settings of flows and tests: nobody
        can tell whether they ever took effect.
        """
        resource, live = request.resource, request.live
        assert live is not None
        integration = resource.fields["integration"]
        fields = {"integration": integration, **as_live(request, (*PLAIN, "labels", "enabled"))}
        running = request.resolve(Ref(integration, f"version:{live.fields['version']}"))
        number = live.facts["versionNumber"]
        if isinstance(running, str):
            fields["release"] = running
        elif isinstance(request.resolve(Ref(integration, f"version-number:{number}")), str):
            fields["version"] = number
        return replace(resource, fields=fields | {"config": settled_config(request)})

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The mutation of each step."""
        live = request.live
        if verb is Verb.CREATE:
            return self._create(request)
        assert live is not None
        values: dict[str, Any] = {"id": live.id}
        if verb is Verb.FORGET:
            values |= {"labels": labels_left(request), "preserveDeployState": True}
            return self._mutation("updateInstance", values, request)
        if step == FLOWS:
            values |= {"flowConfigs": flow_inputs(request), "labels": self._labels(request, FLOWS)}
            return self._mutation("updateInstance", values, request)
        if step in (RECORD, TESTED):
            values |= {"labels": self._labels(request, step), "preserveDeployState": True}
            return self._mutation("updateInstance", values, request)
        if verb is Verb.CONFIGURE:
            values |= {"configVariables": variable_inputs(request, changed_keys(request))}
            values |= {"configMode": "INSTANCE", "configComplete": True}
            return self._mutation("updateInstanceConfigVariables", values, request)
        if verb in (Verb.DEPLOY, Verb.DELETE):
            return self._mutation(f"{verb.value}Instance", values, request)
        if verb in (Verb.ENABLE, Verb.DISABLE):
            values |= {"enabled": verb is Verb.ENABLE, "preserveDeployState": True}
            return self._mutation("updateInstance", values, request)
        return self._update(request, () if verb is Verb.ADOPT else PLAIN)

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The answer shows the whole instance."""
        if verb is Verb.DELETE:
            return None
        live = self.parse(node)
        return (
            replace(live, facts={**live.facts, OVERWRITTEN: newly_written(before, live)}) if before else live
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
            recorded = request.policy.record and set(self._labels(request, FLOWS)) == live.labels
            return recorded and not flow_changes(request)
        if verb is Verb.CONFIGURE:
            return not changed_keys(request)
        if verb in (Verb.ENABLE, Verb.DISABLE):
            return bool(live.fields["enabled"] == (verb is Verb.ENABLE))
        if verb is Verb.CREATE:
            return True
        return not update_changes(request) and set(self._labels(request, step)) == live.labels

    def undeployed(self, live: LiveObject) -> str:
        """It was never deployed, or otherwise than it is now."""
        return undeployed(live)

    def unready(self, verb: Verb, request: Request) -> str:
        """Deployed at the assigned version, or still to be waited for."""
        live = request.live
        if verb is not Verb.DEPLOY or live is None:
            return ""
        if live.facts["needsDeploy"] or not live.facts["lastDeployedAt"]:
            return "the deployment to become live"
        if live.facts["deployedVersion"] != live.facts["versionNumber"]:
            return f"version {live.facts['versionNumber']} to become live"
        return ""

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """All fields and labels. Of configuration and flow settings, only what the manifest mentions and
        does not call a secret: any other text in them may be one.
        """
        wanted = resource.fields if resource else {}
        fields = dict(live.fields)
        fields["config"] = resting_config(wanted.get("config") or {}, live)
        fields["flows"] = resting_flows(wanted.get("flows") or {}, live)
        return sha256([live.id, fields, sorted(live.labels)])

    def _create(self, request: Request) -> Operation:
        fields = request.resource.fields
        values = {
            "customer": request.resolve(Ref(fields["customer"], "id")),
            "integration": request.resolve(release_ref(request.resource)),
            "name": fields["name"],
            "description": fields.get("description") or "",
            "labels": self._labels(request, Verb.CREATE.value),
            "configMode": "INSTANCE",
        }
        if fields.get("config"):
            values["configVariables"] = variable_inputs(request, list(fields["config"]))
        return self._mutation("createInstance", values, request)

    def _update(self, request: Request, paths: Sequence[str]) -> Operation:
        fields, live = request.resource.fields, request.live
        assert live is not None
        values: dict[str, Any] = {"id": live.id, "labels": self._labels(request)}
        values |= {name: fields[name] or "" for name in to_send(request, paths)}
        version = moves_to(request)
        if version is None:
            values["preserveDeployState"] = True
        else:
            values |= {"integration": version, "configMode": "INSTANCE"}
        return self._mutation("updateInstance", values, request)

    def _labels(self, request: Request, step: str = "") -> list[str]:
        """Flow settings and secrets enter the record with or after the call that writes them: where they
        cannot be read back, the record is all that tells whether they ever were.
        """
        fields = request.resource.fields
        values: dict[str, Any] = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
        if names_version(request.resource) and not ignored(request.resource, "release"):
            values["release"] = release_of(request.resource)
        if step == FLOWS or self._has_flows(request):
            values["flows"] = flows_form(fields["flows"])
        if to_send(request, ("enabled",)):
            values["enabled"] = fields["enabled"]
        if to_send(request, ("labels",)):
            values["labels"] = people(fields["labels"])
        if step == TESTED:
            values["tests"] = fields["tests"]
        digests = digests_of(request, values)
        if step != TESTED and tests_of(request.resource) and will_deploy(request):
            digests["tests"] = OUTSTANDING
        sent = step in (Verb.CREATE.value, FLOWS, RECORD)
        if (secrets := secrets_digest(request)) and (sent or not hidden_waits(request)):
            digests["secrets"] = secrets
        return labels_to_write(request, record(request, digests, step))

    def _has_flows(self, request: Request) -> bool:
        """Whether the settings of its flows are found to be git's, and no record says so yet."""
        unrecorded = "flows" not in remembered(request).applied
        return (
            request.live is not None
            and "flows" in request.resource.fields
            and unrecorded
            and not flow_changes(request)
        )

    def _mutation(self, name: str, values: Mapping[str, Any], request: Request) -> Operation:
        return Operation(
            name,
            self._documents[name],
            {"input": values},
            result="instance",
            repeatable=name != "createInstance",
            address=address_of(request.resource),
            timeout=DEPLOY_TIMEOUT if name == "deployInstance" else 60.0,
        )


def _nodes(node: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return (node.get(name) or {}).get("nodes") or ()
