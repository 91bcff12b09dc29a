"""The page that tells what was measured."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from bench.figures import FAST, SAMPLE, Found, Key, Run

_HEAD = """\
# Performance

Every figure here is written by `python -m bench.run{sizes}{applied}`
(`make bench` measures plans at 500, 5,000 and 50,000 instances, and applies at the first two), in one run of
{minutes:.0f} minutes on {machine}. The load was {load:.1f} at first:
on a busy machine times, and those by the wall most of all, say little; CPU against CPU, memory and counts do.

The world: ten integrations with three config variables each, customers, and an instance of each integration
for each customer; the manifests are ten InstanceSets over all customers. Each client is a whole process, from
its start to its end: the reconciler also reads and checks its manifests, and works the plan out. It has
learned nothing of the tenant before. Medians; where something was measured more than once, the spread stands
behind them.
"""
_PLANNED = """\
## A plan that changes nothing

The tenant is a replay of recorded pages in a process of its own.

- **bare**: httpx fetches the same pages, eight at a time, decodes them and throws them away.
- **one after another**: the same pages by one request at a time.
- **one request an object**: what tools do that ask for each object they manage. {sample} are measured, the
  others extrapolated.
- **the vendor's CLI in a loop**: {prism}.
"""
_RATED = """\
## Under a limit of requests

The limit is the environment's `rate`. What others take is at least their requests divided by it.
"""
_APPLIED = """\
## An apply from nothing

The tenant is empty at first, and keeps what is written to it in the memory of a process of its own. It
answers each request after the latency; where a mutation takes time, those of a request are carried out one
after another. No limit of requests is in the way. **bare** is httpx, which knows beforehand what it is to
write: it sends the same mutations, as many in a request and as many requests at once as the reconciler came
to, and decodes the answers. It looks at nothing, before or after, keeps no journal, and makes no plan.

Mutations a second are those between the first that reached the tenant and the answer to the last; the other
figures are of whole processes. Each is measured once; 50,000 instances by hand:
`python -m bench.run --sizes "" --apply 50000`.
"""


def page(found: Found, sizes: Sequence[int], latencies: Sequence[int], seconds: float, load: float) -> str:
    """The page, in Markdown."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()})"
    minutes = max(1, seconds / 60)
    applied = list(dict.fromkeys(key.size for key in found if key.what == "apply"))
    asked = {"sizes": _option("sizes", sizes), "applied": _option("apply", applied)}
    parts = [_HEAD.format(**asked, minutes=minutes, machine=machine, load=load)]
    parts += _of_plans(found, sizes, latencies) if sizes else []
    parts += [_APPLIED, _table(_WRITTEN, _applies(found))] if applied else []
    parts += ["## Growth\n", _table(_GROWN, _growth(found, sizes))] if sizes else []
    return "\n".join(parts)


def _option(name: str, sizes: Sequence[int]) -> str:
    return f" --{name} " + (",".join(map(str, sizes)) or '""')


def _of_plans(found: Found, sizes: Sequence[int], latencies: Sequence[int]) -> list[str]:
    prism = (
        "not measured, as a loop over it is one request an object"
        if shutil.which("prism")
        else "not measured: it was not there"
    )
    return [
        _PLANNED.format(sample=SAMPLE, prism=prism),
        _table(_HEADS, _plans(found, sizes, latencies)),
        "## Ratios to the bare client\n",
        _table(_RATIOS, _ratios(found, sizes, latencies)),
        _RATED,
        _table(_LIMITED, _limited(found, sizes, latencies)),
        "## Validating\n",
        "As ten sets, and as a manifest of its own for each instance.\n",
        _table(_VALIDATED, _validated(found, sizes)),
    ]


_HEADS = ("instances", "latency", "client", "requests", "wall", "CPU", "memory")
_RATIOS = ("instances", "latency", "wall", "CPU", "memory")
_VALIDATED = ("instances", "written as", "wall", "CPU", "memory")
_GROWN = ("from", "to", "what", "CPU", "memory")
_WRITTEN = (
    *("instances", "latency", "a mutation takes", "client", "requests", "an instance"),
    *("mutations a second", "to bare", "wall", "CPU", "memory"),
)
_LIMITED = ("instances", "rate", "plan: requests", "plan: wall", "bare, at least", "one an object, at least")
_CLIENTS = {
    "plan": "**reconciler plan**",
    "bare": "bare",
    "sequential": "one after another",
    "singly": "one request an object",
}


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _plans(found: Found, sizes: Sequence[int], latencies: Sequence[int]) -> Iterator[Sequence[str]]:
    for size in sizes:
        for latency in latencies:
            for what, name in _CLIENTS.items():
                runs = found[Key(what, size, latency)]
                yield f"{size:,}", f"{latency} ms", name, f"{runs[-1].requests:,}", *_figures(runs)


def _figures(runs: Sequence[Run]) -> tuple[str, str, str]:
    return (
        _spread(runs, lambda run: run.seconds, "{:.1f} s"),
        _spread(runs, lambda run: run.cpu, "{:.1f} s"),
        _spread(runs, lambda run: run.mib, "{:.0f} MiB"),
    )


def _spread(runs: Sequence[Run], figure: Callable[[Run], float], form: str) -> str:
    values = sorted(map(figure, runs))
    middle = form.format(statistics.median(values))
    low, high = form.format(values[0]), form.format(values[-1])
    return middle if low == high else f"{middle} ({low.split()[0]}–{high.split()[0]})"


def _median(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    return statistics.median(map(figure, runs))


def _ratios(found: Found, sizes: Sequence[int], latencies: Sequence[int]) -> Iterator[Sequence[str]]:
    figures: tuple[Callable[[Run], float], ...] = (
        lambda run: run.seconds,
        lambda run: run.cpu,
        lambda run: run.mib,
    )
    for size in sizes:
        for latency in latencies:
            ours, bare = found[Key("plan", size, latency)], found[Key("bare", size, latency)]
            yield (
                f"{size:,}",
                f"{latency} ms",
                *(f"{_median(ours, one) / _median(bare, one):.1f}" for one in figures),
            )


def _applies(found: Found) -> Iterator[Sequence[str]]:
    for key in [key for key in found if key.what == "apply"]:
        bare = found[replace(key, what="apply (bare)")]
        for name, runs in (("**reconciler apply**", found[key]), ("bare", bare)):
            requests = runs[-1].requests
            yield (
                f"{key.size:,}",
                f"{key.latency} ms",
                f"{key.each} ms",
                name,
                f"{requests:,}",
                f"{requests / key.size:.2f}",
                f"{_median(runs, _speed):,.0f}",
                f"{_median(runs, _speed) / _median(bare, _speed):.2f}",
                *_figures(runs),
            )


def _speed(run: Run) -> float:
    return run.mutations / run.writing


def _limited(found: Found, sizes: Sequence[int], latencies: Sequence[int]) -> Iterator[Sequence[str]]:
    latency = latencies[len(latencies) // 2]
    for size in sizes:
        bare, singly = (found[Key(what, size, latency)][-1].requests for what in ("bare", "singly"))
        for rate in sorted({key.rate for key in found} - {FAST}):
            runs = found[Key("plan", size, latency, rate)]
            yield (
                f"{size:,}",
                f"{rate} a second",
                f"{runs[-1].requests:,}",
                _figures(runs)[0],
                f"{bare / rate:,.0f} s",
                f"{singly / rate:,.0f} s",
            )


def _validated(found: Found, sizes: Sequence[int]) -> Iterator[Sequence[str]]:
    for size in sizes:
        for what, name in (("validate", "sets"), ("validate (single)", "single manifests")):
            yield f"{size:,}", name, *_figures(found[Key(what, size)])


def _growth(found: Found, sizes: Sequence[int]) -> Iterator[Sequence[str]]:
    for small, large in pairwise(sizes):
        for key, name in (
            (Key("plan", 0), "plan"),
            (Key("bare", 0), "bare"),
            (Key("validate", 0), "validate"),
        ):
            before, after = (found.get(Key(key.what, size, 0, FAST)) for size in (small, large))
            if before and after:
                cpu = _median(after, lambda run: run.cpu) / _median(before, lambda run: run.cpu)
                mib = _median(after, lambda run: run.mib) / _median(before, lambda run: run.mib)
                yield f"{small:,}", f"{large:,}", name, f"× {cpu:.1f}", f"× {mib:.1f}"
