"""Runs the jobs of a GitHub workflow, step by step as written, on a machine of stand-ins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines import gh, quick

HOLE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
GATES = ("!cancelled()", "always()")


@dataclass
class Ended:
    """What became of a job."""

    failed: str
    log: str
    summary: str

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::")]


@dataclass
class Runner:
    """A repository with a workflow, and GitHub beside it."""

    root: Path
    machine: Path
    workflow: Path
    secrets: dict[str, str]
    link: Path
    commit: str = ""
    runs: int = 0
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The names of the steps that ran, with what they were given."""

    def __post_init__(self) -> None:
        self.bin = self.machine / "bin"
        self.bin.mkdir(parents=True)
        self._program("pip", 'test "$1" = install && test -n "$2"')
        self._program(
            "gh", f'test -n "$GH_TOKEN" && exec {sys.executable} -I {gh.__file__} {self.state} "$@"'
        )
        self.put(comments={}, pulls={}, runs=[], issues=[], calls=[], workflow=self.workflow.name)
        self.put(artifacts=str(self.machine / "artifacts"))
        quick.install(self.bin, self.link)

    def _program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    @property
    def state(self) -> Path:
        return self.machine / "github.json"

    def github(self) -> dict[str, Any]:
        """What GitHub holds."""
        return dict(json.loads(self.state.read_text())) if self.state.exists() else {}

    def put(self, **state: Any) -> None:
        self.state.write_text(json.dumps({**self.github(), **state}))

    def job(self, name: str, event: str, **more: Any) -> Ended:
        """Runs a job for an event; a run of its own each time."""
        self.runs += 1
        document = yaml.safe_load(self.workflow.read_text())
        job = document["jobs"][name]
        temp = self.machine / f"temp-{self.runs}"
        temp.mkdir()
        context = {
            "github.event_name": event,
            "github.token": "token-of-the-run",
            "github.server_url": "https://github.com",
            "github.repository": "acme/shop",
            "github.run_id": str(self.runs),
            "github.event.repository.default_branch": "main",
            "matrix.environment": "production",
            "vars.RECONCILER": "reconciler",
            "runner.temp": str(temp),
            **{f"secrets.{key}": value for key, value in self.secrets.items()},
            **more,
        }
        self.put(runs=[*self.github()["runs"], {"id": self.runs, "commit": self.commit}])
        environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.machine),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_SHA": self.commit,
            "RUNNER_TEMP": str(temp),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        }
        for part in (document, job):
            environ |= {key: _filled(value, context) for key, value in part.get("env", {}).items()}
        folder = self.root / document["defaults"]["run"]["working-directory"]
        failed, log = "", ""
        for step in job["steps"]:
            gate = HOLE.sub(r"\1", step.get("if", ""))
            if (failed and gate not in GATES) or not _holds(gate, context):
                continue
            if "uses" in step:
                self._use(step, context)
                continue
            given = {key: _filled(value, context) for key, value in step.get("env", {}).items()}
            self.seen.append((step["name"], {**environ, **given}))
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=folder, env={**environ, **given}, text=True, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            log += done.stdout
            failed = failed or (step["name"] if done.returncode else "")
            if "id" in step and (temp / "output").exists():
                for line in (temp / "output").read_text().splitlines():
                    key, _, value = line.partition("=")
                    context[f"steps.{step['id']}.outputs.{key}"] = value
        summary = temp / "summary"
        return Ended(failed, log, summary.read_text() if summary.exists() else "")

    def _use(self, step: dict[str, Any], context: dict[str, str]) -> None:
        action, _, version = step["uses"].partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", version), step["uses"]
        if action != "actions/upload-artifact":
            return
        given = {key: _filled(value, context) for key, value in step["with"].items()}
        path = self.root / given["path"]
        if path.exists():
            target = self.machine / "artifacts" / context["github.run_id"] / given["name"]
            target.mkdir(parents=True)
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy(path, target)


def _holds(gate: str, context: dict[str, str]) -> bool:
    if gate in ("", *GATES):
        return True
    name, _, value = gate.partition(" == ")
    return context[name] == value.strip("'")


def _filled(value: Any, context: dict[str, str]) -> str:
    return HOLE.sub(lambda hole: context.get(hole[1], ""), str(value))


def git(root: Path, *arguments: str) -> str:
    """Runs git with an identity; what it printed."""
    words = [
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "commit.gpgsign=false",
        *arguments,
    ]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(words, cwd=root, check=True, capture_output=True, text=True, env=environ)
    return done.stdout.strip()
