"""Starts command lines of the real product, each a process of its own, with its waits shortened.

It imports the product once and forks for each job, since a start costs more than most runs. A job is a line
of JSON on stdin (arguments, environ, folder, out, err, spawned); answered by two lines, pid and exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import ssl
import sys
from functools import cache
from typing import Any, NoReturn

import anyio
import httpx

_sleep = anyio.sleep
# What the product loads when it first needs it.
_LATER = ("anyio._backends._asyncio", "httpcore", "h11", "httpcore._async.http11", "jsonschema", "rich.live")


async def _short(seconds: float) -> None:
    await _sleep(min(seconds / 50, 0.05))


def main() -> None:
    """Takes jobs until stdin ends."""
    anyio.sleep = _short  # before the product binds it as a default
    import reconciler

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(("reconciler.sandbox", "reconciler.__main__")):
            importlib.import_module(module.name)
    for name in _LATER:
        importlib.import_module(name)
    from reconciler.manifests.schemas import validator

    for schema in ("project", "integration", "customer", "instance"):
        validator(schema)
    ssl.create_default_context = cache(ssl.create_default_context)  # as in tests/conftest.py
    httpx.create_ssl_context()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(job)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(job: dict[str, Any]) -> NoReturn:
    os.environ.clear()
    os.environ.update(job["environ"])
    os.chdir(job["folder"])
    for number, path in ((1, job["out"]), (2, job["err"])):
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    spawned = os.open(job["spawned"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def notice(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
            os.write(spawned, repr(arguments).encode())

    sys.addaudithook(notice)
    from reconciler.cli.main import run

    code = run(job["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
