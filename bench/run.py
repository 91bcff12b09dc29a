"""Measures the reconciler beside a bare client, and writes docs/performance.md.

    python -m bench.run [--sizes 500,5000,50000] [--latencies 0,20,80] [--rates 10,100]
        [--rounds 3] [--apply 500,5000] [--each 10] [--output FILE]

The tenant is a replay in a process of its own, and each client is a whole process: its time, its CPU and its
peak memory are those of the process. What counts are ratios within one run, and counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from bench import prism
from bench.figures import FAST, SAMPLE, Found, Key, Run
from bench.page import page
from bench.prism import CALLS
from bench.world import mutations, write_project

ROOT = Path(__file__).parents[1]
LARGE = 10_000
"""Worlds in which one request after another takes minutes: what asks so is measured once there."""
QUICK, SLOW = ("bare",), ("sequential", "singly")
"""The clients beside the plan."""


def timed(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Run:
    """Runs a process to its end. Its output is what it told."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environ}, stdout=out, stderr=err, text=True
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, err):
            stream.seek(0)
        told, wrong = out.read(), err.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)}: {process.returncode}\n{told[-2000:]}{wrong[-4000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, 0, told)


@contextmanager
def serving(module: Sequence[str], folder: Path) -> Iterator[dict[str, str]]:
    """A server in a process of its own; where it listens."""
    command = [sys.executable, "-m", *module]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait()


class Bench:
    """One run of all measurements."""

    def __init__(self, scratch: Path, rounds: int, rates: Sequence[int], calls: int) -> None:
        self._scratch, self._rounds, self._rates, self._calls = scratch, rounds, rates, calls
        self.found: Found = {}

    def size(self, size: int, latencies: Sequence[int]) -> None:
        """All that is measured of a world of so many instances."""
        tenant = self._scratch / f"tenant-{size}"
        tenant.mkdir()
        timed([sys.executable, "-m", "bench.record", str(tenant), str(size)], ROOT, {})
        for single in (False, True):
            project = self._scratch / f"project-{size}-{'single' if single else 'sets'}"
            write_project(project, size, "http://127.0.0.1:1", single=single)
            for _ in range(self._rounds):
                self._keep(
                    Key("validate" + (" (single)" if single else ""), size), self._ours(project, "validate")
                )
        for latency in latencies:
            with serving(["bench.replay", str(tenant), "--latency", str(latency)], ROOT) as where:
                for number in range(self._rounds):
                    once = size > LARGE and number > 0
                    self._clients(QUICK if once else QUICK + SLOW, size, latency, where)
                if latency == latencies[0]:
                    self._prism(size, latency, where, tenant)
        middle = latencies[len(latencies) // 2]
        with serving(["bench.replay", str(tenant), "--latency", str(middle)], ROOT) as where:
            for rate in self._rates:
                self._plan(size, middle, rate, where)

    def apply(self, size: int, latencies: Sequence[int], each: Sequence[int]) -> None:
        """Applies a project of so many instances to a tenant that has nothing, and has a bare client do the
        same: at each latency, and at the first also where a mutation takes its time.
        """
        felt = [latency for latency in latencies if latency] or latencies
        for latency, one in [*((latency, 0) for latency in felt), *((felt[0], one) for one in each)]:
            server = ["bench.writes", "--latency", str(latency), "--each", str(one)]
            with serving(server, ROOT) as where:
                project = self._scratch / f"project-{size}-apply"
                write_project(project, size, where["url"], rate=FAST)
                shutil.rmtree(project / ".reconciler", ignore_errors=True)
                run = self._ours(project, "apply", where["token"], "--yes")
                counted = self._written(Key("apply", size, latency, each=one), run, where)
                assert "No changes." in self._ours(project, "plan", where["token"]).told
            with serving(server, ROOT) as where:
                alike = (str(counted[name]) for name in ("together", "at once"))
                words = (where["url"], where["token"], str(size), *alike)
                run = timed([sys.executable, "-m", "bench.writer", *words], ROOT, {})
                self._written(Key("apply (bare)", size, latency, each=one), run, where)

    def _written(self, key: Key, run: Run, where: Mapping[str, str]) -> Mapping[str, Any]:
        counted: Mapping[str, Any] = httpx.get(f"{where['url']}/counts").json()
        assert counted["mutations"] == mutations(key.size), counted
        requests, seconds = counted["requests"], counted["seconds"]
        self._keep(key, replace(run, requests=requests, mutations=counted["mutations"], writing=seconds))
        return counted

    def _clients(self, clients: Sequence[str], size: int, latency: int, where: Mapping[str, str]) -> None:
        for which in clients:
            words = (which, where["url"], where["token"], str(SAMPLE))
            run = timed([sys.executable, "-m", "bench.clients", *words], ROOT, {})
            said = json.loads(run.told)
            if which == "singly":
                more = said["objects"] - said["requests"]
                seconds, cpu = (said[name] / said["requests"] * more for name in ("seconds", "cpu"))
                run = Run(run.seconds + seconds, run.cpu + cpu, run.mib, said["objects"], "")
            else:
                run = replace(run, requests=said["requests"])
            self._keep(Key(which, size, latency), run)
        self._plan(size, latency, FAST, where)

    def _prism(self, size: int, latency: int, where: Mapping[str, str], tenant: Path) -> None:
        if (program := prism.program(ROOT)) is None or not self._calls:
            return
        # What this process holds counts as its children's peak: of a large file only a few lines are read.
        with (tenant / "instances").open() as instances:
            lines = list(islice(instances, self._calls))
        environ = {
            "PRISMATIC_URL": where["url"],
            "PRISM_ACCESS_TOKEN": where["token"],
            "PRISM_SKIP_NEW_VERSION_CHECK": "true",
            "HOME": str(self._scratch),
        }
        listed = [*program, "instances:config-vars:list", "--output", "json"]
        runs = [timed([*listed, json.loads(line)["id"]], self._scratch, environ) for line in lines]
        assert all("Folder" in run.told for run in runs), runs[0].told
        seconds, cpu = (sum(r.seconds for r in runs) / len(runs), sum(r.cpu for r in runs) / len(runs))
        mib = max(run.mib for run in runs)
        self._keep(Key("prism", size, latency), Run(seconds * size, cpu * size, mib, size, ""))

    def _plan(self, size: int, latency: int, rate: int, where: Mapping[str, str]) -> None:
        project = self._scratch / f"project-{size}-sets"
        write_project(project, size, where["url"], rate=rate)
        shutil.rmtree(project / ".reconciler", ignore_errors=True)  # what was learned of the tenant before
        httpx.get(f"{where['url']}/counts")
        run = self._ours(project, "plan", where["token"])
        assert "No changes." in run.told, run.told
        asked = httpx.get(f"{where['url']}/counts").json()["requests"]
        key = Key("plan", size, latency, rate)
        self._keep(key, Run(run.seconds, run.cpu, run.mib, asked, run.told))

    def _ours(self, project: Path, verb: str, token: str = "", *options: str) -> Run:
        command = [sys.executable, "-m", "reconciler", verb, *options]
        return timed(command, project, {"BENCH_TOKEN": token})

    def _keep(self, key: Key, run: Run) -> None:
        self.found.setdefault(key, []).append(run)
        print(
            f"{key.what:18} {key.size:6} latency {key.latency:2} ms  rate {key.rate:4}/s  "
            f"{run.seconds:7.2f} s  CPU {run.cpu:6.2f} s  {run.mib:5.0f} MiB  {run.requests} requests",
            flush=True,
        )


def numbers(text: str) -> list[int]:
    """Whole numbers, with commas between them."""
    return [int(one) for one in text.split(",") if one]


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=numbers, default=[500, 5000, 50000])
    parser.add_argument("--latencies", type=numbers, default=[0, 20, 80])
    parser.add_argument("--rates", type=numbers, default=[10, 100])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--apply", type=numbers, help="sizes of which an apply from nothing is measured")
    parser.add_argument("--calls", type=int, default=CALLS, help="how often the vendor's CLI is called")
    parser.add_argument("--each", type=numbers, default=[10], help="milliseconds that a mutation takes")
    parser.add_argument("--output", type=Path, help="where the page is written; else it is printed")
    given = parser.parse_args()
    begun, load = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(Path(scratch), given.rounds, given.rates, given.calls)
        small = [size for size in given.sizes if size <= LARGE]
        for size in small if given.apply is None else given.apply:
            bench.apply(size, given.latencies, given.each)
        for count in range(len(given.sizes) + 1):
            for size in given.sizes[count - 1 : count]:
                bench.size(size, given.latencies)
            seconds = time.perf_counter() - begun
            text = page(bench.found, given.sizes[:count], given.latencies, seconds, load)
            if given.output:
                given.output.write_text(text)
    if not given.output:
        print(text)


if __name__ == "__main__":
    main()
