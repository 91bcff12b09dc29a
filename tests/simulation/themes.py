"""What is rare among drills that are drawn evenly, and dense in those that have a theme: a few circumstances
that only matter together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from tests.simulation.organization import organized
from tests.simulation.script import Actor, Attempt, Edit, Phase, Script
from tests.simulation.world import Commit, grouped, renamed, without_object

LOST = ("reset_after", "half_answer", "error_502_after")
"""Faults by which the answer to what was carried out is lost."""


def _lag(script: Script, rng: random.Random) -> Script:
    """Answers are lost, and what is read right afterwards is older than the call."""
    kind, what = rng.choice(LOST), rng.choice(["create*", "publish*"])
    lost = {"kind": kind, "operation": what, "probability": 0.6, "seconds": 0.1}
    phases = (replace(one, faults=(lost,), pauses=(), lag=0.6) for one in script.phases)
    return replace(script, phases=tuple(phases))


def _race(script: Script, rng: random.Random) -> Script:
    """Several machines make the same at the same moment, without a lease."""
    first = script.phases[0]
    side = grouped(first.side) if rng.random() < 0.5 else first.side
    if side is not first.side:
        script = replace(script, phases=tuple(replace(p, side=grouped(p.side)) for p in script.phases))
    actors = tuple(
        Actor(name, rng.uniform(0.0, 0.3), (Attempt("apply", 8),))
        for name in ("ann", "bob", "cat")[: rng.choice([2, 2, 3])]
    )
    lagging = rng.random() < 0.5
    phase = replace(
        first,
        side=side,
        actors=actors,
        edits=(),
        pauses=(),
        faults=(),
        lag=0.4 if lagging else 0.0,
    )
    return replace(script, lease=False, phases=(phase, *script.phases[1:]), adopted=())


def _slow(script: Script, rng: random.Random) -> Script:
    """Runs last longer than their leases and tokens do; some of them are robbed of the lease."""
    far = rng.random() < 0.4
    slow = {"kind": "latency", "probability": 1.0, "seconds": 20.0}
    thief = Attempt("apply", 1, take=rng.random() < 0.6)
    phases = tuple(
        replace(
            phase,
            actors=(
                Actor("ann", 0.0, (Attempt("apply", 1),)),
                *([] if far else [Actor("bob", rng.uniform(100, 900), (thief,))]),
            ),
            edits=(),
            pauses=(),
            faults=() if far else (slow,),
        )
        for phase in script.phases[:2]
    )
    token = 60 if far else script.token_seconds
    return replace(script, lease=True, phases=phases, token_seconds=token, distance=12.0 if far else 1.0)


def _desk(script: Script, rng: random.Random) -> Script:
    """People save and do not deploy, work on drafts and label, before plans and between plan and apply; git
    says little of what they do, and nothing new at times.
    """
    silent = rng.random() < 0.7
    phases = []
    for number, phase in enumerate((script.phases[0], *script.phases)):
        attempts = tuple(
            Attempt(rng.choice(["saved", "apply"]), rng.choice([1, 8]), waits=rng.uniform(5, 20))
            for _ in range(rng.choice([1, 2]))
        )
        late = rng.random() < 0.7
        edits = tuple(_at_the_desk(rng, 13.0 if late else 30.0) for _ in range(rng.randint(3, 7)))
        phases.append(
            replace(
                phase,
                side=_without_channels(phase.side) if silent else phase.side,
                actors=(Actor("ann", 14.0 if late else 0.0, attempts),),
                edits=edits if number else (),
                pauses=(),
                faults=(),
                chance=phase.chance + number,
                afterwards=phase.afterwards if number else (),
            )
        )
    return replace(script, phases=tuple(phases), adopted=())


def _at_the_desk(rng: random.Random, until: float) -> Edit:
    whats = ("configure", "configure", "label", "import", "import", "describe", "toggle", "rename_customer")
    return Edit(rng.choice(whats), rng.uniform(0, until), rng.getrandbits(32))


def _without_channels(side: Commit) -> Commit:
    """The commit, saying nothing of the value that people save."""
    specs = {
        address: {**spec, "config": {k: v for k, v in spec["config"].items() if k != "Channel"}}
        if address in side.written and "config" in spec
        else spec
        for address, spec in side.specs.items()
    }
    return replace(side, specs=specs)


def _guests(script: Script, rng: random.Random) -> Script:
    """Somebody makes instances inside what leaves git."""
    leaving = rng.choice(sorted(_parents(script.phases[0].side)))
    at = rng.randrange(1, len(script.phases)) if len(script.phases) > 1 else 1
    phases = list(script.phases[:at])
    for phase in [*script.phases[at:], phases[-1]][: max(1, len(script.phases) - at)]:
        edits = tuple(
            Edit("move_in", rng.uniform(0, 9), rng.getrandbits(32)) for _ in range(rng.randint(1, 3))
        )
        phases.append(replace(phase, side=without_object(phase.side, leaving), edits=edits, pauses=()))
    failing = {"kind": "graphql_errors", "operation": "update*", "probability": 0.6, "seconds": 0.1}
    faults = rng.choice([(), (), (failing,), None])
    if faults is not None:
        phases = [replace(one, faults=faults if number else ()) for number, one in enumerate(phases)]
    return replace(script, phases=tuple(phases), adopted=())


def _parents(side: Commit) -> set[str]:
    """What may leave: something must be left."""
    found = {a for a in side.specs if a.partition("/")[0] in ("Customer", "Integration")}
    return {one for one in found if without_object(side, one).specs}


def _mixed(script: Script, rng: random.Random) -> Script:
    """Machines are at different commits at once."""
    phases = []
    for number, phase in enumerate(script.phases):
        others = [n for n in (number - 1, number + 1) if 0 <= n < len(script.phases)]
        if not others:
            return script
        ahead = rng.choice(others) - number
        actors = (
            Actor("ann", 0.0, (Attempt("apply", 8),)),
            Actor("bob", rng.uniform(0, 2), (Attempt("apply", 8),), ahead),
        )
        phases.append(
            replace(phase, actors=actors, edits=(), faults=phase.faults if rng.random() < 0.3 else ())
        )
    return replace(script, phases=tuple(phases), adopted=())


def _fleet(script: Script, rng: random.Random) -> Script:
    """Sets in waves, some of whose instances fail, and tests that follow deploys."""
    failing = {"kind": "graphql_errors", "operation": "deployInstance", "probability": 0.6, "seconds": 0.1}
    phases = tuple(
        replace(phase, faults=(failing,) if rng.random() < 0.6 else phase.faults, pauses=(), edits=())
        for phase in script.phases
    )
    if rng.random() >= 0.6:
        return replace(script, phases=phases)
    phases = tuple(_tested(rng, phases))
    if rng.random() < 0.6:
        # It is the tests that fail, in the middle of the waves.
        tests = {**failing, "operation": "testInstanceFlowConfig", "probability": 0.9}
        phases = tuple(replace(p, faults=(tests,) if p.faults == (failing,) else p.faults) for p in phases)
    return replace(script, phases=phases)


def _tested(rng: random.Random, phases: Iterable[Phase]) -> Iterator[Phase]:
    """The phases with tests that follow deploys."""
    flow = {"flow": "Receive", "payload": {"id": 1}, "expect": {"status": 200}}
    chosen = rng.random()
    for phase in phases:
        specs = {
            address: {**spec, "tests": [flow]} if spec.get("enabled") and chosen < 0.8 else spec
            for address, spec in phase.side.specs.items()
        }
        sets = {
            name: {**one, "template": {**one["template"], "tests": [flow]}}
            for name, one in phase.side.sets.items()
        }
        yield replace(phase, side=replace(phase.side, specs=specs, sets=sets))


def _taken(script: Script, rng: random.Random) -> Script:
    """All of the first commit lies in the tenant, and nothing of it bears a mark."""
    first = script.phases[0]
    verbs = rng.choice([("adopt",), ("adopt", "apply"), ("plan", "adopt"), ("pull", "adopt")])
    attempts = tuple(replace(_calmer(rng), verb=verb) for verb in verbs)
    phase = replace(first, actors=(Actor("ann", 0.0, attempts),), edits=())
    # What a release is called is lost with the mark where versions do not bear it.
    rules = {n: value for n, value in script.rules.items() if n != "attributes_keep_own_keys"}
    phases = (phase, *script.phases[1:])
    if rng.random() < 0.3:
        rules["secrets_read_back"] = "hidden"
    if rules.get("secrets_read_back") == "hidden":
        # Whether a flow has keys at all, nobody knows then: they are sent, which is no taking over.
        bare = [replace(one, side=_without_flows(one.side)) for one in phases]
        phases = (bare[0], *_unsent(rng, bare[0], bare[1:]))
    return replace(script, rules=rules, phases=phases, taken=True, adopted=())


def _unsent(rng: random.Random, first: Phase, later: Iterable[Phase]) -> Iterator[Phase]:
    """Secrets rotate along with what needs no deploy, and stay so when something is deployed."""
    secrets = {name: value.replace("+commit", "+quiet") for name, value in first.side.secrets.items()}
    specs = {
        address: {**spec, "description": "Quiet"}
        if address in first.side.written and address.startswith("Instance/")
        else spec
        for address, spec in first.side.specs.items()
    }
    side, stays = replace(first.side, specs=specs, secrets=secrets), rng.random() < 0.7
    yield replace(first, side=side, actors=(Actor("ann", 0.0, (_calmer(rng),)),))
    for one in later:
        kept = {name: secrets[name] for name in one.side.secrets if name in secrets} if stays else {}
        yield replace(one, side=replace(one.side, secrets={**one.side.secrets, **kept}))


def _without_flows(side: Commit) -> Commit:
    """The commit, saying nothing of its flows."""
    bare = {address: {k: v for k, v in spec.items() if k != "flows"} for address, spec in side.specs.items()}
    return replace(side, specs=bare)


def _calmer(rng: random.Random) -> Attempt:
    return Attempt(
        "apply", rng.choice([1, 8]), killed_at=int(2 ** rng.uniform(5, 12)) if rng.random() < 0.3 else 0
    )


def _crowd(script: Script, rng: random.Random) -> Script:
    """Lists of two pages, which shift while they are read, so that our own may fall between the two."""
    shifting = {"kind": "shifting_list", "probability": 0.7, "seconds": 0.1}
    phases = tuple(replace(p, faults=(shifting, *p.faults[:1]), edits=()) for p in script.phases[:2])
    return replace(script, phases=phases, crowd=rng.choice([96, 97, 98]))


def _echo(script: Script, rng: random.Random) -> Script:
    """A tenant that repeats what it was sent in its errors."""
    phases = tuple(replace(phase, faults=(), echo=rng.choice([0.3, 0.8])) for phase in script.phases)
    return replace(script, phases=phases)


def _renames(script: Script, rng: random.Random) -> Script:
    """A customer or an integration gets another name in git, and keeps its object."""
    addresses = [a for a in script.phases[0].side.specs if a.partition("/")[0] in ("Customer", "Integration")]
    address, at = rng.choice(addresses), rng.randrange(1, len(script.phases))
    phases = (
        replace(phase, side=renamed(phase.side, address, now=number == at) if number >= at else phase.side)
        for number, phase in enumerate(script.phases)
    )
    return replace(script, phases=tuple(phases), adopted=())


def _organization(script: Script, rng: random.Random) -> Script:
    """Beside all else there are log streams, people and shared connections, with secrets that rotate."""
    phases: list[Phase] = []
    secrets: Mapping[str, str] = {}
    for number, phase in enumerate(script.phases, 1):
        hidden = script.rules.get("secrets_read_back") == "hidden"
        side = organized(phase.side, secrets, rng, number, hidden=hidden)
        secrets = side.secrets
        phases.append(replace(phase, side=side))
    return replace(script, phases=tuple(phases))


def _stops(script: Script, rng: random.Random) -> Script:
    """Runs are told to stop in the midst of what they carry out, some while the tenant asks for a pause."""
    busy = {"kind": "throttle", "probability": 0.1, "seconds": 20.0}
    phases = tuple(
        replace(
            phase,
            actors=(Actor("ann", 0.0, (_interrupted(rng), _interrupted(rng))),),
            pauses=(),
            faults=(busy,) if rng.random() < 0.3 else (),
        )
        for phase in script.phases
    )
    return replace(script, phases=phases)


def _interrupted(rng: random.Random) -> Attempt:
    return Attempt("apply", rng.choice([1, 8]), interrupted_at=rng.uniform(1, 8))


THEMES: Mapping[str, Callable[[Script, random.Random], Script]] = {
    "lag": _lag,
    "race": _race,
    "slow": _slow,
    "desk": _desk,
    "guests": _guests,
    "mixed": _mixed,
    "fleet": _fleet,
    "taken": _taken,
    "crowd": _crowd,
    "echo": _echo,
    "renames": _renames,
}
MORE: Mapping[str, Callable[[Script, random.Random], Script]] = {
    "organization": _organization,
    "stops": _stops,
}
"""Themes that came later: each has seeds of its own, so that the others stayed what they were."""
_LATER = {"organization": 0.08, "stops": 0.12}
"""Up to which share of all seeds is whose."""


def theme_of(seed: int) -> str:
    """The theme of a seed's drill; most have none."""
    later = random.Random(f"later theme {seed}").random()
    if theme := next((name for name, share in _LATER.items() if later < share), ""):
        return theme
    rng = random.Random(f"theme {seed}")
    return rng.choice(sorted(THEMES)) if rng.random() < 0.45 else ""


def themed(script: Script, theme: str) -> Script:
    """The drill with its theme."""
    return {**THEMES, **MORE}[theme](script, random.Random(f"{theme} {script.seed}")) if theme else script
