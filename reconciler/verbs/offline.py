"""What plans against a snapshot start from: the session, with the snapshot in the tenant's place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.definition import Definition
from reconciler.kinds.instance.config_values import as_json, text
from reconciler.live.replay import Replay
from reconciler.live.snapshot import CODE, Snapshot, unpacked
from reconciler.live.stand_ins import Found, Known, StandIns
from reconciler.manifests.sealed import unsealed
from reconciler.model.errors import InvalidInput
from reconciler.model.nested import leaves
from reconciler.model.secret import Sealed, Secret
from reconciler.model.state import Desired
from reconciler.verbs.session import Session, load_desired, secret, secret_reader


def offline(session: Session, taken: Snapshot, path: Path) -> Session:
    """The session with the snapshot of a file in the tenant's place. What stands in it for secrets is found
    among what git says; without the key that it was taken with, no secret is read. Raises InvalidInput for
    another key.
    """
    stand_ins = key_of(session, taken, path)
    no_secrets = session.no_secrets or stand_ins.key is None
    found = Found(stand_ins, cache(lambda: Known() if no_secrets else known_to(session)))
    return replace(session, replay=Replay(taken.answers, found.of), no_secrets=no_secrets)


def checked(session: Session, path: Path) -> Snapshot:
    """The snapshot in a file, which is of the session's project and environment. Raises InvalidInput."""
    taken = read(path)
    _check(session, taken, path)
    return taken


def read(path: Path) -> Snapshot:
    """The snapshot in a file. Raises InvalidInput."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        hint = "take one with: reconciler snapshot -o FILE"
        raise InvalidInput.of(CODE, f'cannot read "{path}": {reason}', hint=hint) from error
    return unpacked(data, str(path))


def known_to(session: Session, *, secrets: bool = True) -> Known:
    """All values that git names, with those of its secrets that can be read, unless none is to be."""
    desired, _ = load_desired(replace(session, no_secrets=not secrets))
    opened = unsealed(desired, secret_reader(session), desired.resources)[0] if secrets else desired
    return known_of(opened)


def known_of(desired: Desired) -> Known:
    """All values that are asked for, as far as they are read."""
    return Known(list(_leaves(desired)), list(_values(desired)))


def _leaves(desired: Desired) -> Iterator[Any]:
    for resource in desired.resources.values():
        for value in resource.fields.values():
            found = value.values if isinstance(value, Definition) else (leaf for _, leaf in leaves(value))
            for leaf in found:
                yield from _told(leaf)


def _told(leaf: object) -> Iterator[Any]:
    """A value, as text too: most of them travel so."""
    if isinstance(leaf, Sealed):
        return
    if isinstance(leaf, Secret | str | int | float):
        plain = leaf.reveal() if isinstance(leaf, Secret) else leaf
        yield plain
        yield text(plain)
        if isinstance(plain, str) and isinstance(held := as_json(plain), Mapping):
            yield from (one for _, one in leaves(held) if isinstance(one, str | int | float))


def _values(desired: Desired) -> Iterator[object]:
    """Whole values of config variables, and of the settings of flows."""
    for resource in desired.resources.values():
        for name in ("config", "flows"):
            found = resource.fields.get(name)
            if resource.kind == "Instance" and isinstance(found, Mapping):
                yield from (one for one in found.values() if name == "config")
                yield from (one for some in found.values() if name == "flows" for one in some.values())


def key_of(session: Session, taken: Snapshot, path: Path) -> StandIns:
    """What finds stand-ins again; without the key, what does not. Raises InvalidInput for another key."""
    source = session.environment.secret_key
    if not taken.check or source is None or session.no_secrets:
        return StandIns(taken.salt)
    stand_ins = StandIns(taken.salt, secret(session, source))
    if stand_ins.check != taken.check:
        message = f'"{path}" was taken with another key than the secretKey of "{session.environment.name}"'
        hint = "give the key that it was taken with; plan --no-secrets needs none"
        raise InvalidInput.of("snapshot-key", message, hint=hint)
    return stand_ins


def _check(session: Session, taken: Snapshot, path: Path) -> None:
    environment = session.environment
    pairs = (
        ("project", taken.project, session.project.name),
        ("environment", taken.environment, environment.name),
        ("tenant", taken.tenant.lower(), environment.tenant.strip().lower() or taken.tenant.lower()),
        ("stack", taken.stack, environment.url),
    )
    for what, there, here in pairs:
        if there != here:
            message = f'"{path}" is a snapshot of {what} "{there}", not of "{here}"'
            hint = "name the environment that it was taken of with -e, or take another one"
            raise InvalidInput.of("snapshot-of-another", message, hint=hint)
