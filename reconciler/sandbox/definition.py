"""Why this exists: what a client imports is not what it reads back, and the difference must be reproduced.

The server checks a definition, puts numbers where it says LATEST, adds defaults and drops some empty parts.
Everything the rest of the sandbox needs of definitions can be imported from this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .definition_check import ANYTHING, KNOWN, check, component_refs, steps_of
from .definition_rows import config_variables, configuration, flows
from .definition_text import DefinitionError, dump, load

__all__ = [
    "ANYTHING",
    "KNOWN",
    "DefinitionError",
    "Lookup",
    "check",
    "config_variables",
    "configuration",
    "dump",
    "flows",
    "latest",
    "load",
    "normalise",
    "resolve_components",
]

Lookup = Callable[[str, bool, int | str | None, str | None], int | None]
"""(key, is public, version, signature) to the number of that component version, None when there is none."""

_TOP_DEFAULTS: dict[str, Any] = {
    "category": "",
    "defaultInstanceProfile": "Default Instance Profile",
    "documentation": "",
    "endpointType": "flow_specific",
}
_FLOW_DEFAULTS: dict[str, Any] = {"endpointSecurityType": "customer_optional", "isAgentFlow": False}
_STEP_DEFAULTS: dict[str, Any] = {"description": ""}
# A later release of the platform: same definitionVersion, more keys.
_FLOW_2026: dict[str, Any] = {
    "queueConfig": {"singletonExecutions": False, "usesFifoQueue": False},
    "triggerResolver": {"enabled": False},
}
_STEP_2026: dict[str, Any] = {"errorConfig": {"errorHandlerType": "fail"}}

# What the release that we know calls the parts of a definition.
_NAMES = {
    "definition": """
        category configPages configuration defaultInstanceProfile definitionVersion description
        documentation endpointType externalCustomerIdField externalCustomerUserIdField flowNameField
        flows hasConfigurationInit importMetadata isCodeNative labels name preprocessFlowName renameAttributes
        requiredConfigVars supplementalComponents version
    """,
    "flow": """
        description endpointSecurityType isAgentFlow isSynchronous name organizationApiKeys
        queueConfig renameAttributes retryConfig schedule schemas stableKey steps supplementalComponents
        triggerResolver
    """,
    "step": "action branches description errorConfig inputs isTrigger name schedule stableKey steps",
    "variable": """
        codeLanguage collectionType connection dataSource dataType defaultValue description inputs
        key meta onPremiseConnectionConfig orgOnly pickList scheduleType stableKey timeZone
        useScopedConfigVar userLevelConfigured
    """,
    "page": "elements name tagline userLevelConfigured",
}
_KEYS = {part: frozenset(names.split()) for part, names in _NAMES.items()}


def resolve_components(definition: dict[str, Any], lookup: Lookup) -> dict[str, Any]:
    """Put a version number into every component reference; raise DefinitionError for unknown ones."""
    result: dict[str, Any] = _copy(definition)
    unknown: list[str] = []
    for reference in component_refs(result):
        key, public = str(reference.get("key")), bool(reference.get("isPublic"))
        version, signature = reference.get("version"), reference.get("signature")
        number = lookup(key, public, version, signature)
        if number is None:
            unknown.append(_unknown_component(key, public, version, signature))
        else:
            reference.pop("signature", None)
            reference["version"] = number
    if unknown:
        raise DefinitionError(list(dict.fromkeys(unknown)))
    return result


def latest(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition with LATEST in place of the version numbers of public components."""
    result: dict[str, Any] = _copy(definition)
    for reference in component_refs(result):
        if reference.get("isPublic") is True and isinstance(reference.get("version"), int):
            reference["version"] = "LATEST"
    return result


def normalise(
    definition: dict[str, Any], *, year: str = "2025", unknown_keys: str = "keep"
) -> dict[str, Any]:
    """The canonical form of the read-back; keys that no release knows are kept, dropped or refused."""
    if unknown_keys == "error" and (strangers := list(_unknown_keys(definition))):
        raise DefinitionError(strangers)
    later = year >= "2026"
    drop = unknown_keys == "drop"
    result = _TOP_DEFAULTS | _known(definition, _KEYS["definition"], drop)
    if not result.get("requiredConfigVars"):
        result.pop("requiredConfigVars", None)
    else:
        result["requiredConfigVars"] = [_variable(v, drop) for v in result["requiredConfigVars"]]
    if result.get("configPages"):
        result["configPages"] = [_page(page, drop) for page in result["configPages"]]
    elif "configuration" not in result:  # a headless configuration has no pages
        result["configPages"] = [{"elements": [], "name": "Configuration"}]
    result["flows"] = [_flow(flow, later, drop) for flow in result.get("flows") or []]
    copied: dict[str, Any] = _copy(result)
    return copied


def _flow(flow: dict[str, Any], later: bool, drop: bool) -> dict[str, Any]:
    result = _FLOW_DEFAULTS | (_FLOW_2026 if later else {}) | _known(flow, _KEYS["flow"], drop)
    result["steps"] = [_step(step, later, drop) for step in result.get("steps") or []]
    return result


def _step(step: dict[str, Any], later: bool, drop: bool) -> dict[str, Any]:
    result = _STEP_DEFAULTS | (_STEP_2026 if later else {}) | _known(step, _KEYS["step"], drop)
    if isinstance(result.get("inputs"), dict):
        result["inputs"] = _inputs(result["inputs"])
    if isinstance(result.get("steps"), list):
        result["steps"] = [_step(inner, later, drop) for inner in result["steps"]]
    if isinstance(result.get("branches"), list):
        result["branches"] = [
            {**branch, "steps": [_step(inner, later, drop) for inner in branch.get("steps") or []]}
            for branch in result["branches"]
        ]
    return result


def _variable(variable: dict[str, Any], drop: bool) -> dict[str, Any]:
    result = _known(variable, _KEYS["variable"], drop)
    if isinstance(result.get("inputs"), dict):
        result["inputs"] = _inputs(result["inputs"])
    return result


def _page(page: dict[str, Any], drop: bool) -> dict[str, Any]:
    result = _known(page, _KEYS["page"], drop)
    result.setdefault("elements", [])
    return result


def _inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """An input left empty in YAML is null; the server stores text."""
    return {
        name: {**value, "value": ""} if isinstance(value, dict) and value.get("value") is None else value
        for name, value in inputs.items()
    }


def _known(part: dict[str, Any], keys: frozenset[str], drop: bool) -> dict[str, Any]:
    """Null means absent; keys of other releases go when the rule says so."""
    return {k: v for k, v in part.items() if v is not None and (not drop or k in keys)}


def _unknown_keys(definition: dict[str, Any]) -> Iterator[str]:
    yield from _strangers("definition", definition, _KEYS["definition"])
    for variable in definition.get("requiredConfigVars") or []:
        yield from _strangers(f"config variable {variable.get('key')!r}", variable, _KEYS["variable"])
    for page in definition.get("configPages") or []:
        yield from _strangers(f"config page {page.get('name')!r}", page, _KEYS["page"])
    for flow in definition.get("flows") or []:
        where = f"flow {flow.get('name')!r}"
        yield from _strangers(where, flow, _KEYS["flow"])
        for step in steps_of(flow.get("steps")):
            yield from _strangers(f"{where}: step {step.get('name')!r}", step, _KEYS["step"])


def _strangers(where: str, part: dict[str, Any], keys: frozenset[str]) -> Iterator[str]:
    for key in part:
        if key not in keys:
            yield f"{where}: unknown key {key!r}"


def _unknown_component(key: str, public: bool, version: object, signature: object) -> str:
    name = f"{'public' if public else 'private'} component {key!r}"
    if signature:
        return f"{name} with signature {signature} was not found"
    if version in (None, "LATEST"):
        return f"{name} was not found"
    return f"{name} has no version {version}"


def _copy(value: Any) -> Any:
    """Deep copy of plain data; several times faster than copy.deepcopy, and it parts what aliases shared."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
