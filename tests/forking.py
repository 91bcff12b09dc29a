"""Loads the product and the sandbox once, and forks for each job: to load them costs more than most jobs do.

A job comes over the socket whose descriptor is named: a byte with the descriptors that become the job's
streams, then a line of JSON (call, arguments, environ, folder), which is answered by the process's id. A line
with `ended` alone asks for the exit code of one that has ended, or will.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import ssl
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from typing import Any, NoReturn


def warm() -> None:
    """What is loaded and made at first use is there for all jobs."""
    import httpcore
    import httpx
    import uvicorn.protocols.http.h11_impl

    from reconciler.cli.main import run
    from reconciler.sandbox import app, serve

    assert all((httpcore, uvicorn, app, serve))
    ssl.create_default_context = cache(ssl.create_default_context)  # as in tests/conftest.py
    httpx.create_ssl_context()
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nobody, redirect_stdout(nobody):
        assert run(["init", f"{folder}/warm", "-q"]) == 0
        for verb in (["plan", "--report", f"markdown={folder}/plan.md"], ["apply", "--yes"], ["drift"]):
            assert run(["--project", f"{folder}/warm/reconciler.yaml", *verb, "--no-progress"]) == 0


def main(descriptor: int) -> None:
    """Takes jobs until the socket is closed at its other end."""
    warm()
    gc.freeze()  # or each job would write to, and so copy, all that it shares
    link = socket.socket(fileno=descriptor)
    lines = link.makefile("r")
    while True:
        mark, streams, _, _ = socket.recv_fds(link, 1, 4)
        if not mark:
            return
        job = json.loads(lines.readline())
        if "ended" in job:
            answer = os.waitstatus_to_exitcode(os.waitpid(job["ended"], 0)[1])
        elif not (answer := os.fork()):
            break
        for stream in streams:
            os.close(stream)
        link.sendall(f"{answer}\n".encode())
    lines.close()
    link.close()
    _become(job, streams)


def take_place(streams: Sequence[int], folder: str, environ: Mapping[str, str]) -> None:
    """Gives the process what whoever asked for it has: the three streams, the folder and the environment."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Those of before may be of another kind, and cannot be turned into these.
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    tempfile.tempdir = None  # found out anew


def _become(job: dict[str, Any], streams: list[int]) -> NoReturn:
    take_place(streams[:3], job["folder"], job["environ"])
    for number in job["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    module, _, name = job["call"].partition(":")
    call: Callable[..., Any] = getattr(import_module(module), name)
    end(call, *job["arguments"])


def end(call: Callable[..., Any], *arguments: Any) -> NoReturn:
    """Ends the process as one that does nothing but the call."""
    code: object = 1
    try:
        code = call(*arguments)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
    finally:
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code if isinstance(code, int) else 0)  # to take down all that was loaded costs most


if __name__ == "__main__":
    main(int(sys.argv[1]))
