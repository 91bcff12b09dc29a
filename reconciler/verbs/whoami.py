"""`whoami`: whose token it is, which tenant it opens and what it may do, to be sure before anything is
written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.model.operation import Operation
from reconciler.verbs.session import Session, connect

_USER = Operation("authenticatedUser", "query role { authenticatedUser { role { name } } }")
_TENANTS = Operation(
    "listUserTenants",
    "query tenants { listUserTenants(includeAllStacks: true)"
    " { nodes { tenantId orgName url awsRegion isCurrentStack systemSuspended } } }",
)


_ALLOWED = tuple(
    Operation(many, f"query {many} {{ {many}(first: 1{only}) {{ nodes {{ {' '.join(flags)} }} }} }}")
    for many, only, flags in (
        ("customers", ", isSystem: false", ("allowUpdate", "allowRemove", "allowAddInstance")),
        ("integrations", "", ("allowUpdate", "allowRemove", "allowPublish")),
        ("instances", ", isSystem: false", ("allowUpdate", "allowRemove", "allowDeploy")),
    )
)
_WORDS = {
    "allowUpdate": "update",
    "allowRemove": "remove",
    "allowAddInstance": "add an instance",
    "allowPublish": "publish",
    "allowDeploy": "deploy",
}
_READERS = ("guest",)
"""The roles that only read."""


class Can(Struct, frozen=True):
    """What a token may do, by what the tenant says of one object of each kind; None of a kind that has none.
    `write` is None where nothing tells.
    """

    write: bool | None
    kinds: Mapping[str, tuple[str, ...] | None]


def can_of(role: str, seen: Mapping[str, Mapping[str, Any]]) -> Can:
    """What follows from the role and from what the tenant allows on the objects that were `seen`."""
    kinds = {many: _allowed(found.get("nodes") or ()) for many, found in seen.items()}
    known = [one for one in kinds.values() if one is not None]
    if any(known):
        return Can(True, kinds)
    reads = role.strip().lower() in _READERS
    return Can(False if reads or len(known) == len(kinds) else None, kinds)


def _allowed(nodes: Sequence[Mapping[str, Any]]) -> tuple[str, ...] | None:
    given = {flag for node in nodes for flag, value in node.items() if value}
    return tuple(_WORDS[flag] for flag in sorted(given)) if nodes else None


class Who(Struct, frozen=True):
    """The identity behind an environment's token, and all tenants of that user if they were asked for."""

    name: str
    email: str
    role: str
    organization: str
    organization_id: str
    tenant: str
    url: str
    environment: str
    tenants: tuple[dict[str, Any], ...] | None = None
    can: Can | None = None


async def whoami(session: Session, *, tenants: bool = False, can: bool = False) -> Who:
    """Asks the tenant. Raises InvalidInput, NotAuthenticated, Unreachable or ApiError."""
    async with connect(session, read_only=True) as client:
        identity = await client.identity()
        user = await client.execute(_USER)
        found = (await client.execute(_TENANTS) or {}).get("nodes") or () if tenants else ()
        role = str((user.get("role") or {}).get("name") or "")
        seen = {one.name: await client.execute(one) or {} for one in _ALLOWED} if can else {}
        return Who(
            name=identity.name,
            email=identity.email,
            role=role,
            organization=identity.organization,
            organization_id=identity.organization_id,
            tenant=identity.tenant,
            url=client.base_url,
            environment=session.environment.name,
            tenants=tuple(_tenant(session, one, identity.tenant) for one in found) if tenants else None,
            can=can_of(role, seen) if can else None,
        )


def _tenant(session: Session, node: Mapping[str, Any], current: str) -> dict[str, Any]:
    """A tenant with what this project knows of it: which of its environments name it, and whether it is the
    one that the token opens.
    """
    identifier = str(node.get("tenantId") or "")
    known = session.project.environments.values()
    named = [one.name for one in known if one.tenant and one.tenant.lower() == identifier.lower()]
    if identifier == current and session.environment.name not in named:
        named.append(session.environment.name)
    return {**node, "current": identifier == current, "environments": sorted(named)}
