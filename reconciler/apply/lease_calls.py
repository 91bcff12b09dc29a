"""The lease as an instance profile: the only object whose name the server keeps unique in a tenant and that
means nothing to instances unless a definition names it. So creating it is the test and the claim in one.

An update cannot be made to depend on what was read. But each claim is an object of its own: whoever takes a
lease over deletes that object and makes another, and then the former holder's id is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.model.documents import load
from reconciler.model.lease import PREFIX, Lease, moment
from reconciler.model.operation import Operation

UNKNOWN = "an unknown holder"
# Together they stay within 255 characters, which no server is known to refuse.
LONGEST_HOLDER, LONGEST_REASON = 96, 40


_SHARD = re.compile(r"|:[1-9][0-9]*/[1-9][0-9]*")


def name(project: str, shard: str = "") -> str:
    """The profile's name: of the project, or of a share of it."""
    return f"{PREFIX}{project}:{shard}" if shard else f"{PREFIX}{project}"


def find(project: str) -> Operation:
    """Reads the project's leases, and perhaps those of projects whose names begin like its own."""
    return Operation("instanceProfiles", load("lease", __package__)["leases"], {"name": name(project)})


def found(project: str, answer: Mapping[str, Any]) -> Lease | None:
    """The lease in the answer to `find` that concerns a run about all of the project."""
    return next(iter(concerning(project, answer)), None)


def concerning(project: str, answer: Mapping[str, Any], shard: str = "") -> list[Lease]:
    """The leases in the answer to `find` that concern a run about a share of the project, or all of it."""
    nodes = [one for one in answer.get("nodes") or () if isinstance(one, Mapping)]
    leases = [parse(one) for one in nodes if _is_of(project, str(one.get("name")))]
    return [lease for lease in leases if lease.conflicts(shard)]


def _is_of(project: str, called: str) -> bool:
    whole = name(project)
    return called.startswith(whole) and _SHARD.fullmatch(called[len(whole) :]) is not None


def create(project: str, lease: Lease) -> Operation:
    """Claims it; the server refuses that where the project has a lease already."""
    values = {"name": name(project, lease.shard), "description": _text(lease), "isDefaultProfile": False}
    return _mutation("createInstanceProfile", "createLease", values, repeatable=False)


def renew(lease: Lease) -> Operation:
    """Writes the lease's new end."""
    values = {"id": lease.id, "description": _text(lease)}
    return _mutation("updateInstanceProfile", "renewLease", values)


def remove(lease: Lease) -> Operation:
    """Deletes exactly this claim."""
    return _mutation("deleteInstanceProfile", "deleteLease", {"id": lease.id})


def parse(node: Mapping[str, Any]) -> Lease:
    """An answer's profile as a lease. What nobody can read belongs to an unknown holder, without an end."""
    shard = str(node.get("name", "")).removeprefix(PREFIX).partition(":")[2]
    try:
        said = json.loads(node.get("description") or "")
        since, until = (datetime.fromisoformat(said[part]) for part in ("since", "until"))
        if since.tzinfo is None or until.tzinfo is None:
            raise ValueError("a moment without a zone")
        holder, reason, token = (str(said[part]) for part in ("holder", "reason", "token"))
        return Lease(holder, reason, since, until, token, node["id"], shard)
    except (ValueError, TypeError, KeyError):
        return Lease(UNKNOWN, "", None, None, "", node["id"], shard)


def _text(lease: Lease) -> str:
    assert lease.since is not None
    assert lease.until is not None
    said = {
        "holder": lease.holder[:LONGEST_HOLDER],
        "reason": lease.reason[:LONGEST_REASON],
        "since": moment(lease.since),
        "until": moment(lease.until),
        "token": lease.token,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _mutation(root: str, document: str, values: Mapping[str, Any], *, repeatable: bool = True) -> Operation:
    return Operation(
        root,
        load("lease", __package__)[document],
        {"input": values},
        result="instanceProfile",
        repeatable=repeatable,
    )
