"""What was saved and not deployed when an instance moved to another version, and what of it is to be written
again: a change of version may drop it, of a connection also those inputs that git does not mention.

A run may end right after the call that moves the instance, and nothing else remembers the values: they may be
secrets, which no file may hold. So they travel in the same request, right behind the change of version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.instance.config_values import inputs_of, is_connection, text
from reconciler.kinds.instance.config_wanted import config_wanted
from reconciler.kinds.instance.desk import undeployed, waits
from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.instance.fields import integration_of, live_config
from reconciler.kinds.instance.release import moves_to
from reconciler.kinds.protocol import Request, address_of
from reconciler.model.plan import Refusal
from reconciler.model.refs import KeysRef
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject


def saved_before(known: LiveObject, fresh: LiveObject) -> Mapping[str, object]:
    """The values of an instance that was undeployed when it moved from the version in `known`."""
    if facts_of(known).version_id == facts_of(fresh).version_id or not undeployed(known):
        return notes_of(known).saved
    return _saved(known)


def at_stake(request: Request) -> list[str]:
    """The keys of the values that are to travel with a change of version: what is saved, that git does not
    write anew by itself, and that can be read. Of a version that no list shows, nobody knows what it takes.
    """
    live, version = request.live, moves_to(request)
    if live is None or version is None or not undeployed(live):
        return []
    wanted = config_wanted(request)
    taken = request.resolve(KeysRef(integration_of(request.resource), version))
    saved = _saved(live)
    return [
        key
        for key, value in saved.items()
        if (key not in wanted or is_connection(wanted[key]))
        and (not isinstance(taken, tuple) or key in taken[0])
        and _can_be_sent(value)
        and not any(_unmentioned(request, [key]))
    ]


def held(request: Request) -> dict[str, object]:
    """The config variables as they are, and as they were saved where a change of version dropped that."""
    found, saved = live_config(request.live), notes_of(request.live).saved
    return {key: _joined(value, saved.get(key, value)) for key, value in found.items()}


def lost(request: Request) -> list[str]:
    """The keys of the values that were dropped and that git does not write anew by itself."""
    wanted, found = config_wanted(request), live_config(request.live)
    return [
        key
        for key, value in held(request).items()
        if (value != found[key] and (key not in wanted or is_connection(wanted[key])))
        or (notes_of(request.live).saved and _is_sent_blind(wanted.get(key), found[key]))
    ]


def as_saved(value: object) -> object:
    """A live value as it can be written again: a connection without what it does not show."""
    return {"inputs": _shown(value)} if is_connection(value) else value


def unknown_inputs(request: Request, changed: Iterable[str], *, moving: bool) -> Iterator[Refusal]:
    """Why nothing is done that may reset an input which git does not mention and nobody can read: others of
    its connection, one of those `changed`, are sent, or a change of version may drop what a person saved.
    """
    keys, why = changed, "may be reset when other inputs of the connection are sent"
    if moving and waits(request):
        keys, why = live_config(request.live), "may be dropped by the change of version"
    for key, name in _unmentioned(request, keys):
        yield Refusal(
            "write-only-input",
            f'the input "{name}" of "{key}" cannot be read back, is not in the manifest, and {why}',
            address_of(request.resource),
            f"give config.{key}.inputs.{name} in the manifest, from where its secret is kept",
        )


def _unmentioned(request: Request, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The inputs of these connections that git does not mention, that hold a value and do not show it."""
    wanted, found = config_wanted(request), live_config(request.live)
    for key in keys:
        value = wanted.get(key)
        mentioned = value["inputs"] if is_connection(value) else {}
        for name, one in inputs_of(found.get(key)).items():
            if isinstance(one, Hidden) and one.present and name not in mentioned:
                yield key, name


def _saved(live: LiveObject) -> dict[str, object]:
    given = facts_of(live).defaults  # what the definition gives goes with the version
    return {key: value for key, value in live_config(live).items() if not _is_text(value, given.get(key))}


def _can_be_sent(value: object) -> bool:
    if is_connection(value):
        return bool(_shown(value))
    return bool(value) and not isinstance(value, Hidden)


def _joined(found: object, saved: object) -> object:
    """The saved value; of a connection the saved inputs that can be read, over those that are there."""
    if is_connection(found) and is_connection(saved):
        return {"inputs": {**found["inputs"], **_shown(saved)}}
    return saved


def _shown(value: object) -> dict[str, object]:
    return {name: one for name, one in inputs_of(value).items() if isinstance(one, Secret)}


def _is_text(value: object, default: str | None) -> bool:
    """Whether a value is just this text."""
    return isinstance(value, str | Secret) and default is not None and text(value) == default


def _is_sent_blind(wanted: object, found: object) -> bool:
    """Whether git has an input of which nobody can see whether it was dropped."""
    if not is_connection(wanted):
        return False
    return any(isinstance(inputs_of(found).get(name), Hidden) for name in wanted["inputs"])
