"""The part of docs/reliability.md that tells of the simulation, in figures."""

from __future__ import annotations

from reconciler.sandbox.faults import KINDS
from tests.reliability import put_simulation
from tests.simulation.totals import Totals

_INTRODUCTION = """\
All that can go wrong in one process, under virtual time, from one number: what the tenant's rules are, what
git says at one to five commits, who runs `plan`, `apply` and `drift` when, what people do meanwhile, which
requests fail and how, when the tenant is away, when a process is killed or interrupted, when its disk is
full or its clock wrong, and in which order everything that is ready goes on. The product's journal, lease,
limiter, retries, waves and exchange of tokens run as they are.

After each commit runs without faults must end with 0 within three runs and bounded virtual time, the next
plan must be empty, and the tenant is held against the same model as above. Every mutation must be explained
by an action of its run's plan, nothing that is excluded may be planned, what people do afterwards must be
named by `drift`, exactly, and every byte that leaves a process is searched for secrets.
"""

_REPLAY = """\
To play them again, or others; a red seed can be played alone, and tells its story:

    {command}
    make simulate SEEDS=1 START=4711

`ARGS=--shrink` leaves out of a red drill whatever can be left out, and keeps the rest in
`tests/simulation/cases/`, which the suite plays; `ARGS=--write` writes this part of the page.
"""


def write(totals: Totals, took: float, command: str) -> None:
    """Writes the part anew."""
    put_simulation(render(totals, took, command))


def render(totals: Totals, took: float, command: str) -> str:
    """The part, below its heading."""
    counts = totals.counts
    rows = [
        *((name, counts[name]) for name in ("drills", "runs", "requests", "kills", "edits")),
        ("faults injected", totals.faults.total()),
        ("virtual hours", round(totals.seconds / 3600)),
        ("minutes", round(took / 60)),
        *((f"**{name}**", counts[name]) for name in ("lost", "doubled", "foreign", "secrets")),
        ("**runs that ended otherwise than they may**", counts["misbehaved"]),
        ("**drills in which anything was found**", counts["red"]),
    ]
    table = ["| | |", "|---|---:|", *(f"| {name} | {value:,} |" for name, value in rows)]
    kinds = ", ".join(f"`{kind}` {totals.faults[kind]:,}" for kind in KINDS)
    return "\n".join(
        [_INTRODUCTION, *table, "", f"The faults: {kinds}.", "", _REPLAY.format(command=command)]
    )
