"""Generated histories: what was applied, what git says since, and what people changed past git."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from reconciler.kinds.instance.config_values import text
from reconciler.kinds.integration.facts import IntegrationFacts
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.marks import PROTECT, is_ours
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, LiveObject, Resource
from tests.definitions import action, trigger
from tests.kinds.cases import CASES
from tests.worlds import definition, desired, rules
from tests.worlds_tabled import changed_tabled, tabled

SYNC, ACME = Address("Integration", "sync"), Address("Customer", "acme")
COPY = Address("Instance", "acme/copy")
KEY = Secret("the key of digests")
TEXTS = ["general", "#orders", "#all", "1", "true"]
"""The first is what a variable has where nobody gives it a value."""
CODE, LIST, SHOP = "Body", "Items", "Shop"
INPUTS = ("apiKey", "host", "user")


@dataclass(frozen=True)
class Edit:
    """One mutation of a person's on the object of an address, and the field that is then not as applied."""

    address: Address
    path: str
    mutation: str
    values: Mapping[str, Any]
    secret: bool = False
    """Whether git calls the field a secret."""


@dataclass(frozen=True)
class History:
    """What was applied, in this order; what git says now; and how."""

    applied: tuple[Desired, ...]
    later: Desired
    policy: Policy
    rules: dict[str, str]


def keys_of(resource: Resource) -> list[str]:
    """The keys of an integration's variables."""
    return list(resource.fields["definition"].variables)


def _integration(keys: Sequence[str], release: str, **more: Any) -> Resource:
    """An integration with these text variables, one of code, a list and a connection."""
    step = trigger()
    variables: list[dict[str, Any]] = [
        {"key": key, "dataType": "string", "defaultValue": TEXTS[0], "orgOnly": False} for key in keys
    ]
    variables += [
        {"key": CODE, "dataType": "code", "codeLanguage": "json", "defaultValue": "{}", "orgOnly": False},
        {"key": LIST, "dataType": "string", "collectionType": "valuelist", "orgOnly": False},
        {
            "key": SHOP,
            "dataType": "connection",
            "orgOnly": False,
            "connection": action("basic", "http"),
            "inputs": {name: {"type": "value", "value": "demo"} for name in INPUTS},
        },
    ]
    data = {
        "definitionVersion": 7,
        "name": "Sync",
        "description": "",
        "flows": [{"name": "Flow 0", "description": "", "isSynchronous": False, "steps": [step]}],
        "configPages": [
            {"name": "Page", "elements": [{"type": "configVar", "value": v["key"]} for v in variables]}
        ],
        "requiredConfigVars": variables,
    }
    return Resource(SYNC, {"name": "Sync", "definition": definition(data), "release": release, **more})


_LENIENT = {"deploy_incomplete": "allowed", "unavailable_version": "allowed"}
"""What git's manifests lack is not what these histories are about."""

_texts = st.sampled_from(TEXTS)
_secrets = st.builds(lambda text: Secret(text, "env A"), st.sampled_from(TEXTS))
_values = st.one_of(_texts, _texts, _secrets)


def _config_value(key: str) -> st.SearchStrategy[Any]:
    if key == SHOP:
        return st.fixed_dictionaries({}, optional=dict.fromkeys(INPUTS, _values)).map(lambda i: {"inputs": i})
    if key == LIST:
        return st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2, unique=True)
    if key == CODE:
        return st.sampled_from(['{"a": 1}', '{"a": 1.0}', "{}", "text"])
    return _values


_SETTINGS: Mapping[str, st.SearchStrategy[Any]] = {
    "testPayload": st.sampled_from(['{"id": 1}', '{"id": 2}']),
    "testContentType": st.sampled_from(["application/json", "text/plain"]),
    "apiKeys": st.just([Secret("k-1", "env KEY")]),
}
_PLAIN: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "Integration": {
        "description": st.sampled_from(["", "Posts orders"]),
        "category": st.sampled_from(["", "CRM"]),
        "labels": st.lists(st.sampled_from(["orders", "Beta"]), unique=True),
        "comment": st.sampled_from(["", "As reviewed."]),
        "available": st.booleans(),
    },
    "Customer": {
        "externalId": st.just("ext-acme"),
        "description": st.sampled_from(["", "A customer", "Another"]),
        "labels": st.lists(st.sampled_from(["Gold", "eu"]), unique=True),
    },
    "Instance": {
        "description": st.sampled_from(["", "Notices"]),
        "enabled": st.booleans(),
        "labels": st.lists(st.sampled_from(["Gold", "eu"]), unique=True),
    },
}


@st.composite
def projects(draw: st.DrawFn) -> Desired:
    """An integration, a customer and an instance, each mentioning some of its fields, and sometimes more."""
    count = draw(st.sampled_from([1, 2, 3, 5, 26]))
    keys = [f"Var {number}" for number in range(count)]
    sync = _integration(keys, "1.0.0", **draw(_some(_PLAIN["Integration"])))
    acme = Resource(ACME, {"name": "Acme", **draw(_some(_PLAIN["Customer"]))})
    config = {key: draw(_config_value(key)) for key in [*keys, CODE, LIST, SHOP] if draw(st.booleans())}
    fields = {
        "customer": ACME,
        "integration": SYNC,
        "release": "1.0.0",
        "name": "Copy",
        **draw(_some(_PLAIN["Instance"])),
        **({"config": config} if config else {}),
    }
    if flows := draw(_some(_SETTINGS)):
        fields["flows"] = {"Flow 0": flows}
    core = [sync, acme, Resource(COPY, fields)]
    return desired([*core, *draw(tabled(core))])


def _some(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(fields))


@st.composite
def commits(draw: st.DrawFn, before: Desired, release: str) -> Desired:
    """What git says after some commits: values changed, dropped and added, variables renamed under a new
    release, plain texts made secrets and the reverse.
    """
    resources = dict(before.resources)
    for address, resource in before.resources.items():
        if resource.kind in _PLAIN:
            resources[address] = draw(_recommitted(resource))
        elif draw(st.booleans()):
            resources[address] = draw(changed_tabled(resource, list(before.resources.values())))
    renamed: dict[str, str] = {}
    keys = keys_of(before.resources[SYNC])[:-3]
    if draw(st.booleans()):
        if draw(st.booleans()):
            renamed = {keys[0]: f"{keys[0]} of {release}"}
        more = {k: v for k, v in resources[SYNC].fields.items() if k not in ("name", "definition", "release")}
        keys = [renamed.get(key, key) for key in keys]
        resources[SYNC] = _integration(keys, release, **more)
        resources[COPY] = structs.replace(
            resources[COPY], fields={**resources[COPY].fields, "release": release}
        )
    fields = dict(resources[COPY].fields)
    config = {renamed.get(key, key): value for key, value in fields.pop("config", {}).items()}
    config = {key: value for key, value in draw(_reconfigured(config, [*keys, CODE, LIST, SHOP])).items()}
    if config:
        fields["config"] = config
    resources[COPY] = structs.replace(resources[COPY], fields=fields)
    return desired(list(resources.values()))


@st.composite
def _recommitted(draw: st.DrawFn, resource: Resource) -> Resource:
    """Some plain fields changed, dropped or added."""
    fields = dict(resource.fields)
    for name, values in _PLAIN[resource.kind].items():
        what = draw(st.sampled_from(["keep", "keep", "set", "drop"]))
        if what == "set":
            fields[name] = draw(values)
        elif what == "drop" and name != "externalId":
            fields.pop(name, None)
    if resource.kind == "Instance" and draw(st.booleans()):
        flows = draw(_some(_SETTINGS))
        fields.pop("flows", None)
        fields |= {"flows": {"Flow 0": flows}} if flows else {}
    return structs.replace(resource, fields=fields, protect=draw(st.booleans()))


@st.composite
def _reconfigured(draw: st.DrawFn, config: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Some variables changed, dropped, added, or turned into a secret of the same text."""
    out: dict[str, Any] = {}
    for key in keys:
        what = draw(st.sampled_from(["keep", "keep", "keep", "set", "drop", "veil"]))
        if what == "set":
            out[key] = draw(_config_value(key))
        elif what == "veil" and isinstance(config.get(key), str):
            out[key] = Secret(config[key], "env A")
        elif what != "drop" and key in config:
            out[key] = config[key]
    return out


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One or two applied states of git, and the one that nobody applied yet."""
    first = draw(projects())
    applied = [first]
    if draw(st.booleans()):
        applied.append(draw(commits(first, "1.1.0")))
    later = draw(commits(applied[-1], "2.0.0"))
    policy = Policy(guard_minimum=1000, secret_key=draw(st.sampled_from([None, KEY])))
    return History(tuple(applied), later, policy, {**draw(rules()), **_LENIENT})


# People


def edits(applied: Desired, objects: Mapping[Address, LiveObject]) -> list[Edit]:
    """What a person may do in the tenant to a field that git speaks of, so that it is not as git says."""
    found: list[Edit] = []
    for address, resource in applied.resources.items():
        live = objects[address]
        if resource.kind in _PLAIN:
            found += _plain_edits(resource, live)
            continue
        case = CASES[resource.kind]
        given = resource.fields.get(case.path.split(".")[0])
        if case.update and given is not None and given not in case.edit.values():
            found.append(Edit(address, case.path, case.update, case.edit))
    return found + _config_edits(applied.resources[COPY])


def _plain_edits(resource: Resource, live: LiveObject) -> list[Edit]:
    address, mutation = resource.address, f"update{resource.kind}"
    texts = {"name": "By hand", "description": "By hand", "category": "By hand"}
    found = [Edit(address, n, mutation, {n: v}) for n, v in texts.items() if n in resource.fields]
    if "labels" in resource.fields:
        ours = [label for label in sorted(live.labels) if is_ours(label)]
        found.append(Edit(address, "labels", mutation, {"labels": [*ours, "by hand"]}))
    found.append(_protected(resource, live))
    if "available" in resource.fields:
        version = find_release(live, resource.fields["release"])
        assert version is not None
        values = {"id": version.id, "available": not resource.fields["available"]}
        found.append(Edit(address, "available", "updateIntegrationVersionAvailability", values))
    if "enabled" in resource.fields:
        found.append(Edit(address, "enabled", mutation, {"enabled": not resource.fields["enabled"]}))
    return found


def _protected(resource: Resource, live: LiveObject) -> Edit:
    """The protection, put on or taken off where the kind keeps it."""
    address, mutation, on = resource.address, f"update{resource.kind}", not resource.protect
    if isinstance(live.facts, IntegrationFacts):
        known = json.loads(str(live.facts.metadata))
        text = json.dumps({**known, "reconciler": {**known["reconciler"], "protect": on}})
        return Edit(address, "protect", mutation, {"metadata": text})
    labels = sorted({*live.labels, PROTECT} if on else live.labels - {PROTECT})
    return Edit(address, "protect", mutation, {"labels": labels})


def _config_edits(copy: Resource) -> list[Edit]:
    found: list[Edit] = []
    for key, value in copy.fields.get("config", {}).items():
        if key != SHOP:
            found.append(_configured(f"config.{key}", {"key": key, "value": _other(key)}, value))
            continue
        for name, given in value["inputs"].items():
            rows = [{"name": one, "type": "value", "value": text(v)} for one, v in value["inputs"].items()]
            changed = [{**row, "value": "by hand"} if row["name"] == name else row for row in rows]
            path = f"config.{key}.inputs.{name}"
            found.append(_configured(path, {"key": key, "values": json.dumps(changed)}, given))
    return found


def _other(key: str) -> str:
    return {LIST: '["by", "hand"]', CODE: '{"by": "hand"}'}.get(key, "by hand")


def _configured(path: str, variable: dict[str, Any], value: Any) -> Edit:
    values = {"configVariables": [variable]}
    return Edit(COPY, path, "updateInstanceConfigVariables", values, isinstance(value, Secret))
