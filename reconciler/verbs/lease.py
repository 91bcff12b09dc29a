"""The lease as the verbs see it: who holds it, and who a run of ours is: the CI run with its address, or the
user and the machine.
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from reconciler.api.client import Client
from reconciler.apply.lease import Claim, Holding, Ports, held, present
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ApiError
from reconciler.model.lease import Lease
from reconciler.model.plan import Plan
from reconciler.verbs.commit import commit_attributes
from reconciler.verbs.session import Session


def leased(
    session: Session, plan: Plan, client: Client, ports: Ports, *, take: bool, seconds: float, shard: str = ""
) -> AbstractAsyncContextManager[Holding | None]:
    """Holds the lease for a run, where the project asks for leases."""
    if not session.project.policy.lease:
        return nullcontext()
    return held(client, claim(session, plan, take=take, seconds=seconds, shard=shard), ports)


def claim(session: Session, plan: Plan, *, take: bool, seconds: float, shard: str = "") -> Claim:
    """This run's claim on the tenant."""
    environ, token = session.environ, session.machine.entropy(8).hex()
    return Claim(plan.project, holder(environ), reason(plan, environ), token, seconds, take, shard)


async def seen(session: Session, client: Client, shard: str = "") -> tuple[Lease | None, list[Diagnostic]]:
    """Who works on the tenant, where the project asks for leases; a warning where that cannot be seen."""
    if not session.project.policy.lease:
        return None, []
    try:
        return await present(client, session.project.name, shard), []
    except ApiError as error:
        said = f"it cannot be seen who works on the tenant: {error.message}"
        hint = "apply needs a token that may read and write instance profiles"
        return None, [Diagnostic("lease-unknown", said, severity="warning", hint=hint)]


def holder(environ: Mapping[str, str]) -> str:
    """The address of the CI run, else user@host."""
    server, repository, run = (
        environ.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    if server and repository and run:
        named = f"{server}/{repository}/actions/runs/{run}"
    elif job := environ.get("CI_JOB_URL"):
        named = job
    else:
        named = f"{_user(environ)}@{socket.gethostname()}"
    return named.encode(errors="replace").decode()


def _user(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("USER") or environ.get("LOGNAME") or getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "someone"


def reason(plan: Plan, environ: Mapping[str, str]) -> str:
    """What the run does: how many actions, and of which commit where that is known."""
    number = len(plan.actions)
    actions = f"{number} action" if number == 1 else f"{number} actions"
    commit = commit_attributes(environ).get("commitHash")
    return f"{actions}, commit {commit[:8]}" if commit else actions
