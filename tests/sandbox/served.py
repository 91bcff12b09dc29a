"""A sandbox served by another process on a real port, for tests that need one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

_PROGRAM = """
import importlib, json, sys
from reconciler.sandbox import serve
module, name = sys.argv[1].split(":")
sandbox = getattr(importlib.import_module(module), name)(*json.loads(sys.argv[2]), **json.loads(sys.argv[3]))
serve(sandbox, "127.0.0.1", 0, lambda details: print(json.dumps(details), flush=True))
print("closed", flush=True)
"""


class ServedSandbox:
    """Context manager: url, token, refresh_token and tenant of a served sandbox; the process ends with it."""

    def __init__(self, *arguments: object, factory: str = "reconciler.sandbox:Sandbox", **keywords: object):
        self._command = [sys.executable, "-c", _PROGRAM, factory, json.dumps(arguments), json.dumps(keywords)]

    def __enter__(self) -> ServedSandbox:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            self._command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
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
        return self.process.returncode, out, problem

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
