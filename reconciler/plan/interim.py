"""The name that an object bears for a moment while others take its own: made from what it is to be called, so
that people see where it goes, and known again by its end.
"""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.kinds.protocol import Steps
from reconciler.model.address import Address
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change

LONGEST = 64


def interim(project: str, address: Address, target: str) -> str:
    """The name for the moment: the same in every plan, and nobody else's."""
    end = _end(project, address)
    return target[: LONGEST - len(end)].strip() + end


def own_interim(steps: Steps, project: str, address: Address) -> Steps:
    """The same steps, with what a broken-off run left of such a name told as git's change: no person called
    the object so, even where no record says it.
    """
    if not any(_is_interim(change, project, address) for change in steps.changes):
        return steps
    mended = [replace(one, changes=_told(one.changes, project, address)) for one in steps.steps]
    return replace(steps, steps=tuple(mended), changes=_told(steps.changes, project, address))


def _told(changes: tuple[Change, ...], project: str, address: Address) -> tuple[Change, ...]:
    return tuple(
        replace(one, cause=Cause.PENDING) if _is_interim(one, project, address) else one for one in changes
    )


def _is_interim(change: Change, project: str, address: Address) -> bool:
    return isinstance(change.before, str) and change.before.endswith(_end(project, address))


def _end(project: str, address: Address) -> str:
    return f" (renaming {sha256([project, str(address)])[:8]})"
