"""Generated resources of the kinds that a table tells: with them a world has references across all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.model.state import Resource

Fields = st.SearchStrategy[dict[str, Any]]
There = dict[str, Resource]
"""One resource of each kind that is there already, by kind."""


def _secret(text: str = "canary") -> Secret:
    return Secret(text, "env KEY")


def _named(there: There, *kinds: str) -> dict[str, Any]:
    """Lists that name those of these kinds that are there, as a group's `users`."""
    return {f"{kind.lower().removeprefix('alert')}s": st.just([there[kind].address]) for kind in kinds}


def _texts(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


INPUTS = st.fixed_dictionaries({"clientId": _texts("1", "2")}, optional={"clientSecret": st.just(_secret())})
HEADERS = st.dictionaries(_texts("X-Key", "x-other"), st.just(_secret()), max_size=2)

KINDS: dict[str, tuple[Callable[[There], dict[str, Any]], Callable[[There], dict[str, Any]]]] = {
    "Component": (
        lambda _: {"key": st.just("slack")},
        lambda _: {"version": st.just(1), "isPublic": st.just(True)},
    ),
    "InstanceProfile": (
        lambda _: {"name": st.just("Large")},
        lambda _: {
            "description": _texts("", "For big ones"),
            "stableKey": st.just("large"),
            "allocatedMemoryMb": st.sampled_from([512, 2048]),
            "logsDisabled": st.booleans(),
        },
    ),
    "Connection": (
        lambda _: {
            "name": _texts("Slack", "Slack of ours"),
            "stableKey": st.just("company-slack"),
            "scope": st.just("customer"),
            "component": st.just("slack"),
            "connection": st.just("oauth2"),
        },
        lambda _: {"managedBy": st.just("org"), "description": _texts("", "The company's"), "inputs": INPUTS},
    ),
    "CustomerConnection": (
        lambda there: {
            "connection": st.just(there["Connection"].address),
            "customer": st.just(there["Customer"].address),
            "inputs": INPUTS,
        },
        lambda _: {},
    ),
    "MarketplaceListing": (
        lambda there: {
            "integration": st.just(there["Integration"].address),
            "release": st.just(there["Integration"].fields["release"]),
        },
        lambda _: {
            "availability": _texts("deployable", "visible", "hidden"),
            "overview": _texts("", "# Orders"),
            "allowMultipleInstances": st.booleans(),
        },
    ),
    "User": (
        lambda _: {
            "email": st.just("Ada@example.com"),
            "role": st.just(Address("OrganizationRole", "Admin")),
        },
        lambda _: {"name": _texts("Ada", "Ada Lovelace"), "phone": _texts("", "1")},
    ),
    "AlertWebhook": (
        lambda _: {
            "name": st.just("Ops"),
            "url": st.just(_secret("https://example.com/alerts")),
            "payloadTemplate": _texts("{}", "{ }"),
        },
        lambda _: {"headers": HEADERS},
    ),
    "AlertGroup": (
        lambda _: {"name": st.just("On call")},
        lambda there: _named(there, "User", "AlertWebhook"),
    ),
    "AlertMonitor": (
        lambda there: {
            "name": st.just("Failures"),
            "instance": st.just(there["Instance"].address),
            "triggers": st.sampled_from(
                [
                    [Address("AlertTrigger", "Execution Failed")],
                    [Address("AlertTrigger", n) for n in ("Execution Started", "Execution Failed")],
                ]
            ),
        },
        lambda there: {**_named(there, "User", "AlertGroup", "AlertWebhook"), "flow": st.just("Flow 0")},
    ),
    "EventWebhook": (
        lambda _: {
            "name": st.just("Events"),
            "url": st.just(_secret("https://example.com/events")),
            "eventTypes": st.sampled_from([["user.created"], ["user.deleted", "instance.deployed"]]),
        },
        lambda _: {
            "description": _texts("", "Told.\n"),
            "enabled": st.booleans(),
            "headers": HEADERS,
            "secret": st.just(_secret("signing")),
        },
    ),
    "LogStream": (
        lambda _: {
            "name": st.just("Lake"),
            "url": st.just(_secret("https://example.com/logs")),
            "payloadTemplate": _texts("{}", "{ }"),
            "severityLevels": st.sampled_from(
                [[Address("LogSeverity", "ERROR")], [Address("LogSeverity", n) for n in ("WARN", "INFO")]]
            ),
        },
        lambda _: {"headers": HEADERS},
    ),
}
"""For each kind, what its fields must be, and what they may be, beside what is there already."""

NEEDS = {
    "CustomerConnection": ("Connection", "Customer"),
    "MarketplaceListing": ("Integration",),
    "AlertGroup": ("User", "AlertWebhook"),
    "AlertMonitor": ("User", "AlertWebhook", "AlertGroup", "Instance"),
}


@st.composite
def tabled(draw: st.DrawFn, core: Sequence[Resource]) -> list[Resource]:
    """Resources of up to two of these kinds, often of none, with those that they refer to."""
    most = draw(st.sampled_from((0, 0, 2)))
    chosen = set(draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=most)))
    chosen |= {needed for kind in chosen for needed in NEEDS.get(kind, ()) if needed in KINDS}
    there = {resource.kind: resource for resource in core}
    made: list[Resource] = []
    for kind in all_kinds():
        if kind in chosen and all(needed in there for needed in NEEDS.get(kind, ())):
            must, may = KINDS[kind]
            fields = draw(st.fixed_dictionaries(must(there), optional=may(there)))
            there[kind] = Resource(Address(kind, kind.lower()), fields)
            made.append(there[kind])
    return made


@st.composite
def changed_tabled(draw: st.DrawFn, resource: Resource, core: Sequence[Resource]) -> Resource:
    """The resource with other values in the fields that it mentions."""
    there = {one.kind: one for one in core}
    must, may = KINDS[resource.kind]
    given = {name: st.just(value) for name, value in resource.fields.items()}
    other = {k: v for k, v in {**given, **must(there), **may(there)}.items() if k in given and k not in FIXED}
    return replace(resource, fields={**resource.fields, **draw(st.fixed_dictionaries(other))})


FIXED = {"connection", "customer", "integration", "release", "instance", "users", "webhooks", "groups"}
"""What refers to others stays as it is."""
