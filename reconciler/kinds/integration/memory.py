"""What we write on an integration: in the draft's metadata, and with each version that we publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.availability import to_be_remembered
from reconciler.kinds.integration.draft import compared, naming, sent_digest
from reconciler.kinds.integration.steps import EMPTY, GROUPS, PLAIN, integration_steps, is_marked
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import digests_of, own_mark, people, plain, to_send
from reconciler.kinds.table.marks import project_of
from reconciler.model.state import Version


def parse_version(node: Mapping[str, Any]) -> Version:
    """A published version, with what we wrote along with it."""
    ours = record.text_map(record.ours(node.get("versionAttributes")))
    comment, trailers = record.apart(node.get("versionComment") or "")
    return Version(
        id=node["id"],
        number=node["versionNumber"],
        available=node["versionIsAvailable"],
        release=ours.get("release") or trailers.get("release"),
        comment=comment,
        definition=ours.get("definition") or trailers.get("definition", ""),
        observed=ours.get("observed", ""),
    )


def of_creation(request: Request) -> str:
    """The metadata of a new integration, whose record has not come yet."""
    return record.merged(None, {**_ownership(request), "created": True})


def of_update(request: Request, names: Mapping[str, str], *, dropped: bool = False) -> str:
    """The metadata with mark, record and releases; `names` are given to versions with it. `dropped` says that
    a version was seen not to keep our attributes.
    """
    live = request.live
    assert live is not None
    part = {
        **_ownership(request),
        "applied": _record(request),
        "releases": {**live.facts["releases"], **names},
        "components": live.fields["definition"].component_versions,
        **({"dropped": True} if dropped or live.facts.get("dropped") else {}),
        **to_be_remembered(request, names),
    }
    return record.merged(live.facts["metadata"], part)


def is_written(request: Request) -> bool:
    """Whether the draft bears all that an update would write."""
    live = request.live
    assert live is not None
    if integration_steps(request, adopt=False).changes or not is_marked(request) or live.facts.get("cleared"):
        return False
    return _record(request) == live.applied and not naming(request)


def remembers(request: Request) -> bool:
    """Whether there is a record in the metadata, and no other project's."""
    live = request.live
    if live is None or not record.ours(live.facts["metadata"]):
        return False
    remembered = live.facts["mark"]
    return not isinstance(remembered, str) or project_of(remembered) == request.project.lower()


def _ownership(request: Request) -> dict[str, Any]:
    protection = {"protect": True} if request.resource.protect else {}
    return {"mark": own_mark(request), **protection}


def _record(request: Request) -> dict[str, str]:
    """The applied record to write: of each mentioned field, and of the definition as sent and as observed."""
    fields, live = request.resource.fields, request.live
    assert live is not None
    values: dict[str, Any] = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
    if to_send(request, ("labels",)):
        values["labels"] = people(fields["labels"])
    out = digests_of(request, values)
    if to_send(request, ("definition",)) and not compared(request).needed:
        out["sent"] = sent_digest(request.resource)
        out["observed"] = live.fields["definition"].digest
    return {group: out[group] for group in (*GROUPS, "sent", "observed") if group in out}
