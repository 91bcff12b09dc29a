"""Processes that have loaded the product when they begin: each is forked from one that does nothing else."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

ROOT = Path(__file__).parents[1]
KEPT = {"HOME", "LANG", "PATH", "TMPDIR"}  # of the environment of whoever is first; the jobs bring their own


class _Parent:
    """The process that forks."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(number)],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if name in KEPT},
                stdin=subprocess.DEVNULL,
                pass_fds=[number],
            )
        self._answers, self._lock = self._link.makefile("r"), Lock()
        atexit.register(self._end)

    def _end(self) -> None:
        self._answers.close()
        self._link.close()
        self._process.wait()

    def ask(self, job: Mapping[str, Any], streams: Sequence[int] = ()) -> int:
        with self._lock:
            socket.send_fds(self._link, [b"!"], streams)
            self._link.sendall(json.dumps(job).encode() + b"\n")
            return int(self._answers.readline())


_parent = cache(_Parent)


class Forked:
    """A call in a process of its own; to be watched, signalled and waited for as one of `subprocess` is."""

    def __init__(
        self,
        call: str,
        *arguments: object,
        stdin: int | IO[str] = subprocess.DEVNULL,
        stdout: int | IO[str] = subprocess.PIPE,
        stderr: int | IO[str] = subprocess.PIPE,
        env: Mapping[str, str] = os.environ,
        ignored: Sequence[signal.Signals] = (),
    ) -> None:
        """`call` is a function's module and name; signals that are `ignored` are so from the start."""
        self.returncode: int | None = None
        _, given = _stream(stdin)
        self.stdout, out = _stream(stdout)
        self.stderr, err = _stream(stderr)
        self._alive, living = os.pipe()
        job = {
            "call": call,
            "arguments": arguments,
            "environ": dict(env),
            "folder": str(ROOT),
            "ignored": list(ignored),
        }
        self.pid = _parent().ask(job, [given, out, err, living])
        for number in (given, out, err, living):
            os.close(number)

    def send_signal(self, number: signal.Signals) -> None:
        """As one of `subprocess` does, which spares what has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def poll(self) -> int | None:
        """Its exit code where it has ended."""
        return self._ended(0)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended, which is to be soon."""
        if self._ended(timeout) is None:
            os.kill(self.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it says until it ends."""
        readers = [stream and _Reader(stream) for stream in (self.stdout, self.stderr)]
        self.wait(timeout)
        out, err = (reader.said() if reader else "" for reader in readers)
        return out, err

    def _ended(self, timeout: float) -> int | None:
        # Who waits for it is told by a pipe that it alone holds open: it is not our child.
        if self.returncode is None and select.select([self._alive], [], [], timeout)[0]:
            os.close(self._alive)
            self.returncode = _parent().ask({"ended": self.pid})
        return self.returncode


class _Reader(Thread):
    """Takes in what a process says, or it would wait for somebody who does."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(daemon=True)
        self._stream, self._text = stream, ""
        self.start()

    def run(self) -> None:
        with self._stream:
            self._text = self._stream.read()

    def said(self) -> str:
        self.join()
        return self._text


def _stream(given: int | IO[str]) -> tuple[IO[str] | None, int]:
    """Where we read, if we do, and where the process writes."""
    if given == subprocess.PIPE:
        read, write = os.pipe()
        return os.fdopen(read), write
    if given == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    return None, os.dup(given if isinstance(given, int) else given.fileno())
