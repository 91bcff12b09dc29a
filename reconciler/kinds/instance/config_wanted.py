"""What a manifest asks of an instance's config, with what it names in the tenant filled in."""

from __future__ import annotations

from reconciler.kinds.instance.config_values import SHARED, is_bound, is_connection, text
from reconciler.kinds.instance.fields import given_config
from reconciler.kinds.protocol import Request, ignored
from reconciler.model.address import Address, Ref
from reconciler.model.state import Resource

_MANIFEST = "CustomerConnection/"


def config_wanted(request: Request) -> dict[str, object]:
    """The config variables by key, without what is ignored once the instance is there."""
    config = given_config(request.resource)
    return {
        key: value if isinstance(value, str) else unignored(key, resolved(value, request), request)
        for key, value in config.items()
        if not (request.live and ignored(request.resource, f"config.{key}"))
    }


def resolved(value: object, request: Request) -> object:
    """A value; of one that names a manifest, what the tenant knows it by."""
    if not is_bound(value) or not text(value[SHARED]).startswith(_MANIFEST):
        return value
    return {SHARED: request.resolve(Ref(Address.parse(text(value[SHARED]))))}


def unignored(key: str, value: object, request: Request) -> object:
    """A connection without the inputs that are ignored: these stay as they are live."""
    if request.live is None or not is_connection(value):
        return value
    path = f"config.{key}.inputs"
    inputs = {n: v for n, v in value["inputs"].items() if not ignored(request.resource, f"{path}.{n}")}
    return {"inputs": inputs}


def bindings(resource: Resource) -> list[Ref]:
    """The customers' values, declared by manifests, that the instance's shared connections are bound to."""
    values = [value for value in given_config(resource).values() if type(value) is not str]
    if not values:
        return []
    named = [text(value[SHARED]) for value in values if is_bound(value)]
    return [Ref(Address.parse(one)) for one in named if one.startswith(_MANIFEST)]
