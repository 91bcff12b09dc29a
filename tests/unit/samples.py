"""Small resources and live objects for table tests: only what a test is about has to be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.definition import Definition
from reconciler.definition.meaning import digest, meaning
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.config_causes import recorded
from reconciler.kinds.instance.config_forms import form, how
from reconciler.kinds.instance.record import LAYOUT, keys_of
from reconciler.kinds.integration.facts import IntegrationFacts
from reconciler.kinds.protocol import Policy, Request
from reconciler.kinds.table.marks import mark
from reconciler.kinds.table.record import label as record_label
from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.digest import sha256
from reconciler.model.plan import Plan
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, How, Live, LiveObject, Memory, Resource, Version, Written
from reconciler.plan.build import make_plan
from reconciler.plan.select import Selection
from reconciler.sandbox.definition import dump, load, normalise, resolve_components
from tests.definitions import action, trigger

PROJECT = "p"
KEY = Policy(secret_key=Secret("the key"))
ACME, SYNC = Address("Customer", "acme"), Address("Integration", "sync")
COPY = Address("Instance", "acme/copy")


def resource(address: Address, fields: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    return Resource(address, {"name": address.leaf.title(), **(fields or {})}, **more)


def desired(*resources: Resource) -> Desired:
    return Desired(PROJECT, "test", {r.address: r for r in resources}, "sha256:" + "0" * 64)


def world(*objects: LiveObject) -> Live:
    return Live("t", {name: tuple(o for o in objects if o.kind == name) for name in all_kinds()})


def plan(
    wanted: Desired,
    live: Live,
    policy: Policy | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    needed: bool = True,
) -> Plan:
    selection = Selection(tuple(select), tuple(exclude), needed)
    return make_plan(wanted, live, policy or Policy(), selection=selection)


def request(
    wanted: Resource,
    live: LiveObject | None = None,
    policy: Policy | None = None,
    resolve: Resolve | None = None,
) -> Request:
    return Request(PROJECT, wanted, live, resolve or _known, policy or Policy())


def _known(ref: Ref) -> str:
    """Every value that is referred to is known."""
    return "sequence" if ref.field == "sequence" else f"{ref.address.leaf}:{ref.field}"


def steps(wanted: Resource, live: LiveObject | None = None, **more: Any) -> list[str]:
    """The steps that mend the resource, by name or verb."""
    found = all_kinds()[wanted.kind].steps(request(wanted, live, **more), adopt=False)
    return [step.name or step.verb.value for step in found.steps]


def causes(changes: Any) -> dict[str, str]:
    return {change.path: change.cause.value for change in changes}


# Customers


def customer(name: str = "Acme", *, mark_of: str = "acme", project: str = PROJECT, **node: Any) -> LiveObject:
    labels = [mark(project, Address("Customer", mark_of))] if mark_of else []
    shown = {"id": f"customer-{name}", "name": name, "description": None, "externalId": None}
    return all_kinds()["Customer"].parse({**shown, **node, "labels": [*labels, *node.get("labels", ())]})


# Integrations

DATA: dict[str, Any] = {
    "definitionVersion": 7,
    "name": "Sync",
    "description": "",
    "flows": [
        {
            "name": "Main",
            "description": "",
            "isSynchronous": False,
            "steps": [
                trigger(),
                {
                    "name": "Post",
                    "action": action("httpPost", "http"),
                    "inputs": {"url": {"type": "value", "value": "https://example.com"}},
                },
            ],
        }
    ],
    "configPages": [{"name": "Page", "elements": [{"type": "configVar", "value": "Channel"}]}],
    "requiredConfigVars": [
        {"key": "Channel", "dataType": "string", "defaultValue": "all", "orgOnly": False},
        {
            "key": "Slack",
            "dataType": "connection",
            "connection": action("oauth2", "slack"),
            "inputs": {"clientSecret": {"type": "value", "value": "s3cret"}},
        },
    ],
}


def read_back(data: Mapping[str, Any], year: str = "2025", number: int = 12) -> dict[str, Any]:
    """What a tenant gives back for a definition: normalised, its components numbered."""
    numbered = resolve_components(dict(data), lambda *_: number)
    found = load(dump(normalise(numbered, year=year)))
    assert isinstance(found, dict)
    return found


def definition(data: Mapping[str, Any] = DATA) -> Definition:
    return Definition(dump(dict(data)), data, "sync.yml")


def integration(
    *,
    data: Mapping[str, Any] | None = None,
    applied: Mapping[str, str] | None = None,
    versions: tuple[Version, ...] = (),
    unpublished: bool = False,
    labels: tuple[str, ...] | None = None,
    **facts: Any,
) -> LiveObject:
    """A draft of `DATA`; without `applied` as we left it."""
    data = read_back(DATA) if data is None else data
    ours = mark(PROJECT, SYNC)
    known = {"sent": sha256(meaning(DATA)), "observed": digest(read_back(DATA))}
    return LiveObject(
        kind="Integration",
        id="draft",
        fields={
            "name": "Sync",
            "description": "",
            "category": "",
            "labels": [],
            "definition": definition(data),
        },
        labels=frozenset((ours,) if labels is None else labels),
        facts=IntegrationFacts(
            has_unpublished_changes=unpublished, sequence="sequence", **{"mark": ours, **facts}
        ),
        versions=versions,
        record=Memory(known if applied is None else applied),
    )


def version(release: str | None, number: int = 1, *, available: bool = True, **more: Any) -> Version:
    return Version(f"v{number}", number, available, release, **more)


# Instances


def node(
    *,
    config: Mapping[str, Any] | None = None,
    labels: tuple[str | Record, ...] = (),
    flows: Mapping[str, Any] | None = None,
    version_id: str = "sync:release:1.0.0",
    **more: Any,
) -> dict[str, Any]:
    """An instance as the API answers: deployed, enabled, in order."""
    variables = [
        {
            "value": value,
            "requiredConfigVariable": {"key": key, "dataType": "STRING", "default": "default"},
        }
        if not isinstance(value, Mapping)
        else {**value, "requiredConfigVariable": {"key": key, **value}}
        for key, value in (config or {}).items()
    ]
    settings = [{"flow": {"id": f"id of {name}", "name": name}, **row} for name, row in (flows or {}).items()]
    return {
        "id": "i1",
        "name": "Copy",
        "description": "",
        "enabled": True,
        "labels": [mark(PROJECT, COPY), *(_label(one, config or {}, flows or {}) for one in labels)],
        "needsDeploy": False,
        "deployedVersion": 1,
        "lastDeployedAt": "2026-01-01T00:00:00Z",
        "customer": {"id": "customer-Acme"},
        "integration": {"id": version_id, "versionNumber": 1, "versionSequenceId": "sequence"},
        "configVariables": {"nodes": variables},
        "flowConfigs": {"nodes": settings},
        **more,
    }


def instance(**more: Any) -> LiveObject:
    return all_kinds()["Instance"].parse(node(**more))


def inputs(**values: str | bool) -> dict[str, Any]:
    """A connection's answer: texts read back, True is held and hidden, False is not held."""
    rows = [
        {
            "name": n,
            "value": v if isinstance(v, str) else "",
            "hasValue": v if isinstance(v, bool) else bool(v),
        }
        for n, v in values.items()
    ]
    return {"dataType": "CONNECTION", "inputs": {"nodes": rows}}


def copy(fields: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    references = {"customer": ACME, "integration": SYNC, "release": "1.0.0"}
    return resource(COPY, {**references, **(fields or {})}, **more)


@dataclass(frozen=True)
class Record:
    """The record of an instance, as the label that the instance's keys make of it."""

    applied: Mapping[str, str]
    written: Mapping[str, Written]
    owner: Any = "i1"


def record(config: Mapping[str, Any] | None = None, owner: Any = "i1", **groups: Any) -> Record:
    """The record of an instance to which `config` was applied, and of whose other groups these are the forms;
    `secrets` is a digest itself.
    """
    digests = {k: v if k == "secrets" else sha256(v) for k, v in groups.items()}
    forms = {key: form(value) for key, value in (config or {}).items()}
    written = {
        f"config.{key}": Written(how(value), "" if how(value) is How.SECRET else sha256(forms[key]))
        for key, value in (config or {}).items()
    }
    if written:
        digests["config"] = sha256(recorded(forms))
    return Record(digests, written, owner)


def _label(one: str | Record, config: Mapping[str, Any], flows: Mapping[str, Any]) -> str:
    if isinstance(one, str):
        return one
    return record_label(LAYOUT, one.applied, one.written, keys_of(config, flows), one.owner)
