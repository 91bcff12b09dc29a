"""Which published version a release's name means.

A name is borne by a version (in its attributes, or in our metadata on the draft), or it is a number or the
beginning of a comment that people gave it, or it is about to be given to the newest version, since that holds
just what git's manifest publishes under it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from msgspec import Struct

from reconciler.kinds.integration.facts import facts_of
from reconciler.model.address import Ref
from reconciler.model.refs import ReleaseNameRef, ReleaseNamesRef, ReleaseRef, VersionNumberRef
from reconciler.model.state import LiveObject, Version

# What may follow a release's name at the beginning of a comment: nothing that makes it another one's.
_GOES_ON = re.compile(r"[\w/~@]|[.+-]+\w")

_LONGEST = 64
"""No release's name is longer."""


class Found(Struct, frozen=True):
    """The versions that a release's name may mean: none, one, or several, of which nobody can tell."""

    versions: tuple[Version, ...] = ()

    @property
    def only(self) -> Version | None:
        """The only one."""
        return self.versions[0] if len(self.versions) == 1 else None

    @property
    def ambiguous(self) -> bool:
        """Whether there are several."""
        return len(self.versions) > 1


def versions_meant(live: LiveObject, release: str) -> Found:
    """The version that bears the name; else, of those that bear none, the one whose comment is that text or
    begins with it as a word; else, where it is all digits, the one of that number.
    """
    bearing = _bearing(live, release)
    if bearing is not None:
        return Found((bearing,))
    nameless = [version for version in live.versions if not name_of(live, version)]
    said = tuple(version for version in nameless if begins_with(version.comment, release))
    if said or not release.isdecimal():
        return Found(said)
    return Found(tuple(version for version in nameless if version.number == int(release)))


def find_release(live: LiveObject, release: str) -> Version | None:
    """The published version that a release's name means, where it means exactly one."""
    return versions_meant(live, release).only


def name_of(live: LiveObject, version: Version) -> str:
    """The reverse: the release's name that a published version bears; empty where it bears none."""
    named = (name for name, version_id in facts_of(live).releases.items() if version_id == version.id)
    return version.release or next(named, "")


def names_of(live: LiveObject, version: Version) -> tuple[str, ...]:
    """All names by which a release may have meant a published version: those that it bears, else its number
    and each beginning of its comment.
    """
    named = [name for name, version_id in facts_of(live).releases.items() if version_id == version.id]
    borne = (*([version.release] if version.release else ()), *named)
    if borne:
        return borne
    text = version.comment.strip()
    begun = (text[:end] for end in range(1, min(len(text), _LONGEST) + 1))
    return (str(version.number), *(name for name in begun if begins_with(text, name)))


def told_of_versions(live: LiveObject, ref: Ref) -> object:
    """What a Ref names of the versions: their ids by release or number, and the reverse; None where there is
    no such version, and of other Refs.
    """
    if isinstance(ref, ReleaseRef):
        version = find_release(live, ref.name)
        return version.id if version else None
    if isinstance(ref, VersionNumberRef):
        return next((v.id for v in live.versions if str(v.number) == str(ref.number)), None)
    if isinstance(ref, ReleaseNameRef | ReleaseNamesRef):
        found = next((v for v in live.versions if v.id == ref.version_id), None)
        named = name_of if isinstance(ref, ReleaseNameRef) else names_of
        return named(live, found) or None if found else None
    return None


def to_be_named(live: LiveObject, release: str) -> list[Version]:
    """The versions that a release's name may be given to, the likeliest first: those without a name that came
    to be since a run began to publish it; where none did, the newest, if it bears no name.
    """
    before = facts_of(live).publishing.get(release)
    known = before is not None and before in ("", *(version.id for version in live.versions))
    since = takewhile(lambda version: version.id != before, live.versions) if known else live.versions[:1]
    return [version for version in since if not name_of(live, version)][::-1]


def begins_with(comment: str, release: str) -> bool:
    """Whether a comment is a release's name, or begins with it as a word: `1.4.0: x`, not `1.4.0-rc1`."""
    text = comment.strip()
    return text.startswith(release) and not _GOES_ON.match(text, len(release))


def why_ambiguous(release: str, address: object, versions: Sequence[Version]) -> tuple[str, str]:
    """Why nobody can tell which version a release's name means, and what to do: a message and a hint."""
    numbers = ", ".join(str(version.number) for version in versions)
    return (
        f'release "{release}" of {address} may be any of the versions {numbers}, whose comments begin so',
        "name the release otherwise, and publish it; an instance can name the version by its number",
    )


def why_not_published(ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
    """Why no version is what a Ref names: a code, a message and a hint."""
    if isinstance(ref, VersionNumberRef):
        numbers = ", ".join(str(v.number) for v in live.versions[:5]) if live else ""
        hint = f"numbers there: {numbers}" if numbers else "name a release instead, and publish it"
        message = f"version {ref.number} of {ref.address} is not published in this tenant"
        return "not-published", message, hint
    name = ref.name if isinstance(ref, ReleaseRef) else ref.field
    several_mean_it = live and versions_meant(live, name).ambiguous
    if live and several_mean_it:
        return ("ambiguous", *why_ambiguous(name, ref.address, versions_meant(live, name).versions))
    known = [v.release for v in live.versions if v.release] if live else []
    hint = f"publish it from {ref.address}'s manifest"
    hint = f"releases there: {', '.join(known[:5])}" if known else hint
    return "not-published", f'release "{name}" of {ref.address} is not published in this tenant', hint


def _bearing(live: LiveObject, release: str) -> Version | None:
    """Where two runs at once published it twice, all go by the older."""
    by_attributes = next((v for v in reversed(live.versions) if v.release == release), None)
    named = facts_of(live).releases.get(release)
    return by_attributes or next((v for v in live.versions if v.id == named), None)
