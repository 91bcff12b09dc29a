"""Runs the jobs of a GitHub workflow, step by step as written, on a machine of stand-ins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.pipelines import quick
from tests.pipelines.expressions import filled, holds
from tests.pipelines.templates import parsed

PRODUCT = Path(__file__).parents[2]
OURS = "./.reconciler-action"


@dataclass
class Ended:
    """What became of a job."""

    failed: str
    log: str
    summary: str
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::")]


@dataclass
class _Job:
    """A job that runs: what its steps have changed so far."""

    context: dict[str, Any]
    environ: dict[str, str]
    temp: Path
    log: str = ""

    def step(self, given: Mapping[str, str], text: str, folder: Path) -> tuple[int, dict[str, str]]:
        """Runs a script; its exit code and outputs."""
        files = {name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_ENV")}
        for file in files.values():
            file.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=folder, env={**self.environ, **given, **{name: str(file) for name, file in files.items()}},
            text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.log += done.stdout
        self.environ |= _pairs(files["GITHUB_ENV"])
        self.context |= {f"env.{name}": value for name, value in _pairs(files["GITHUB_ENV"]).items()}
        return done.returncode, _pairs(files["GITHUB_OUTPUT"])


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
    jobs: int = 0
    product: Path = PRODUCT
    """Where the action is checked out."""
    without: frozenset[str] = frozenset()
    """Steps that are left out, since they ran often enough."""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The names of the steps that ran, with what they were given."""

    def __post_init__(self) -> None:
        self.bin = self.machine / "bin"
        self.bin.mkdir(parents=True)
        self.program("pip", 'test "$1" = install && test -n "$2"')
        self.put(
            comments={}, pulls={}, runs=[], issues=[], requests=[], calls=[], workflow=self.workflow.name
        )
        self.put(artifacts=str(self.machine / "artifacts"))
        self.action = parsed((PRODUCT / "action.yml").read_text())
        quick.install(self.bin, self.link)
        quick.install(self.bin, self.link, "gh")

    def program(self, name: str, text: str) -> None:
        """A stand-in for a program."""
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

    def begin(self) -> None:
        """Another run of the workflow, for the commit that is checked out."""
        self.runs += 1
        self.put(runs=[*self.github()["runs"], {"id": self.runs, "commit": self.commit}])

    def job(self, name: str, event: str, **more: Any) -> Ended:
        """Runs a job of the run that was begun last. What it is given by others stands in `more`."""
        document = parsed(self.workflow.read_text())
        part = document["jobs"][name]
        self.jobs += 1
        temp = self.machine / f"temp-{self.jobs}"
        temp.mkdir()
        job = self._begun(document, part, event, temp, more)
        default = self.root / document["defaults"]["run"]["working-directory"]
        failed = ""
        for number, step in enumerate(part["steps"]):
            if holds(str(step.get("if", "")), job.context, failed=bool(failed)):
                wrong, outputs = self._step(step, job, default)
                failed = failed or wrong
                job.context |= {f"steps.{step.get('id', number)}.outputs.{k}": v for k, v in outputs.items()}
        summary = temp / "summary"
        assert failed or summary.exists(), f"{name} has no summary"
        outputs = {key: filled(value, job.context) for key, value in part.get("outputs", {}).items()}
        return Ended(failed, job.log, summary.read_text() if summary.exists() else "", outputs)

    def _begun(
        self, document: dict[str, Any], part: dict[str, Any], event: str, temp: Path, more: dict[str, Any]
    ) -> _Job:
        context = {
            "github.event_name": event,
            "github.token": "token-of-the-run",
            "github.server_url": "https://github.com",
            "github.repository": "acme/shop",
            "github.run_id": str(self.runs),
            "github.event.repository.default_branch": "main",
            "github.event.pull_request.head.repo.full_name": "acme/shop",
            "matrix.environment": "production",
            "matrix.shard": "1",
            "vars.RECONCILER_REPOSITORY": "acme/reconciler",
            "vars.RECONCILER_COMMIT": "1" * 40,
            "runner.temp": str(temp),
            **{f"secrets.{key}": value for key, value in self.secrets.items()},
            **more,
        }
        environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.machine),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF_NAME": "main",
            "GITHUB_SHA": self.commit,
            "GITHUB_WORKSPACE": str(self.root),
            "GITHUB_ACTION_PATH": str(self.product),
            "RUNNER_TEMP": str(temp),
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        }
        for one in (document, part):
            given = {key: filled(value, context) for key, value in one.get("env", {}).items()}
            environ |= given
            context |= {f"env.{key}": value for key, value in given.items()}
        return _Job(context, environ, temp)

    def _step(self, step: dict[str, Any], job: _Job, default: Path) -> tuple[str, dict[str, str]]:
        """The name of what failed, and the outputs."""
        if step.get("name") in self.without:
            return "", {}
        given = {key: filled(value, job.context) for key, value in step.get("env", {}).items()}
        with_ = {key: filled(value, job.context) for key, value in step.get("with", {}).items()}
        if "run" in step:
            folder = self.root / step["working-directory"] if "working-directory" in step else default
            self.seen.append((step["name"], {**job.environ, **given}))
            code, outputs = job.step(given, step["run"], folder)
            return step["name"] if code else "", outputs
        if step["uses"] == OURS:
            return self._ours(with_, given, job)
        failed = not self._use(step["uses"], with_, job)
        return step["uses"] if failed and not step.get("continue-on-error") else "", {}

    def _ours(self, given: dict[str, str], environ: dict[str, str], job: _Job) -> tuple[str, dict[str, str]]:
        """The action beside the product, with its own inputs and steps."""
        inputs = self.action["inputs"]
        assert set(given) <= set(inputs), set(given) - set(inputs)
        named = {
            key: given.get(key, filled(one.get("default", ""), job.context)) for key, one in inputs.items()
        }
        hidden = ("secrets.", "inputs.", "steps.", "needs.", "matrix.")
        inner = {key: value for key, value in job.context.items() if not key.startswith(hidden)}
        inner |= {f"inputs.{key}": value for key, value in named.items()}
        within = _Job(inner, {**job.environ, **environ}, job.temp)
        failed = ""
        for step in self.action["runs"]["steps"]:
            if holds(str(step.get("if", "")), within.context, failed=bool(failed)):
                wrong, outputs = self._step(step, within, self.root)
                failed = failed or wrong
                within.context |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in outputs.items()}
        job.log += within.log
        job.environ |= {key: value for key, value in within.environ.items() if key not in environ}
        job.context |= {key: value for key, value in within.context.items() if key.startswith("env.")}
        told = {key: filled(one["value"], within.context) for key, one in self.action["outputs"].items()}
        return failed, told

    def _use(self, uses: str, given: dict[str, str], job: _Job) -> bool:
        """Somebody else's action; whether it ends well."""
        action, _, version = uses.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", version), uses
        held = self.machine / "artifacts" / str(self.runs)
        if action == "actions/upload-artifact":
            path = self.root / given["path"]
            if path.exists():
                target = held / given["name"]
                assert not target.exists() or given["overwrite"] == "true"
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(path, target)
            return path.exists() or given.get("if-no-files-found") == "ignore"
        if action == "actions/download-artifact":
            pattern = given.get("name") or given["pattern"]
            found = [one for one in _folders(held) if fnmatchcase(one.name, pattern)]
            for one in found:
                target = Path(given["path"]) / ("" if "name" in given else one.name)
                shutil.copytree(one, target, dirs_exist_ok=True)
            return bool(found)
        assert action.removeprefix("actions/") in ("checkout", "setup-python", "setup-node"), action
        assert action != "actions/checkout" or given["persist-credentials"] == "false"
        return True

    @property
    def names(self) -> list[str]:
        """The jobs."""
        return list(parsed(self.workflow.read_text())["jobs"])

    @property
    def every_step(self) -> list[dict[str, Any]]:
        """The steps of the workflow and of the action."""
        jobs = parsed(self.workflow.read_text())["jobs"].values()
        return [*(step for job in jobs for step in job["steps"]), *self.action["runs"]["steps"]]

    def runs_in(self, name: str, event: str, **more: Any) -> bool:
        """Whether a job's condition holds."""
        job = parsed(self.workflow.read_text())["jobs"][name]
        context = {"github.event_name": event, "github.repository": "acme/shop", **more}
        return holds(job.get("if", ""), context, failed=False)


def _folders(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.iterdir()) if folder.is_dir() else ()


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


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
