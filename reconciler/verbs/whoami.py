"""`whoami`: whose token it is and which tenant it opens, to be sure before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.operation import Operation
from reconciler.verbs.session import Session, connect

_USER = Operation("authenticatedUser", "query role { authenticatedUser { role { name } } }")
_TENANTS = Operation(
    "listUserTenants",
    "query tenants { listUserTenants(includeAllStacks: true)"
    " { nodes { tenantId orgName url awsRegion isCurrentStack systemSuspended } } }",
)


@dataclass(frozen=True, slots=True)
class Who:
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


async def whoami(session: Session, *, tenants: bool = False) -> Who:
    """Asks the tenant. Raises InvalidInput, NotAuthenticated, Unreachable or ApiError."""
    async with connect(session, read_only=True) as client:
        identity = await client.identity()
        user = await client.execute(_USER)
        found = (await client.execute(_TENANTS) or {}).get("nodes") or () if tenants else ()
        return Who(
            name=identity.name,
            email=identity.email,
            role=str((user.get("role") or {}).get("name") or ""),
            organization=identity.organization,
            organization_id=identity.organization_id,
            tenant=identity.tenant,
            url=client.base_url,
            environment=session.environment.name,
            tenants=tuple(_tenant(session, one, identity.tenant) for one in found) if tenants else None,
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
