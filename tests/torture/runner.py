"""Command lines of the product as processes: started, killed, waited for; what they said is looked at."""

from __future__ import annotations

import base64
import html
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, quote_plus

from tests.torture.tenant import Kill

ROOT = Path(__file__).parents[2]
SECONDS = 120.0
STATUSES = {"done", "failed", "stale", "skipped"}


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str


class Launcher:
    """Starts command lines one after another; two at once need two launchers."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.launch"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(
        self,
        folder: Path,
        arguments: Iterable[str],
        environ: Mapping[str, str],
        *,
        kill: Kill | None = None,
        seconds: float | None = None,
    ) -> Ended:
        """Runs one to its end, which may be a kill: the door's, or ours after so many seconds."""
        said = folder / "said"
        said.mkdir(exist_ok=True)
        name = str(threading.get_ident())
        job = {
            "arguments": list(arguments),
            "environ": {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1", **environ},
            "folder": str(folder),
            "out": str(said / f"out-{name}"),
            "err": str(said / f"err-{name}"),
            "spawned": str(said / "spawned"),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        pid = int(self._lines.get(timeout=SECONDS))
        if kill is not None:
            kill.aim(pid)
        code = self._wait(pid, seconds)
        return Ended(code, *(Path(job[n]).read_text("utf-8", "replace") for n in ("out", "err")))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def _wait(self, pid: int, seconds: float | None) -> int:
        if seconds is not None:
            with suppress(queue.Empty):
                return int(self._lines.get(timeout=seconds))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            return int(self._lines.get(timeout=SECONDS))
        except queue.Empty:
            os.kill(pid, signal.SIGKILL)
            self._lines.get(timeout=SECONDS)
            raise AssertionError(f"it did not end within {SECONDS:.0f} s") from None


def misbehaved(ended: Ended, codes: set[int]) -> list[str]:
    """What is wrong with the way a run of `apply --format json` ended."""
    found = []
    if ended.code not in codes:
        found.append(f"exit code {ended.code}: {ended.err[-600:]}")
    if "Traceback" in ended.out + ended.err or "internal error" in ended.err:
        found.append(f"a traceback: {ended.err[-3000:]}")
    if ended.code == -signal.SIGKILL:
        return found
    if ended.out.strip():
        found += _inconsistent(json.loads(ended.out), ended.code)
    elif ended.code == 0:
        found.append("exit code 0 without a document")
    else:
        errors = json.loads(ended.err[ended.err.index("{") :])["errors"]
        if not errors or not all(error["message"] for error in errors):
            found.append(f"errors that say nothing: {ended.err}")
    return found


def _inconsistent(document: dict[str, Any], code: int) -> list[str]:
    found, counts = [], dict.fromkeys(STATUSES, 0)
    for action in document["actions"]:
        status = action["status"]
        counts[status] += 1
        if status == "skipped" and not action.get("because"):
            found.append(f"skipped without a reason: {action['id']}")
        if status in ("failed", "stale") and not action.get("error"):
            found.append(f"{status} without an error: {action['id']}")
        if status == "done" and (action.get("error") or action.get("doubtful")):
            found.append(f"done and yet not: {action['id']}: {action.get('error')}")
    said = {status: document["summary"].get(status, 0) for status in STATUSES}
    if said != counts:
        found.append(f"the summary says {said}, the actions {counts}")
    expected = {0: "done", 1: "failed", 5: "stale"}.get(code)
    if expected and counts[expected] == 0 and document["actions"] and not document["refusals"]:
        found.append(f"exit code {code}, but no action {expected}")
    if code == 0 and counts["done"] != len(document["actions"]):
        found.append(f"exit code 0, but {counts}")
    return found


def spilled(root: Path, secrets: Iterable[str]) -> list[str]:
    """Where secrets are seen: in what was said, and in every file of the project."""
    forms = {form: secret for secret in secrets for form in _forms(secret)}
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        text = path.read_text("utf-8", "replace")
        found += [
            f"a secret in {path.relative_to(root)}, as {form[:8]}…"
            for form in forms
            if form.encode("utf-8", "replace") and form in text
        ]
    return found


def _forms(secret: str) -> set[str]:
    """The ways in which a secret may be written: as it is, escaped, or encoded at any offset."""
    core = secret.partition(" ")[2][:16] or secret
    encoded = set()
    for text in (secret.encode(), core.encode()):
        for shift in range(3):
            inner = base64.b64encode(b"\0" * shift + text).decode().rstrip("=")
            encoded.add(inner[4 if shift else 0 : -2])
    return {core, secret, quote(secret), quote_plus(secret), html.escape(secret), *encoded}
