"""A set with overrides is the instances that its merge gives, worked out here by itself."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.state import Resource
from tests.manifests.sample import PROJECT, loaded, manifest

CUSTOMERS = ("acme", "beta", "c1")
TEXTS = st.sampled_from(["", "x", "for ${customer.name}", "${customer.key}-${var.region}", "$${plain}"])
INPUTS = st.dictionaries(st.sampled_from(["apiKey", "host"]), TEXTS, max_size=2)
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "Level": st.sampled_from(["info", "warn"]),
        "Channel": TEXTS,
        "Count": st.integers(0, 9),
        "Urgent": st.booleans() | st.just("${var.yes}"),
        "Items": st.lists(TEXTS, max_size=2),
        "Store": st.fixed_dictionaries({"inputs": INPUTS}),
    },
)
FLOW = st.fixed_dictionaries(
    {},
    optional={
        "testPayload": st.dictionaries(st.sampled_from("ab"), TEXTS, max_size=2),
        "testContentType": st.sampled_from(["text/plain", "application/json"]),
        "usesLre": st.booleans(),
    },
)
REST = {
    "description": TEXTS,
    "enabled": st.booleans() | st.just("${var.yes}"),
    "labels": st.lists(st.sampled_from(["a", "B", "c-${customer.key}"]), max_size=2),
    "config": CONFIG,
    "flows": st.fixed_dictionaries({}, optional={"Receive order": FLOW}),
    "tests": st.lists(
        st.fixed_dictionaries({"flow": st.just("Receive order"), "payload": TEXTS}), max_size=2
    ),
}
RUNNING = st.sampled_from([{}, {"release": "latest"}, {"release": "0.9.0"}, {"version": 4}])
NAMES = st.sampled_from(["Hello", "Hello for ${customer.name}"])
TEMPLATES = st.builds(
    lambda name, rest, running: {"integration": "hello", "name": name, **rest, **running},
    NAMES,
    st.fixed_dictionaries({}, optional=REST),
    RUNNING,
)
OVERRIDES = st.dictionaries(
    st.sampled_from(CUSTOMERS),
    st.builds(
        lambda rest, running: {**rest, **running},
        st.fixed_dictionaries({}, optional={"name": NAMES, **REST}),
        RUNNING,
    ),
    max_size=3,
)


def merged(template: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """The template with the override over it, as docs/usage.md tells it."""
    found = deepcopy(template)
    if "version" in override:
        found.pop("release", None)
    if "release" in override:
        found.pop("version", None)
    for name, value in override.items():
        if name == "config":
            config = found.setdefault("config", {})
            for key, one in value.items():
                if key == "Store" and "Store" in config:
                    config["Store"] = {"inputs": config["Store"]["inputs"] | one["inputs"]}
                else:
                    config[key] = one
        elif name == "flows":
            flows = found.setdefault("flows", {})
            for flow, settings in value.items():
                flows[flow] = flows.get(flow, {}) | settings
        else:
            found[name] = value
    return found


def resources(texts: dict[str, str]) -> dict[str, Resource]:
    variables = '      variables: {region: eu, yes: "true"}\n'
    customers = {
        f"manifests/{name}.yaml": manifest("Customer", f"{{name: {name.title()}}}", f"{{name: {name}}}")
        for name in CUSTOMERS
    }
    project = PROJECT.replace("      variables: {region: eu}\n", variables)
    with TemporaryDirectory() as folder:
        files = {"reconciler.yaml": project, "manifests/customer.yaml": "", "manifests/instance.yaml": ""}
        found = loaded(Path(folder), {**files, **customers, **texts})
    assert found.errors == ()
    return {str(a): r for a, r in found.desired.resources.items() if a.kind == "Instance"}


@given(TEMPLATES, OVERRIDES)
def test_a_set_is_the_instances_that_its_merge_gives(
    template: dict[str, Any], overrides: dict[str, dict[str, Any]]
):
    set_ = {"customers": {"all": True}, "template": template, "overrides": overrides}
    alone = {
        f"manifests/i-{customer}.yaml": manifest(
            "Instance",
            json.dumps({"customer": customer, **merged(template, overrides.get(customer, {}))}),
            "{name: notices}",
        )
        for customer in CUSTOMERS
    }
    together = resources({"manifests/x.yaml": manifest("InstanceSet", json.dumps(set_), "{name: notices}")})
    apart = resources(alone)
    assert list(together) == list(apart)
    for address, one in together.items():
        assert one.fields == apart[address].fields
