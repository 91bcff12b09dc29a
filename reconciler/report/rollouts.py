"""Sets that are changed in waves: who is in each, and how far it is, as a part of documents and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Plan, Rollout
from reconciler.report.sanitize import terminal
from reconciler.report.values import count

Document = Mapping[str, Any]

_STANDS = ("done", "left", "failed", "refused")
_WORST = (Status.FAILED, Status.STALE)


class Wave(Struct, frozen=True):
    """One wave: which it is of which set, how it stands, and who is in it; those of `first` come first."""

    title: str
    line: str
    addresses: Sequence[str]
    first: Sequence[str] = ()


def rollouts_part(plan: Plan, results: Iterable[Result] = ()) -> dict[str, Any]:
    """The rollouts of a plan, or of what became of it, as a part of its document."""
    if not plan.rollouts:
        return {}
    stands = _stands(plan, {one.action.id: one.status for one in results})
    return {"rollouts": [_rollout(one, stands) for one in plan.rollouts]}


def _stands(plan: Plan, ends: Mapping[str, Status]) -> dict[str, str]:
    """How it stands with each address, as far as that is known: what was not looked at is not in it."""
    found = dict.fromkeys(map(str, plan.same), "done")
    by_address: dict[str, list[Status]] = {}
    for action in plan.actions:
        by_address.setdefault(str(action.address), []).append(ends.get(action.id, Status.SKIPPED))
    for address, statuses in by_address.items():
        bad, open_ = any(one in _WORST for one in statuses), Status.SKIPPED in statuses
        found[address] = "failed" if bad else "left" if open_ else "done"
    return found | dict.fromkeys(plan.barred, "refused")


def _rollout(rollout: Rollout, stands: Mapping[str, str]) -> dict[str, Any]:
    waves = [[str(address) for address in wave] for wave in rollout.waves]
    counts = [Counter(stands.get(address) for address in wave) for wave in waves]
    return {
        "name": rollout.name,
        "waves": waves,
        "maxFailures": rollout.max_failures,
        "standing": [{name: some[name] for name in _STANDS} for some in counts],
        **({"begun": sorted(map(str, rollout.begun))} if rollout.begun else {}),
    }


def lines(document: Document) -> list[str]:
    """The sets whose instances a plan changes in waves, one a line."""
    return [
        f"InstanceSet/{terminal(one['name'])}: {count(len(one['waves']), 'wave')} of "
        f"{', '.join(f'{len(wave):,}' for wave in one['waves'])} instances{_resumed(one)}; "
        f"stops when more than {one['maxFailures']:,} fail{_stopping(one, document)}"
        for one in document.get("rollouts", ())
    ]


def waves(document: Document) -> Iterator[Wave]:
    """The waves of all sets, in their order."""
    for one in document.get("rollouts", ()):
        begun = set(one.get("begun", ()))
        standing = one.get("standing") or [{}] * len(one["waves"])
        for number, (addresses, stands) in enumerate(zip(one["waves"], standing, strict=True), 1):
            title = f"InstanceSet/{terminal(one['name'])}, wave {number:,}"
            said = ", ".join(f"{stands[name]:,} {name}" for name in _STANDS if stands.get(name))
            line = count(len(addresses), "instance") + (f" ({said})" if said else "")
            yield Wave(title, line, addresses, [address for address in addresses if address in begun])


def _resumed(rollout: Document) -> str:
    """Where it goes on, if an earlier run has begun it."""
    standing = rollout.get("standing", ())
    left = [number for number, one in enumerate(standing, 1) if one["left"]]
    done = any(one["done"] for one in standing)
    where = ""
    if left and done:
        of = f"{standing[left[0] - 1]['left']:,} of {len(rollout['waves'][left[0] - 1]):,}"
        where = f"; begins in wave {left[0]:,}, with {of} left"
    begun = len(rollout.get("begun", ()))
    return f"{where}; {begun:,} begun before and not finished, tried first" if begun else where


def _stopping(rollout: Document, document: Document) -> str:
    """Where a rollout will stop, by what is refused already."""
    refused = {one["address"] for one in document.get("refusals", ())}
    refused |= {one["address"] for one in document.get("leftOut", ()) if one.get("refused")}
    counted = 0
    for number, wave in enumerate(rollout["waves"][:-1], 1):
        counted += len(refused.intersection(wave))
        if counted > rollout["maxFailures"]:
            return f"; {counted:,} refused, so it stops after wave {number:,}"
    return ""
