"""A sandbox served by another process on a real port, for tests that need one."""

from __future__ import annotations

import json
from importlib import import_module
from types import TracebackType
from typing import Any

from tests.forked import Forked


def serve_made(factory: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    """Serves what the factory makes, a module and a name, until a signal ends it."""
    from reconciler.sandbox import serve

    module, name = factory.split(":")
    sandbox = getattr(import_module(module), name)(*arguments, **keywords)
    serve(sandbox, "127.0.0.1", 0, lambda details: print(json.dumps(details), flush=True))
    print("closed", flush=True)


class ServedSandbox:
    """Context manager: url, token, refresh_token and tenant of a served sandbox; the process ends with it."""

    def __init__(self, *arguments: object, factory: str = "reconciler.sandbox:Sandbox", **keywords: object):
        self._made = [factory, arguments, keywords]

    def __enter__(self) -> ServedSandbox:
        self.process = Forked("tests.sandbox.served:serve_made", *self._made)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, problem = self.process.communicate(timeout=10)
            raise RuntimeError(problem)
        details = json.loads(line)
        self.url: str = details["url"]
        self.token: str = details["token"]
        self.refresh_token: str = details["refreshToken"]
        self.tenant: str = details["tenant"]
        return self

    def stop(self) -> tuple[int, str, str]:
        """End the server with SIGTERM: exit code, what it printed since, what it complained about."""
        self.process.terminate()
        out, problem = self.process.communicate(timeout=15)
        assert self.process.returncode is not None
        return self.process.returncode, out, problem

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
