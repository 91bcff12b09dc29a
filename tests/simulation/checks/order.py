"""What comes after what: looks before creations, waves, interrupts, tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import ceil
from typing import Any

from tests.simulation.ledger import PERSON, Deed
from tests.simulation.run import Run
from tests.simulation.world import Commit


def once(run: Run) -> Iterable[str]:
    """Nothing is created that is there already, as far as a look before could tell."""
    seen: dict[str, Deed] = {}
    for deed in run.deeds:
        if not deed.done or not deed.name.startswith("create") or not deed.address or deed.is_lease:
            continue
        earlier = seen.get(deed.address)
        if deed.sender == run.number and deed.twins and earlier is not None:
            if earlier.sender == run.number and run.brisk:
                yield f"{deed.address} was created twice by the same run"
            elif run.looks_at_once and earlier.at < deed.left - run.slack:
                yield f"{deed.address} was created although it had been there for a while"
        seen[deed.address] = deed


def waves(run: Run) -> Iterable[str]:
    """Nothing of a wave is begun before all of the one before it has ended, nor once too many have failed."""
    for name, one in run.side.sets.items():
        listed = _waves_of(run, name)
        yield from _shares(run, name, one, listed)
        place = {address: number for number, wave in enumerate(listed) for address in wave}
        deeds = [deed for deed in run.own if deed.address in place]
        for before, after in pairwise(deeds):
            if place[after.address] < place[before.address]:
                yield f"{before.address} was touched before {after.address}, which is in an earlier wave"
        failed = {address: number for address, number in place.items() if _failed(run, address)}
        for deed in deeds:
            known = [a for a, number in failed.items() if number < place[deed.address]]
            if len(known) > one["strategy"]["maxFailures"]:
                yield f"{deed.address} was touched, and {known} had failed before"


def _waves_of(run: Run, name: str) -> list[list[str]]:
    rollouts: Any = run.plan.get("rollouts") or ()
    return next((one["waves"] for one in rollouts if one["name"] == name), [])


def _shares(run: Run, name: str, one: dict[str, Any], listed: list[list[str]]) -> Iterable[str]:
    """Each wave is as large as the manifest says."""
    members = [a for a in run.side.specs if a.startswith("Instance/") and a.endswith(f"/{name}")]
    if not listed or run.attempt.select or run.attempt.exclude:
        return
    done, sizes = 0, []
    for wave in one["strategy"]["waves"]:
        share = ceil(len(members) * wave["percent"] / 100) if "percent" in wave else done
        sizes.append(share - done)
        done = share
    found = [len(wave) for wave in listed]
    if all("percent" in wave for wave in one["strategy"]["waves"]) and found != [n for n in sizes if n]:
        yield f"the waves of {name} are of {found}, and {sizes} is asked for"


def _failed(run: Run, address: str) -> bool:
    actions = run.ended.document.get("actions") or ()
    return any(a["address"] == address and a.get("status") in ("failed", "stale") for a in actions)


def stopped(run: Run) -> Iterable[str]:
    """Once it was interrupted, a run begins nothing but what undoes a part of its own."""
    at = run.process.interrupted_at
    if at is None:
        return
    deployed = {address for moment, address, verb in run.ended.started if verb == "deploy" and moment <= at}
    for moment, address, verb in run.ended.started:
        if moment > at and not (verb == "disable" and address in deployed):
            yield f"{address}#{verb} was begun {moment - at:.1f} s after the interrupt"


def withdrawn(run: Run) -> Iterable[str]:
    """Nothing was done to what a run says that it did not begin; once it was interrupted, it begins to do
    something to nothing.
    """
    ends: dict[str, set[bool]] = {}
    for one in run.ended.document.get("actions") or ():
        ends.setdefault(one["address"], set()).add(one.get("status") == "skipped" and not one.get("doubtful"))
    untouched = {address for address, skipped in ends.items() if skipped == {True}}
    for deed in run.own:
        if deed.address in untouched:
            yield f"{deed.address} was not begun, and {deed.name} reached the tenant"
    if run.process.interrupted_at is not None:
        yield from _begun_late(run, run.process.interrupted_at)


def _begun_late(run: Run, at: float) -> Iterable[str]:
    touched = {address for deed in run.own if deed.left <= at for address in deed.addresses}
    named = {one.id for one in run.letters if one.left <= at}
    left = Counter(one.name.removeprefix("mutation ") for one in run.letters if one.left <= at)
    began = min((one.left for one in run.letters), default=at)
    twins = {one.id for one in run.deeds if one.name.startswith("create") and one.at >= began}
    for deed in run.own:
        left[deed.name] -= 1  # where some are left, it may be the second of one that was lost
        named_one = deed.given.get("id") or deed.given.get("integrationId")
        known = left[deed.name] >= 0 if deed.name.startswith("create") else named_one in named
        # What two runs made at the same moment is taken back by either, whatever ends it; and what is gone
        # already, as a lease whose deletion was not answered, is deleted again.
        known = known or (deed.name.startswith("delete") and (deed.id in twins or deed.before is None))
        if deed.left > at and not (known or touched.intersection(deed.addresses)):
            yield f"{deed.name} of {deed.address} left {deed.left - at:.1f} s after the interrupt"


def tested(run: Run) -> Iterable[str]:
    """What git wants tested after a deploy was tested by a run that deployed it and says that all is done."""
    if run.ended.code != 0 or not run.process.alive:
        return
    for address, spec in run.side.specs.items():
        deployed = [d.at for d in run.own if d.name == "deployInstance" and d.address == address and d.done]
        if not (deployed and _is_tested(spec)):
            continue
        tests = [d.at for d in run.own if d.name.startswith("test") and d.at > max(deployed)]
        if not tests:
            yield f"{address} was deployed, and its tests were not run"


def untested(deeds: Iterable[Deed], sides: Mapping[int, Commit], side: Commit) -> Iterable[str]:
    """What was deployed and git wants tested after that was tested by some run since, also where the one that
    deployed it did not come to that. `sides` are the commits of the runs.
    """
    owed: dict[str, str] = {}
    for deed in deeds:
        if deed.name == "deployInstance" and deed.done and deed.sender > PERSON:
            specs = sides[deed.sender].specs
            if address := next((one for one in deed.addresses if _is_tested(specs.get(one, {}))), ""):
                owed[deed.id] = address
        elif deed.done and (deed.name.startswith("test") or deed.after is None):
            owed.pop(deed.id, None)
    for address in owed.values():
        if _is_tested(side.specs.get(address, {})):
            yield f"{address} was deployed, and nobody ran its tests"


def _is_tested(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("tests")) and bool(spec.get("enabled", True))


def patient(run: Run) -> Iterable[str]:
    """Nothing leaves a run while the tenant asked to be left alone."""
    yield from run.wire.hurried[:3]
