"""What was saved and not deployed when an instance moved to another version, and what of it is to be written
again: a change of version may drop it, of a connection also those inputs that git does not mention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kinds.instance.config_values import inputs_of, is_connection
from reconciler.kinds.instance.config_wanted import config_wanted
from reconciler.kinds.instance.desk import undeployed
from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.instance.fields import live_config
from reconciler.kinds.protocol import Request
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject


def saved_before(known: LiveObject, fresh: LiveObject) -> Mapping[str, object]:
    """The values of an instance that was undeployed when it moved from the version in `known`."""
    if facts_of(known).version_id != facts_of(fresh).version_id and undeployed(known):
        return live_config(known)
    return notes_of(known).saved


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


def at_stake(request: Request, keys: list[str]) -> Iterator[tuple[str, str]]:
    """The inputs of these connections that git does not mention, that hold a value and do not show it: with
    others of the connection they would have to be sent, and nobody knows them.
    """
    wanted, found = config_wanted(request), live_config(request.live)
    for key in keys:
        value = wanted.get(key)
        mentioned = value["inputs"] if is_connection(value) else {}
        for name, one in inputs_of(found.get(key)).items():
            if isinstance(one, Hidden) and one.present and name not in mentioned:
                yield key, name


def _joined(found: object, saved: object) -> object:
    """The saved value; of a connection the saved inputs that can be read, over those that are there."""
    if is_connection(found) and is_connection(saved):
        return {"inputs": {**found["inputs"], **_shown(saved)}}
    return saved


def _shown(value: object) -> dict[str, object]:
    return {name: one for name, one in inputs_of(value).items() if isinstance(one, Secret)}


def _is_sent_blind(wanted: object, found: object) -> bool:
    """Whether git has an input of which nobody can see whether it was dropped."""
    if not is_connection(wanted):
        return False
    return any(isinstance(inputs_of(found).get(name), Hidden) for name in wanted["inputs"])
