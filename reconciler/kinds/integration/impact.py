"""What a new definition means for the instances that will run it, before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.definition import Configuration, Definition
from reconciler.kinds.instance.config_values import text
from reconciler.kinds.instance.facts import facts_of as facts_of_instance
from reconciler.kinds.integration.facts import asked_of, draft_of, facts_of
from reconciler.kinds.protocol import Request, address_of, source_of
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import listed
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.model.state import LiveObject

NAMED = 3
_SET = "set the variable in these instances' config, give it a default, or keep them on their release"
_CONFIGURE = "configure them in your app, or keep them on their release"


def impact(request: Request, followers: Sequence[Request]) -> list[Diagnostic]:
    """One warning for each way in which the new definition does not fit instances: a required variable that
    nothing sets, a key or a picklist value that is gone, a connection of another component, a configuration
    that is to be given anew. Each counts the instances that it hits.
    """
    wanted = asked_of(request.resource)
    if wanted is None:
        return []
    hits: dict[tuple[str, str], list[str]] = {}
    old = draft_of(request.live) if request.live else None
    for follower in followers:
        found = [(message, _SET) for message in _misfits(wanted, old, follower)]
        found += [(message, _CONFIGURE) for message in _to_configure(wanted, request.live, follower)]
        for each in found:
            hits.setdefault(each, []).append(address_of(follower.resource))
    return [
        Diagnostic(
            "impact",
            f"{message}: {_instances(addresses)}",
            source_of(request.resource, "definition"),
            address_of(request.resource),
            hint,
            "warning",
        )
        for (message, hint), addresses in sorted(hits.items())
    ]


def _to_configure(wanted: Definition, draft: LiveObject | None, follower: Request) -> Iterator[str]:
    """Why an instance must be configured by the author's app: no public call saves such a configuration."""
    new, instance = wanted.configuration, follower.live
    if new is None:
        return
    if instance is None or draft is None:
        required = _fields("required", new.required)
        yield f"the configuration is given by your app, before the deploy{required}"
        return
    if not _runs_the_draft(draft, instance):
        yield "the configuration may have to be given anew: what the version in use asks for cannot be told"
        return
    old = draft_of(draft).configuration
    more = _fields("newly required", new.newly_required(old))
    if new.renewed_from(old):
        yield f"the configuration moves from {_of(old)} to {_of(new)}, and is to be given anew{more}"
    elif more:
        yield f"the configuration asks for more under the same {_of(new)}{more}"


def _runs_the_draft(draft: LiveObject, instance: LiveObject) -> bool:
    """Whether an instance's version is the newest, and the draft still is as it was published."""
    newest = next((version.id for version in draft.versions), None)
    return facts_of_instance(instance).version_id == newest and not facts_of(draft).has_unpublished_changes


def _of(configuration: Configuration | None) -> str:
    return f'version "{configuration.version}"' if configuration else "config pages"


def _fields(what: str, names: Sequence[str]) -> str:
    return f" ({what}: {listed(names)})" if names else ""


def _misfits(wanted: Definition, draft: Definition | None, follower: Request) -> Iterator[str]:
    names = wanted.renamed_variables  # a value goes on under the new name
    new = wanted.variables
    old = {names.get(key, key): variable for key, variable in draft.variables.items()} if draft else {}
    config = follower.resource.fields.get("config") or {}
    held = follower.live.fields["config"] if follower.live else {}
    live = {names.get(key, key): value for key, value in held.items()}
    for key, variable in new.items():
        value = config.get(key, live.get(key))
        if variable.needs_value and not _set(value):
            yield f'config variable "{key}" is required, has no default and is not set'
        chosen = text(value) if isinstance(value, str | Unproven) else ""
        if variable.choices and chosen and chosen not in variable.choices:
            yield f'config variable "{key}" no longer offers the value in use'
        before, after = old[key].connected_to if key in old else "", variable.connected_to
        if before and after and before != after and key in live:
            yield f'connection "{key}" changes from component "{before}" to "{after}"'
    for key in sorted(live.keys() - new.keys()):
        if key in old and _set(live[key]):
            yield f'config variable "{key}" is dropped, and with it the value in use'


def _set(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_set(v) for v in value.values())
    if isinstance(value, Hidden):
        return value.present
    return value is not None and (isinstance(value, Secret) or value != "")


def _instances(addresses: Sequence[str]) -> str:
    shown = ", ".join(sorted(addresses)[:NAMED])
    more = len(addresses) - NAMED
    count = f"{len(addresses)} instance{'s' if len(addresses) != 1 else ''}"
    return f"{count} ({shown}{f' and {more} more' if more > 0 else ''})"
