"""The lease as an instance profile: the only object whose name the server keeps unique in a tenant and that
means nothing to instances unless a definition names it. So creating it is the test and the claim in one.

An update cannot be made to depend on what was read. But each claim is an object of its own: whoever takes a
lease over deletes that object and makes another, and then the former holder's id is gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.model.documents import load
from reconciler.model.lease import PREFIX, Lease, moment
from reconciler.model.operation import Operation

UNKNOWN = "an unknown holder"
# Together they stay within 255 characters, which no server is known to refuse.
LONGEST_HOLDER, LONGEST_REASON = 96, 40


def name(project: str) -> str:
    """The profile's name."""
    return f"{PREFIX}{project}"


def find(project: str) -> Operation:
    """Reads the project's lease."""
    return Operation("instanceProfiles", load("lease", __package__)["leases"], {"name": name(project)})


def found(project: str, answer: Mapping[str, Any]) -> Lease | None:
    """The lease in the answer to `find`."""
    nodes = [
        node
        for node in answer.get("nodes") or ()
        if isinstance(node, Mapping) and node.get("name") == name(project)
    ]
    return parse(nodes[0]) if nodes else None


def create(project: str, lease: Lease) -> Operation:
    """Claims it; the server refuses that where the project has a lease already."""
    values = {"name": name(project), "description": _text(lease), "isDefaultProfile": False}
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
    try:
        said = json.loads(node.get("description") or "")
        since, until = (datetime.fromisoformat(said[part]) for part in ("since", "until"))
        if since.tzinfo is None or until.tzinfo is None:
            raise ValueError("a moment without a zone")
        return Lease(str(said["holder"]), str(said["reason"]), since, until, str(said["token"]), node["id"])
    except (ValueError, TypeError, KeyError):
        return Lease(UNKNOWN, "", None, None, "", node["id"])


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
