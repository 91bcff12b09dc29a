"""What is saved on an instance and not deployed: whose work that is, and what must not be done to it.

It is a person's, who has not finished, unless our record (or this machine's journal) says that a run of
ours was about to deploy it: the calls before a deploy write that one is owed, and since when. The debt is
paid once the instance is deployed again, by whomever (decision 0022).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.protocol import Request, address_of
from reconciler.kinds.table.record import WIDTH
from reconciler.kinds.table.secrets import remembered
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256_of_plain
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject

OWED = "deploy"
"""The group of the record that says so."""


def undeployed(live: LiveObject) -> str:
    """What of an instance is saved and not deployed; empty where nothing is."""
    facts = facts_of(live)
    if not facts.last_deployed_at:
        return "was never deployed"
    if facts.needs_deploy:
        return "has changes that are not deployed"
    if facts.deployed_version != facts.version_number:
        return "another version is deployed than is assigned"
    return ""


def debt(live: LiveObject | None) -> str:
    """What the record says while a deploy is owed: since which one."""
    return sha256_of_plain(["a deploy is owed", facts_of(live).last_deployed_at if live else None])


def is_owed(request: Request) -> bool:
    """Whether a run of ours left it undeployed."""
    live = request.live
    if live is None:
        return False
    owed = remembered(request).applied.get(OWED)
    return notes_of(live).owed or (owed is not None and owed == debt(live)[:WIDTH])


def waits(request: Request) -> str:
    """What of it waits for a person's deploy; empty where nothing does, or what does is ours to finish."""
    what = undeployed(request.live) if request.live else ""
    return "" if not what or is_owed(request) else what


def waiting(request: Request) -> Iterator[Diagnostic]:
    """A note of what waits for a person's deploy."""
    if what := waits(request):
        yield Diagnostic(
            "waits-for-deploy",
            f"waits for a person's deploy: {what}",
            request.resource.source,
            address_of(request.resource),
            severity="note",
        )


def undeployed_changes(request: Request, *, moving: bool) -> Iterator[Refusal]:
    """Why nothing is done that needs a deploy, which would publish what a person saved."""
    what = waits(request)
    if what and not request.policy.deploy_pending:
        lost = ", and a change of version may drop what was saved" if moving else ""
        yield Refusal(
            "undeployed-changes",
            f"waits for a person's deploy ({what}), and what differs from git needs one, which would put "
            f"their unfinished work into force{lost}",
            address_of(request.resource),
            "let them deploy or undo it, or give --deploy-pending",
        )
