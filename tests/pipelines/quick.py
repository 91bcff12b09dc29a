"""The command line for scripts of pipelines, and the stand-in for `gh`, which they start often: a process
that has them loaded forks for each call, with the caller's folder, environment and streams.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.cli.main import main
from tests.forked import Forked
from tests.forking import end, take_place
from tests.pipelines import gh

# What it imports is loaded for each call: the module below socket does without enums, and takes a third.
CALLER = """\
#!{python} -IS
import _socket, os, sys
link = _socket.socket(_socket.AF_UNIX)
link.connect({path!r})
words = [{program!r}, os.getcwd(), str(len(sys.argv) - 1), *sys.argv[1:]]
call = "\\0".join([*words, *(name + "=" + value for name, value in os.environ.items())]).encode()
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
link.sendmsg([len(call).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
link.sendall(call)
sys.exit(link.recv(1)[0])
"""


def install(folder: Path, path: Path, name: str = "reconciler") -> None:
    """Puts a program into a folder, which asks the process that listens at `path`."""
    program = folder / name
    program.write_text(CALLER.format(python=sys.executable, path=str(path), program=name))
    program.chmod(0o755)


@contextmanager
def listening(path: Path) -> Iterator[Path]:
    """That process, while the block lasts."""
    server = Forked("tests.pipelines.quick:serve", str(path), stderr=subprocess.DEVNULL)
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == "ready\n"
        yield path
    finally:
        server.send_signal(signal.SIGKILL)  # or a test that failed would wait for it
        server.communicate(timeout=10)


def call(folder: Path, *arguments: str, **environ: str) -> None:
    """Runs the `reconciler` that stands in a folder, which must end well."""
    program = str(folder / "reconciler")
    subprocess.run([program, *arguments], env={"PATH": "/usr/bin:/bin", **environ}, check=True)


def _call(link: socket.socket) -> int:
    head, streams, _, _ = socket.recv_fds(link, 4, 3)
    length, data = int.from_bytes(head, "big"), b""
    while len(data) < length:
        data += link.recv(length - len(data))
    program, folder, count, *rest = data.decode().split("\0")
    arguments, variables = rest[: int(count)], rest[int(count) :]
    environ = dict(one.split("=", 1) for one in variables)
    child = os.fork()
    if not child:
        take_place(streams, folder, environ)
        end(main if program == "reconciler" else gh.main, arguments)
    for stream in streams:
        os.close(stream)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def serve(path: str) -> None:
    """Takes calls, one after another."""
    gc.freeze()  # or each call would write to, and so copy, all that it shares
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            link, _ = server.accept()
            with link:
                link.sendall(bytes([_call(link)]))
