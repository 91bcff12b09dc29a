"""An integration told as its manifest would say it: the newest published version, with a name that means it.

The draft is a person's desk: where it is ahead of what was published, git gets what was published. A version
that bears no name is meant by its number, or by the version that its comment begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.definition import Definition
from reconciler.kinds.integration.facts import Component, draft_of, facts_of, notes_of
from reconciler.kinds.integration.release import find_release, name_of
from reconciler.kinds.telling import Untellable
from reconciler.model import documents
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject, Version

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_IN_COMMENT = re.compile(
    r"\s*(v?[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:[-+][A-Za-z0-9.+-]*[A-Za-z0-9])?)(?![\w/~@.+-]*\w)"
)
_LATEST = "latest"


def release_name(live: LiveObject, version: Version) -> str:
    """A release's name that means this version and no other; empty where there is none."""
    for name in _names(live, version):
        found = find_release(live, name) if _RELEASE.fullmatch(name) and name != _LATEST else None
        if found is not None and found.id == version.id:
            return name
    return ""


def named_release(live: LiveObject) -> tuple[Version | None, str]:
    """The newest version with its release's name, which git publishes; None where nothing has a name."""
    newest = next(iter(live.versions), None)
    name = release_name(live, newest) if newest else ""
    return (newest, name) if newest and name else (None, "")


def version_before(live: LiveObject, names: Iterable[str]) -> Version | None:
    """The version that git had when people published a newer one: what the first of these releases means that
    means any, else the newest that bears a name.
    """
    meant = (find_release(live, name) for name in names)
    named = (version for version in live.versions if name_of(live, version))
    return next((one for one in meant if one is not None), None) or next(named, None)


def definition_of(live: LiveObject, version: Version) -> Definition | None:
    """What a version was made from, where that is known."""
    if version.id == live.versions[0].id and not _is_ahead(live):
        return draft_of(live)
    return notes_of(live).read.get(version.id)


def definition_to_read(live: LiveObject, version: Version) -> Operation | None:
    """Reads what a version was made from; None where that is known."""
    if definition_of(live, version) is not None or version.id in notes_of(live).read:
        return None
    return Operation(
        "integration", documents.load("integration", __package__)["published"], {"id": version.id}
    )


def sent_last(live: LiveObject) -> str:
    """The digest of what the definition meant that git sent last; empty where no record says so."""
    return live.applied.get("sent", "")


def newest_components(live: LiveObject) -> Mapping[Component, int] | None:
    """The newest versions of the components of which the draft uses older ones."""
    return notes_of(live).newest


def unread(live: LiveObject) -> Operation | None:
    """Reads which components of the draft have moved on, and what the newest version was made from, where the
    draft is ahead of it; None where nothing is left to be known.
    """
    if facts_of(live).has_outdated_components and notes_of(live).newest is None:
        return Operation(
            "integration", documents.load("integration", __package__)["outdated"], {"id": live.id}
        )
    version, _ = named_release(live)
    if version is None or not _is_ahead(live) or version.id in notes_of(live).read:
        return None
    return Operation(
        "integration", documents.load("integration", __package__)["published"], {"id": version.id}
    )


def definition_told(live: LiveObject) -> Definition:
    """What git is to hold: what the newest version was made from, or the draft. Raises Untellable."""
    version, _ = named_release(live)
    found: Definition | None = draft_of(live)
    if version is not None and _is_ahead(live):
        found = notes_of(live).read.get(version.id)
    if found is None or found.is_blank or not found.text:
        raise Untellable("it has no definition yet")
    return found


def draft_ahead(live: LiveObject) -> Definition | None:
    """The draft, where people have something on their desk that is not published."""
    version, _ = named_release(live)
    if version is None or not _is_ahead(live):
        return None
    published, draft = notes_of(live).read.get(version.id), draft_of(live)
    return None if published is None or published.same(draft) or draft.is_blank else draft


def integration_told(live: LiveObject) -> dict[str, object]:
    """The fields of the manifest. Raises Untellable."""
    definition = definition_told(live)
    own, said = definition.own_fields, dict[str, object]()
    for name in ("name", "description", "category"):
        if live.fields[name] != own.get(name, ""):
            said[name] = live.fields[name]
    if live.fields["labels"]:
        said["labels"] = live.fields["labels"]
    said["definition"] = definition
    version, release = named_release(live)
    if version is not None:
        said["release"] = release
        if version.comment and version.comment.strip() != release:
            said["comment"] = version.comment
        if not version.available:
            said["available"] = False
    return said


def _names(live: LiveObject, version: Version) -> Iterator[str]:
    if borne := name_of(live, version):
        yield borne
        return
    if begun := _IN_COMMENT.match(version.comment):
        yield begun[1]
    yield str(version.number)


def _is_ahead(live: LiveObject) -> bool:
    return facts_of(live).has_unpublished_changes


def sequence_of(live: LiveObject) -> str:
    """What instances know an integration by: the id of its versions' sequence."""
    return facts_of(live).sequence or ""
