"""The page that tells what was measured."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from bench.figures import FAST, SAMPLE, Found, Key, Run

_HEAD = """\
# Performance

Every figure here is written by `python -m bench.run --sizes {sizes}` (`make bench` measures 500, 5,000 and
50,000), in one run of {minutes:.0f} minutes on {machine}. The load was {load:.1f} at first: on a
busy machine times, and those by the wall most of all, say little; CPU against CPU, memory and counts do.

The world: ten integrations with three config variables each, customers, and an instance of each integration
for each customer; the manifests are ten InstanceSets over all customers, and nothing has changed. The tenant
is a replay of recorded pages in a process of its own. Each client is a whole process, from its start to its
end: the reconciler also reads and checks its manifests, and works the plan out. It has learned nothing of the
tenant before.

- **bare**: httpx fetches the same pages, eight at a time, decodes them and throws them away.
- **one after another**: the same pages by one request at a time.
- **one request an object**: what tools do that ask for each object they manage. {sample} are measured, the
  others extrapolated.
- **the vendor's CLI in a loop**: {prism}.

Medians; where a world was measured more than once, the spread stands behind them.
"""


def page(found: Found, sizes: Sequence[int], latencies: Sequence[int], seconds: float, load: float) -> str:
    """The page, in Markdown."""
    prism = (
        "not measured, as a loop over it is one request an object"
        if shutil.which("prism")
        else ("not measured: it was not there")
    )
    machine = f"{os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()})"
    minutes = max(1, seconds / 60)
    measured = ",".join(map(str, sizes))
    parts = [
        _HEAD.format(sizes=measured, minutes=minutes, machine=machine, load=load, sample=SAMPLE, prism=prism)
    ]
    parts.append("## A plan that changes nothing\n")
    parts.append(_table(_HEADS, _plans(found, sizes, latencies)))
    parts.append("## Ratios to the bare client\n")
    parts.append(_table(("instances", "latency", "wall", "CPU", "memory"), _ratios(found, sizes, latencies)))
    parts.append("## Under a limit of requests\n")
    parts.append(
        "The limit is the environment's `rate`. What others take is at least their requests divided by it.\n"
    )
    parts.append(_table(_LIMITED, _limited(found, sizes, latencies)))
    parts.append("## Validating\n")
    parts.append("As ten sets, and as a manifest of its own for each instance.\n")
    parts.append(_table(("instances", "written as", "wall", "CPU", "memory"), _validated(found, sizes)))
    parts.append("## Growth\n")
    parts.append(_table(("from", "to", "what", "CPU", "memory"), _growth(found, sizes)))
    return "\n".join(parts)


_HEADS = ("instances", "latency", "client", "requests", "wall", "CPU", "memory")
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
