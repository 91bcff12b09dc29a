"""Why this exists: ids are opaque to clients, and here they tell where a thing is.

A global id is base64 of ``Type:uuid``. Things that live inside a row (a flow of an integration, a value of an
instance) have ids derived from the row's, so that no table of ids is needed and no id moves by accident.
"""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from binascii import Error
from functools import lru_cache
from hashlib import sha1

from graphql import GraphQLError

PREFIX = 19  # the part of a row's uuid that its contents share with it, up to the third hyphen


@lru_cache(maxsize=65536)
def to_global(kind: str, identifier: str) -> str:
    """The id that clients see."""
    return b64encode(f"{kind}:{identifier}".encode()).decode()


def from_global(kind: str, value: str) -> str:
    """The uuid within a global id of this type; GraphQLError when it is none."""
    try:
        found, _, identifier = b64decode(value, validate=True).decode().partition(":")
        identifier = str(uuid.UUID(identifier))
    except (Error, ValueError) as error:
        raise GraphQLError(
            f'Unable to parse global ID "{value}". Make sure it is a base64 encoded string.'
        ) from error
    if found != kind:
        raise GraphQLError(f"Must receive a {kind} id.")
    return identifier


@lru_cache(maxsize=65536)
def derived(owner: str, role: str) -> str:
    """The uuid of a part of a row, by its role there."""
    digest = sha1(f"{owner}/{role}".encode()).hexdigest()
    return f"{owner[:PREFIX]}{digest[:4]}-{digest[4:16]}"


def named(space: str, name: str) -> str:
    """A uuid that is the same whenever it is asked for."""
    return str(uuid.uuid5(uuid.UUID(space), name))
