"""The command line for scripts of pipelines, and the stand-in for `gh`, which they start often: a process
that has them loaded forks for each call, with the caller's folder, environment and streams.
"""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

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
    command = [sys.executable, __file__, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield path
        finally:
            server.kill()  # or a test that failed would wait for it


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
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        # Those of before may be of another kind, and cannot be turned into these.
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        from reconciler.cli.main import run
        from tests.pipelines.gh import main

        try:
            code = main(arguments) if program == "gh" else run(arguments)
        except SystemExit as error:
            print(error, file=sys.stderr)
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for stream in streams:
        os.close(stream)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _serve(path: str) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import httpcore  # which the client loads where it first has a server to talk to

    from reconciler.cli.main import run
    from tests.pipelines import gh

    # What is loaded and made at first use is there for all calls.
    with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        assert run(["init", f"{folder}/warm", "-q"]) == 0
        for verb in (
            ["validate"],
            ["plan", "--report", f"markdown={folder}/plan.md"],
            ["apply", "--yes"],
            ["drift"],
        ):
            assert run(["--project", f"{folder}/warm/reconciler.yaml", *verb]) == 0
    assert httpcore.__version__
    assert gh.BOT
    gc.freeze()  # or each call would write to, and so copy, all that it shares
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            link, _ = server.accept()
            with link:
                link.sendall(bytes([_call(link)]))


if __name__ == "__main__":
    _serve(sys.argv[1])
