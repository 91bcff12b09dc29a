"""Drawn manifests of the kinds beside the core: each with what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.golden_worlds.chance import Chance
from tests.golden_worlds.core import secret
from tests.golden_worlds.project import Git, Manifest

Specs = Callable[[Chance, Git], dict[str, Any] | None]
"""Draws a kind's spec; None where what it needs is not there."""


def _profile(chance: Chance, _: Git) -> dict[str, Any]:
    optional = {"description": "For big ones", "allocatedMemoryMb": 2048, "logsDisabled": chance.yes()}
    return {"name": "Large", **chance.part(optional | {"stableKey": "large"})}


def _connection(chance: Chance, _: Git) -> dict[str, Any]:
    optional = {"description": "The company's", "inputs": {"apiKey": secret("COMPANY")}}
    fixed = {"name": "CRM", "stableKey": "crm", "scope": "customer", "managedBy": "org"}
    return {**fixed, "component": "http", "connection": "apiKey", **chance.part(optional)}


def _webhook(chance: Chance, _: Git) -> dict[str, Any]:
    headers = chance.part({"X-Key": secret("HOOK"), "x-other": "plain"})
    return {"name": "Ops", "url": secret("URL"), "payloadTemplate": "{}", **chance.part({"headers": headers})}


def _stream(chance: Chance, _: Git) -> dict[str, Any]:
    levels = chance.one([["ERROR"], ["WARN", "ERROR"]])
    plain = {"name": "Lake", "url": "https://example.com/logs", "payloadTemplate": "{}"}
    return {**plain, "severityLevels": levels, **chance.part({"headers": {"X-Key": secret("HOOK")}})}


def _events(chance: Chance, _: Git) -> dict[str, Any]:
    optional = {
        "description": "Told.\n",
        "enabled": chance.yes(),
        "headers": {"X-Key": secret("HOOK")},
        "secret": secret("SIGN"),
    }
    types = chance.one([["user.created"], ["user.deleted", "instance.deployed"]])
    named = {"name": "Events", "url": "https://example.com/events", "eventTypes": types}
    return {**named, **chance.part(optional)}


def _user(chance: Chance, git: Git) -> dict[str, Any]:
    optional = {"name": "Ada", "phone": "1", "externalId": "ada-1"}
    spec = {"email": "Ada@example.com", "role": "Admin", **chance.part(optional)}
    people = git.named("Customer")
    return {**spec, "customer": people[0]} if people and chance.yes() else spec


def _group(chance: Chance, git: Git) -> dict[str, Any]:
    users = git.named("User") if chance.yes() else []
    hooks = git.named("AlertWebhook") if chance.yes() else []
    return {"name": "On call", "users": users, **({"webhooks": hooks} if hooks else {})}


def _monitor(chance: Chance, git: Git) -> dict[str, Any] | None:
    copies = git.of("Instance")
    if not copies:
        return None
    one = chance.one(copies)
    triggers = chance.one([["Execution Failed"], ["Execution Started", "Execution Failed"]])
    spec = {
        "name": "Failures",
        "instance": f"{one.spec['customer']}/{one.name}",
        "triggers": triggers,
        "groups": git.named("AlertGroup"),
    }
    return {**spec, **chance.part({"flow": "Receive", "webhooks": git.named("AlertWebhook")})}


def _listing(chance: Chance, git: Git) -> dict[str, Any]:
    optional = {"overview": "# Orders", "allowMultipleInstances": chance.yes(), "release": "latest"}
    availability = chance.one(["deployable", "visible", "hidden"])
    return {"integration": chance.one(git.released), "availability": availability, **chance.part(optional)}


def _component(chance: Chance, _: Git) -> dict[str, Any]:
    return {"key": "slack", **chance.part({"version": 1, "isPublic": True})}


# Before the core, since definitions name these; and after it, since these name what is in the core.
BEFORE: Mapping[str, Specs] = {
    "Component": _component,
    "InstanceProfile": _profile,
    "Connection": _connection,
}
AFTER: Mapping[str, Specs] = {
    "User": _user,
    "AlertWebhook": _webhook,
    "AlertGroup": _group,
    "AlertMonitor": _monitor,
    "EventWebhook": _events,
    "LogStream": _stream,
    "MarketplaceListing": _listing,
}


def add_others(chance: Chance, git: Git, specs: Mapping[str, Specs], share: float) -> None:
    for kind, draw in specs.items():
        spec = draw(chance, git) if chance.yes(share) else None
        if spec is not None:
            git.add(Manifest(kind, kind.lower(), spec))


def add_customer_connections(chance: Chance, git: Git) -> None:
    """The customers' own values of the shared connection, for some of them."""
    for customer in chance.some(git.named("Customer") if git.of("Connection") else []):
        inputs = {"apiKey": secret(f"CRM_{customer.upper()}")}
        spec = {"connection": "connection", "customer": customer, "inputs": inputs}
        git.add(Manifest("CustomerConnection", f"crm-{customer}", spec))


# What a later commit says of them.
LATER: Mapping[str, dict[str, Any]] = {
    "InstanceProfile": {"allocatedMemoryMb": 4096},
    "Connection": {"name": "CRM of ours", "description": "Ours"},
    "AlertWebhook": {"payloadTemplate": "{ }", "headers": {}},
    "AlertGroup": {"users": []},
    "AlertMonitor": {"triggers": ["Execution Failed", "Execution Overdue"]},
    "EventWebhook": {"eventTypes": ["user.created"], "enabled": True},
    "LogStream": {"severityLevels": ["INFO"]},
    "User": {"name": "Ada Lovelace"},
    "MarketplaceListing": {"availability": "visible", "overview": "# All orders"},
}
