"""What another version means for the instances that will run it, before it is published or they move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.definition import Definition
from reconciler.kinds.instance.config_values import text
from reconciler.kinds.instance.fields import live_config
from reconciler.kinds.instance.release import names_version, release_ref
from reconciler.kinds.integration.facts import asked_of, draft_of
from reconciler.kinds.integration.headless import doubts, instances, refusals
from reconciler.kinds.protocol import Request, Steps, address_of, source_of
from reconciler.model.address import Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.secret import Hidden, Secret, Unproven

_SET = "set the variable in these instances' config, give it a default, or keep them on their release"
_CONFIGURE = "configure them in your app, or keep them on their release"


def impact(request: Request, followers: Sequence[Request]) -> Steps:
    """What running another version means for instances. One warning for each way in which a definition that
    is to be published does not fit them: a required variable that nothing sets, a key or a picklist value
    that is gone, a connection of another component. A move that asks for another configuration is refused.
    """
    wanted = asked_of(request.resource)
    hits: dict[tuple[str, str], list[str]] = {}
    old = draft_of(request.live) if request.live else None
    for follower in followers:
        found = [(message, _CONFIGURE) for message in doubts(request, follower)]
        if wanted is not None and _waits(follower):
            found += [(message, _SET) for message in _misfits(wanted, old, follower)]
        for each in found:
            hits.setdefault(each, []).append(address_of(follower.resource))
    warnings = [
        Diagnostic(
            "impact",
            f"{message}: {instances(addresses)}",
            source_of(request.resource, "definition"),
            address_of(request.resource),
            hint,
            "warning",
        )
        for (message, hint), addresses in sorted(hits.items())
    ]
    return Steps(
        warnings=tuple(warnings),
        refusals=tuple(refusals(request, followers)),
        notes=tuple(_renamed(request, followers)),
    )


def _renamed(request: Request, followers: Sequence[Request]) -> Iterator[Diagnostic]:
    """A note for each variable in use that goes on under another name, as the documentation has it."""
    wanted = asked_of(request.resource)
    moving = [one for one in followers if one.live and _waits(one)]
    for old, new in (wanted.renamed_variables if wanted else {}).items():
        hit = [address_of(one.resource) for one in moving if _set(live_config(one.live).get(old))]
        if hit:
            yield Diagnostic(
                "variable-renamed",
                f'config variable "{old}" is renamed to "{new}" by renameAttributes, which is documented to '
                f"keep the value in use: {instances(hit)}",
                source_of(request.resource, "definition"),
                address_of(request.resource),
                "reconciler probe finds out whether this tenant does so (import_renames)",
                "note",
            )


def _waits(follower: Request) -> bool:
    """Whether the version that an instance is to run is still to be published."""
    resource = follower.resource
    return names_version(resource) and isinstance(follower.resolve(release_ref(resource)), Ref)


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
