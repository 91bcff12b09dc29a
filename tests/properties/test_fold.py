"""Whatever instances a tenant has: folded, each says byte for byte what it says in a manifest of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.digest import canonical
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.match import match
from reconciler.plan.select import Selection
from reconciler.pull.files import Files, files_of
from reconciler.pull.folding import Folding
from reconciler.pull.layout import Layout
from reconciler.pull.objects import Objects, Told
from tests.manifests.sample import INTEGRATION, loaded

KEYS = ("a", "b", "c-1", "d")
ODD = st.sampled_from(
    ["", "x", "$", "$$", "${", "${customer.name}", "${var.region}", "#", "42", "true", "a: b", "é\n"]
)
FACTS = st.fixed_dictionaries(
    {"name": st.builds("{}{}".format, st.sampled_from(["A", "Acme", "${x}", "42", "true", "a"]), ODD)},
    optional={"externalId": st.sampled_from(["a", "42", "e-1", "$", "Acme"])},
)
"""What a customer's manifest says."""
FOLLOWING = st.sampled_from(["{name}", "for {name}", "{key}", "{key}{name}{key}", "${name}", "{name}s"])
PARTS = st.lists(ODD | FOLLOWING, min_size=1, max_size=3)
"""A text in pieces, of which some follow from the customer."""
SECRETS = st.sampled_from([Secret("s3cret"), Hidden()])


def texts(*, full: bool = False) -> st.SearchStrategy[Any]:
    return PARTS.map(lambda parts: ("text", "x" * full, tuple(parts)))


CONFIG = {
    "Level": st.sampled_from(["info", "warn"]),
    "Channel": texts() | SECRETS,
    "Count": st.integers(0, 2),
    "Urgent": st.booleans(),
    "Items": st.lists(texts(), max_size=2),
    "Store": st.fixed_dictionaries(
        {"inputs": st.dictionaries(st.sampled_from(["apiKey", "host"]), texts() | SECRETS, min_size=1)}
    ),
}
SPECS = st.fixed_dictionaries(
    {"integration": st.just("hello"), "name": texts(full=True)},
    optional={
        "description": texts(),
        "enabled": st.booleans(),
        "labels": st.lists(st.sampled_from(["l", "m"]), min_size=1, max_size=2, unique=True),
        "config": st.fixed_dictionaries({}, optional=CONFIG).filter(bool),
        "flows": st.just({"Receive order": {"usesLre": True, "apiKeys": [Secret("k")]}}),
    },
)
ORDER = ("integration", "release", "version", "name", "description", "enabled", "labels", "config", "flows")
RUNNING = st.sampled_from([{"release": "1.0.0"}, {"release": "0.9.0"}, {"version": 3}])


def spoken(value: Any, customer: str, name: str) -> Any:
    """A drawn value as it is for one customer."""
    if isinstance(value, tuple) and value[:1] == ("text",):
        said = (part.replace("{key}", customer).replace("{name}", name) for part in value[2])
        return value[1] + "".join(said)
    if isinstance(value, dict):
        return {key: spoken(one, customer, name) for key, one in value.items()}
    return [spoken(one, customer, name) for one in value] if isinstance(value, list) else value


@st.composite
def tenants(draw: st.DrawFn) -> list[Told]:
    """Customers and their instances, of which most are drawn from a few ways to say it."""
    customers = draw(st.dictionaries(st.sampled_from(KEYS), FACTS, min_size=1))
    for key, facts in customers.items():  # two may not have the same
        facts |= {"externalId": facts["externalId"] + key} if "externalId" in facts else {}
    told = [
        Told(Address("Customer", key), LiveObject("Customer", key, {}), facts)
        for key, facts in customers.items()
    ]
    ways = draw(st.lists(SPECS, min_size=1, max_size=2))
    for index, key in enumerate(sorted(customers) * draw(st.integers(1, 2))):
        way, running = draw(st.sampled_from(ways)), draw(RUNNING)
        own = draw(SPECS) if draw(st.integers(0, 3)) == 0 else {}
        said = spoken({**way, **own, **running}, key, customers[key]["name"])
        order = (
            "integration",
            "release",
            "version",
            "name",
            "description",
            "enabled",
            "labels",
            "config",
            "flows",
        )
        spec = {"customer": key, **{name: said[name] for name in order if name in said}}
        address = Address("Instance", f"{key}/i-{index}")
        labels = frozenset(["reconciler-protect"] if draw(st.integers(0, 9)) == 0 else [])
        told.append(Told(address, LiveObject("Instance", str(index), {}, labels=labels), spec))
    return told


@settings(deadline=None, max_examples=25)
@given(tenants())
def test_folded_is_as_unfolded(told: list[Told]):
    folding = Folding(match(Desired("acme", "staging", {}), Live("t", {})), ())
    names = folding.names(told)
    told = [replace(one, address=names.get(one.address, one.address)) for one in told]
    assert len({one.address for one in told}) == len(told)
    apart, together = texts_of(told, None), texts_of(told, folding)
    assert expanded(together.texts) == expanded(apart.texts)
    assert {(gap.address, gap.path) for gap in together.gaps} == {
        (gap.address, gap.path) for gap in apart.gaps
    }
    assert together.texts == texts_of(list(reversed(told)), folding).texts


def texts_of(told: list[Told], folding: Folding | None) -> Files:
    schema = "{}.json".format
    return files_of(
        Objects(told), Layout("manifests/"), Selection((), ()), lambda _: False, schema, folding=folding
    )


def expanded(texts: Mapping[str, str]) -> dict[str, bytes]:
    """What the instances of these files say."""
    with TemporaryDirectory() as folder:
        none = dict.fromkeys(("manifests/customer.yaml", "manifests/instance.yaml"), "")
        found = loaded(Path(folder), {**none, **texts, "manifests/integration.yaml": INTEGRATION})
    assert found.errors == ()
    return {
        str(address): canonical([one.fields, one.protect])
        for address, one in found.desired.resources.items()
        if address.kind == "Instance"
    }
