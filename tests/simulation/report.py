"""The part of docs/reliability.md that tells of the simulation, in figures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.sandbox.faults import KINDS
from tests.reliability import put_simulation, simulation
from tests.simulation.totals import Totals

_INTRODUCTION = """\
All that can go wrong in one process, under virtual time, from one number: what the tenant's rules are, what
git says at one to five commits, who runs `plan`, `apply` and `drift` when, what people do meanwhile, which
requests fail and how, when the tenant is away, when a process is killed or interrupted, when its disk is
full or its clock wrong, and in which order everything that is ready goes on. The product's journal, lease,
limiter, retries, waves and exchange of tokens run as they are.

After each commit the first run without faults must end with 0, in bounded virtual time, the next plan must
be empty, and cost the reads that it names, and the tenant is held against the same model as above. Each
mutation is noted as it reaches the tenant, with its object before and after, and held against the plan of
its run by address, against the commit, and against what people did: nothing that is not selected is
touched, nothing is created that is there, no wave begins before its turn, nothing is deleted beside a
failure, a refusal or a stranger, nothing leaves before it is in the journal, or while another run holds the
lease, or before a Retry-After is over, nothing of a person's is overwritten, deployed or taken off that no
plan showed. What an import takes away by itself comes back, and the tests that a deploy owes are run, by
whichever run. What people do afterwards must be named by `drift`, exactly, and every byte that leaves a
process is searched for secrets.

Four drills in ten have a theme, which brings together what only matters together: answers that lag behind
lost ones, races, leases and tokens that end, people at their desks, strangers within what leaves git,
machines at different commits, waves that fail, tenants that are taken over, lists of several pages,
servers that repeat secrets in their errors, and runs that are told to stop in their midst.
"""

_REPLAY = """\
To play them again, or others; a red seed can be played alone, and tells its story:

    {command}
    make simulate SEEDS=1 START=4711

`ARGS=--shrink` leaves out of a red drill whatever can be left out, and keeps the rest in
`tests/simulation/cases/`, which the suite plays; `ARGS=--write` writes this part of the page.
"""


_PLAYED = """\
All that was played and written down here, of the hundred thousand drills that are the goal, by the commit of
the product and of the drills (a seed is another drill once what is drawn changes):

| commit | seeds | drills | runs | red | minutes |
|---|---|---:|---:|---:|---:|"""
_ROW = re.compile(r"^\| `[0-9a-f]+` \|.*\|$", re.MULTILINE)


def write(totals: Totals, took: float, start: int, commit: str) -> None:
    """Writes the part anew, and what was played beside what was before."""
    counts = totals.counts
    command = f"make simulate START={start} SEEDS={counts['drills']}"
    figures = (counts["drills"], counts["runs"], counts["red"], round(took / 60))
    row = f"| `{commit}` | {start} to {start + counts['drills'] - 1} | "
    row += " | ".join(f"{one:,}" for one in figures) + " |"
    put_simulation(render(totals, took, command, [*_ROW.findall(simulation()), row]))


def render(totals: Totals, took: float, command: str, played: Sequence[str] = ()) -> str:
    """The part, below its heading; `played` are the rows of all that was played."""
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
        [
            _INTRODUCTION,
            *table,
            "",
            f"The faults: {kinds}.",
            "",
            *([_PLAYED, *played, f"| all | | {_sum(played)} |", ""] if played else []),
            _REPLAY.format(command=command),
        ]
    )


def _sum(played: Sequence[str]) -> str:
    """The sums of the rows' figures."""
    columns = zip(*(row.strip("| ").split(" | ")[2:] for row in played), strict=True)
    return " | ".join(f"{sum(int(one.replace(',', '')) for one in column):,}" for column in columns)
