"""A project whose tenant is a sandbox served over HTTP, and another client of that tenant beside ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.projects import Folder
from tests.forked import Forked
from tests.sandbox.served import ServedSandbox

ROOT = Path(__file__).parents[2]


class Remote(Folder):
    """The command line on a served tenant, which `ask` and `behind` reach past it."""

    def __init__(
        self,
        root: Path,
        capsys: pytest.CaptureFixture[str],
        served: ServedSandbox,
        *,
        name: str = "shop",
        auth: str = "accessToken",
    ) -> None:
        super().__init__(root, capsys)
        self.served = served
        self.project(name, {"tenant": self.environment(served, auth)})
        self.variables = {"SERVED_TOKEN": served.token, "SERVED_REFRESH_TOKEN": served.refresh_token}
        os.environ.update(self.variables)

    @staticmethod
    def environment(served: ServedSandbox, auth: str = "accessToken") -> dict[str, Any]:
        """An environment's settings: its token comes from the process's environment."""
        variable = "SERVED_TOKEN" if auth == "accessToken" else "SERVED_REFRESH_TOKEN"
        return {
            "url": served.url,
            "tenant": served.tenant,
            "auth": {auth: {"env": variable}},
            "rate": 500,
            "batch": 1,
        }

    def project(self, name: str, environments: dict[str, Any]) -> None:
        """Writes the project file; the first environment is the default."""
        spec = {
            "manifests": ["manifests/"],
            "environments": environments,
            "default": next(iter(environments)),
        }
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "Project",
            "metadata": {"name": name},
            "spec": spec,
        }
        self.write("reconciler.yaml", yaml.safe_dump(document, sort_keys=False))

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """Any GraphQL, sent by another client; its data."""
        response = httpx.post(
            f"{self.served.url}/api",
            json={"query": query, "variables": variables or {}},
            headers={"Authorization": f"Bearer {self.served.token}"},
            timeout=30,
            trust_env=False,
        )
        answer = response.json()
        assert not answer.get("errors"), answer
        return answer["data"]

    def named(self, connection: str, name: str, fields: str = "id") -> Any:
        """The only object of that name in a list."""
        nodes = self.ask(f"{{ {connection}(name: {json.dumps(name)}) {{ nodes {{ name {fields} }} }} }}")
        found = [node for node in nodes[connection]["nodes"] if node["name"] == name]
        assert len(found) == 1, found
        return found[0]

    def converged(self) -> None:
        """Nothing is left to do."""
        code, out, err = self("plan", "--detailed-exitcode")
        assert code == 0, out + err

    def process(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """The command line as a process of its own, so that signals and pipes are real."""
        command = [sys.executable, "-m", "reconciler", "--project", str(self.root / "reconciler.yaml")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([*command, *arguments], cwd=ROOT, text=True, **pipes)

    def forked(self, *arguments: str, **options: Any) -> Forked:
        """A process too, for tests to which it does not matter how it was started."""
        words = ["--project", str(self.root / "reconciler.yaml"), *arguments]
        return Forked("reconciler.cli.main:main", words, **options)
