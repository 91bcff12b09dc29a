"""The scratch integration's definition: a flow that nothing calls, and variables to ask about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from reconciler.yaml12.text import only_map

FLOW = "Probe"
PLAIN = "Channel"
RENAMED = "Room"
LOGIN = "Login"
OWN_KEY = "reconcilerProbe"
DEFAULT_USER = "nobody"
_COMPONENT = {"isPublic": True, "version": "LATEST"}
_HTTP = {**_COMPONENT, "key": "http"}
_ADDRESS = "https://scratch.invalid/"


class _Dumper(yaml.SafeDumper):
    """Every text in quotes: of twelve hex digits, as a run is called, some are a number to some readers."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Dumper.add_representer(str, _text)


def definition(
    name: str,
    labels: Sequence[str] = (),
    *,
    description: str = "",
    variables: Sequence[dict[str, Any]] = (),
    more: dict[str, Any] | None = None,
    plain: str = PLAIN,
) -> str:
    """The text of one, with further variables and further keys at its top, and its first variable's name."""
    wanted = [_plain(plain), _login(), *variables]
    of_users = [one for one in wanted if one.get("userLevelConfigured")]
    of_instance = [one for one in wanted if one not in of_users]
    trigger = {
        "name": "Trigger",
        "description": "",
        "isTrigger": True,
        "action": {"key": "webhook", "component": {**_COMPONENT, "key": "webhook-triggers"}},
        "inputs": {},
    }
    body = {
        "definitionVersion": 7,
        "name": name,
        "description": description,
        "flows": [{"name": FLOW, "description": "", "isSynchronous": False, "steps": [trigger]}],
        "configPages": [_page("Page", of_instance)] + ([_page("Own", of_users)] if of_users else []),
        "requiredConfigVars": wanted,
        **({"labels": list(labels)} if labels else {}),
        **(more or {}),
    }
    return str(yaml.dump(body, Dumper=_Dumper, sort_keys=False))


def incomplete() -> dict[str, Any]:
    """A variable without a default, which leaves an instance incomplete."""
    return {"key": "Needed", "dataType": "string", "orgOnly": False}


def of_users() -> dict[str, Any]:
    """A variable without a default, which each user sets."""
    return {"key": "Own", "dataType": "string", "orgOnly": False, "userLevelConfigured": True}


def oauth() -> dict[str, Any]:
    """A connection that a person would have to authorise."""
    given = ("authorizeUrl", "tokenUrl", "clientId", "clientSecret")
    return _connection("Account", "oauth2", {name: _ADDRESS for name in given})


def parse(text: str) -> dict[str, Any]:
    """A definition as it was read back; empty where it cannot be read."""
    return dict(only_map(text) or {})


def steps(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of all flows."""
    for flow in body.get("flows") or ():
        yield from flow.get("steps") or ()


def component_version(body: dict[str, Any]) -> Any:
    """The number that stands where LATEST was sent."""
    found = (step.get("action", {}).get("component", {}).get("version") for step in steps(body))
    return next(found, None)


def _page(name: str, variables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    elements = [{"type": "configVar", "value": one["key"]} for one in variables]
    theirs = any(one.get("userLevelConfigured") for one in variables)
    return {"name": name, "elements": elements, **({"userLevelConfigured": True} if theirs else {})}


def renamed(name: str, labels: Sequence[str]) -> str:
    """The text of one whose first variable goes on under another name."""
    renames = {"requiredConfigVars": [{"oldName": PLAIN, "newName": RENAMED}]}
    return definition(name, labels, plain=RENAMED, more={"renameAttributes": renames})


def _plain(key: str) -> dict[str, Any]:
    return {"key": key, "dataType": "string", "defaultValue": "general", "orgOnly": False}


def _login() -> dict[str, Any]:
    return _connection(LOGIN, "basic", {"username": DEFAULT_USER, "password": DEFAULT_USER})


def _connection(key: str, kind: str, inputs: dict[str, str]) -> dict[str, Any]:
    return {
        "key": key,
        "dataType": "connection",
        "orgOnly": False,
        "connection": {"key": kind, "component": dict(_HTTP)},
        "inputs": {name: {"type": "value", "value": value} for name, value in inputs.items()},
    }
