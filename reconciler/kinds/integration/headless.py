"""Which instances must be configured anew, by an app of the author's, before they can run another version.

No public call saves such a configuration, or tells for which version it was saved. The server refuses a move
until then, and so do we, of just those instances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.definition import Configuration, Definition
from reconciler.kinds.instance.facts import facts_of as facts_of_instance
from reconciler.kinds.instance.release import names_version, release_of, release_ref
from reconciler.kinds.integration.facts import asked_of, draft_of, facts_of, notes_of
from reconciler.kinds.protocol import Request, address_of
from reconciler.model import documents
from reconciler.model.few import few
from reconciler.model.hints import listed
from reconciler.model.operation import Operation
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject

CODE = "configure-anew"
NAMED = 3
_HINT = (
    "save their values in your app, as the platform has no public call for it, then give --configured-anew; "
    "or keep them on their release"
)


def to_be_read(request: Request, followers: Sequence[Request]) -> Operation | None:
    """Reads a version of which it is still to be known what its instances are configured with; usually none.
    Only code has a configuration of its own.
    """
    live = request.live
    if live is None or not is_code(request):
        return None
    for follower in followers:
        target = _target(follower)
        if target is not None and not _is_known(live, target):
            return _reading(target)
        if follower.live is None or _wanted(request, follower) is None:
            continue
        running = facts_of_instance(follower.live).version_id
        if running is not None and not _is_known(live, running):
            return _reading(running)
    return None


def is_code(request: Request) -> bool:
    """Whether an integration is, or is to be, written in code."""
    sides = (request.resource.fields, request.live.fields if request.live else {})
    found = (fields.get("definition") for fields in sides)
    return any(isinstance(one, Definition) and one.is_code_native for one in found)


def refusals(request: Request, followers: Sequence[Request]) -> list[Refusal]:
    """The moves that ask for another configuration. Those of one release that do so alike say the same."""
    if request.policy.configured_anew:
        return []
    hits: dict[tuple[str, str], list[str]] = {}
    for follower in followers:
        if why := _why_anew(request, follower):
            hits.setdefault((release_of(follower.resource), why), []).append(address_of(follower.resource))
    found = []
    for (release, why), addresses in sorted(hits.items()):
        named = f"{address_of(request.resource)}, {_named(release)}"
        message = f"{named}: {why}: {instances(addresses)}"
        found += [Refusal(CODE, message, address, _HINT) for address in sorted(addresses)]
    return found


def doubts(request: Request, follower: Request) -> Iterator[str]:
    """What else is to be said of the configuration that an instance will need."""
    new = _wanted(request, follower)
    if new is None:
        return
    if follower.live is None or request.live is None:
        yield f"the configuration is given by your app, before the deploy{_fields('required', new.required)}"
        return
    running = definition_of(request.live, facts_of_instance(follower.live).version_id)
    old = running.configuration if running else None
    if running and not new.renewed_from(old) and (more := new.newly_required(old)):
        yield f"the configuration asks for more under the same {_of(new)}{_fields('newly required', more)}"


def definition_of(live: LiveObject, version: str | None) -> Definition | None:
    """What a published version was made from, where that is known."""
    if version is None:
        return None
    return notes_of(live).read.get(version) or (draft_of(live) if _is_draft(live, version) else None)


def instances(addresses: Sequence[str]) -> str:
    """How many instances, and which."""
    count = f"{len(addresses)} instance{'s' if len(addresses) != 1 else ''}"
    return f"{count} ({few(sorted(addresses), NAMED)})"


def _why_anew(request: Request, follower: Request) -> str:
    """Why an instance must be configured anew; empty where it need not, or has never been."""
    new = _wanted(request, follower)
    if new is None or follower.live is None or request.live is None:
        return ""
    running = definition_of(request.live, facts_of_instance(follower.live).version_id)
    if running is None:
        return "the configuration may have to be given anew: what the version in use asks for cannot be told"
    old = running.configuration
    if not new.renewed_from(old):
        return ""
    more = _fields("newly required", new.newly_required(old))
    return f"the configuration moves from {_of(old)} to {_of(new)}, and is to be given anew{more}"


def _wanted(request: Request, follower: Request) -> Configuration | None:
    """The configuration of the version that an instance is to run."""
    target, live = _target(follower), request.live
    published = definition_of(live, target) if live else None
    wanted = asked_of(request.resource) if target is None else published
    return wanted.configuration if wanted else None


def _target(follower: Request) -> str | None:
    """The published version that it is to run; None where it is still to be published."""
    found = follower.resolve(release_ref(follower.resource)) if names_version(follower.resource) else None
    return found if isinstance(found, str) else None


def _reading(version: str) -> Operation:
    return Operation("integration", documents.load("integration", __package__)["published"], {"id": version})


def _is_known(live: LiveObject, version: str) -> bool:
    return version in notes_of(live).read or _is_draft(live, version)


def _is_draft(live: LiveObject, version: str) -> bool:
    """Whether a version is the newest, and the draft still is as it was published."""
    newest = next((one.id for one in live.versions), None)
    return version == newest and not facts_of(live).has_unpublished_changes


def _of(configuration: Configuration | None) -> str:
    return f'version "{configuration.version}"' if configuration else "config pages"


def _named(release: str) -> str:
    return release if release.startswith("version ") else f"release {release}"


def _fields(what: str, names: Sequence[str]) -> str:
    return f" ({what}: {listed(names)})" if names else ""
