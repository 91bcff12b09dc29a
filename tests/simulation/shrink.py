"""Leaves things out of a drill as long as it stays red, and keeps what is left as a case of the suite."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.simulation.drill import Played, play
from tests.simulation.script import WEEK, Actor, Attempt, Edit, Pause, Phase, Script
from tests.simulation.world import Commit, without_object

CASES = Path(__file__).parent / "cases"
_CALM = Attempt("apply")


def shrunk(script: Script, tell: Callable[[str], None] = lambda _: None) -> Script:
    """The least script that is found whose drill breaks one of the same promises."""
    promises = _promises(play(script))
    found = True
    while found:
        found = False
        for smaller in _smaller(script):
            if promises & _tried(smaller):
                script, found = smaller, True
                tell(_size(script))
                break
    return script


def written(script: Script, name: str) -> Path:
    """Keeps the script as a case."""
    CASES.mkdir(exist_ok=True)
    path = CASES / f"{name}.json"
    path.write_text(json.dumps(asdict(script), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> Script:
    """A script that was kept."""
    given = json.loads(path.read_text("utf-8"))
    phases = tuple(_phase(one) for one in given.pop("phases"))
    return Script(**{**given, "phases": phases, "adopted": tuple(given["adopted"])})


def _phase(given: dict[str, Any]) -> Phase:
    actors = tuple(
        Actor(
            one["name"], one["delay"], tuple(_attempt(part) for part in one["attempts"]), one.get("ahead", 0)
        )
        for one in given["actors"]
    )
    return Phase(
        Commit(**given["side"]),
        actors,
        tuple(Edit(**one) for one in given["edits"]),
        tuple(Pause(**one) for one in given["pauses"]),
        tuple(given["faults"]),
        given["chance"],
        tuple(given["afterwards"]),
        given.get("lag", 0.0),
        given.get("echo", 0.0),
    )


def _attempt(given: dict[str, Any]) -> Attempt:
    return Attempt(**{**given, "select": tuple(given["select"]), "exclude": tuple(given["exclude"])})


def _promises(played: Played) -> set[str]:
    """What was broken, whatever numbers stand in it: no other fault must pass for the one that is sought."""
    return {re.sub(r"[0-9]+", "#", text)[:50] for text in played.findings.all()}


def _tried(script: Script) -> set[str]:
    try:
        return _promises(play(script))
    except Exception:  # a world without sense is no smaller form of this one
        return set()


def _size(script: Script) -> str:
    attempts = sum(len(actor.attempts) for phase in script.phases for actor in phase.actors)
    faults = sum(len(phase.faults) for phase in script.phases)
    objects = len({address for phase in script.phases for address in phase.side.specs})
    return f"{len(script.phases)} commits, {attempts} runs, {faults} faults, {objects} objects"


def _smaller(script: Script) -> Iterator[Script]:
    """What is left without one thing, the largest things first."""
    for number in range(len(script.phases)):
        if len(script.phases) > 1:
            yield replace(script, phases=_without(script.phases, number))
    yield from _fewer_objects(script)
    for number, phase in enumerate(script.phases):
        for smaller in _smaller_phases(phase):
            phases = (*script.phases[:number], smaller, *script.phases[number + 1 :])
            yield replace(script, phases=phases)
    for rule in script.rules:
        yield replace(script, rules={k: v for k, v in script.rules.items() if k != rule})
    plain = {
        "lease": False,
        "token_seconds": WEEK,
        "adopted": (),
        "distance": 1.0,
        "taken": False,
        "crowd": 0,
    }
    for name, value in plain.items():
        if getattr(script, name) != value:
            yield replace(script, **{name: value})


def _smaller_phases(phase: Phase) -> Iterator[Phase]:
    for name in ("actors", "edits", "pauses", "faults", "afterwards"):
        parts = getattr(phase, name)
        for number in range(len(parts)):
            yield replace(phase, **{name: _without(parts, number)})
    for name in ("lag", "echo"):
        if getattr(phase, name):
            yield replace(phase, **{name: 0.0})
    for number, actor in enumerate(phase.actors):
        for smaller in _smaller_actors(actor):
            actors = (*phase.actors[:number], smaller, *phase.actors[number + 1 :])
            yield replace(phase, actors=actors)


def _smaller_actors(actor: Actor) -> Iterator[Actor]:
    for number, attempt in enumerate(actor.attempts):
        if len(actor.attempts) > 1:
            yield replace(actor, attempts=_without(actor.attempts, number))
        for name in (
            "select",
            "exclude",
            "killed_at",
            "interrupted_at",
            "room",
            "skew",
            "jumps_at",
            "waits",
            "take",
        ):
            if getattr(attempt, name) != getattr(_CALM, name):
                calmer = replace(attempt, **{name: getattr(_CALM, name)})
                attempts = (*actor.attempts[:number], calmer, *actor.attempts[number + 1 :])
                yield replace(actor, attempts=attempts)
    if actor.delay:
        yield replace(actor, delay=0.0)
    if actor.ahead:
        yield replace(actor, ahead=0)


def _fewer_objects(script: Script) -> Iterator[Script]:
    addresses = {a: None for phase in script.phases for a in phase.side.written}
    for address in addresses:
        phases = tuple(replace(phase, side=without_object(phase.side, address)) for phase in script.phases)
        adopted = tuple(one for one in script.adopted if one != address)
        if all(phase.side.specs for phase in phases):
            yield replace(script, phases=phases, adopted=adopted)


def _without(parts: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return (*parts[:number], *parts[number + 1 :])
