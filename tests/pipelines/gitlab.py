"""A stand-in for GitLab's API, with what it answers to our pipelines; and a runner of their jobs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from tests.pipelines import quick
from tests.pipelines.runner import git
from tests.pipelines.templates import lines, parsed

TOKEN = "token-for-notes"
PLAN = ".reconciler-ci/kept/production/1/1/plan.json"


@dataclass
class GitLab:
    """A project's notes, issues, merge requests and jobs, served on a port."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    """What each commit of the default branch is the merge of: the commit of the request."""
    artifacts: dict[str, bytes] = field(default_factory=dict)
    """The plan of each commit of a request."""

    def __post_init__(self) -> None:
        held = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                assert self.headers["PRIVATE-TOKEN"] == TOKEN
                length = int(self.headers["Content-Length"] or 0)
                body = dict(parse_qsl(self.rfile.read(length).decode()))
                found = held.answer(self.command, self.path.split("?")[0].removeprefix("/projects/1/"), body)
                data = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        for verb in ("GET", "POST", "PUT"):
            setattr(Handler, f"do_{verb}", Handler._answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, body: dict[str, str]) -> Any:
        """What a call gets; None: not found."""
        for way, pattern, does in self._routes():
            found = re.fullmatch(pattern, path)
            if found and way == method:
                return does(body, *found.groups())
        raise AssertionError((method, path))

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", "merge_requests/7/notes", lambda _: self.notes),
            ("POST", "merge_requests/7/notes", lambda b: self._new(self.notes, b, "id")),
            ("PUT", r"merge_requests/7/notes/(\d+)", lambda b, n: self._change(self.notes, "id", n, b)),
            ("GET", "issues", lambda _: [one for one in self.issues if one.get("state_event") != "close"]),
            ("POST", "issues", lambda b: self._new(self.issues, b, "iid")),
            ("PUT", r"issues/(\d+)", lambda b, n: self._change(self.issues, "iid", n, b)),
            ("GET", "merge_requests", lambda _: [one for one in self.requests if "state_event" not in one]),
            ("POST", "merge_requests", lambda b: self._new(self.requests, b, "iid")),
            ("PUT", r"merge_requests/(\d+)", lambda b, n: self._change(self.requests, "iid", n, b)),
            ("GET", r"repository/commits/(\w+)/merge_requests", self._requests),
            (
                "GET",
                r"merge_requests/(\w+)/pipelines",
                lambda _, c: [{"id": c, "iid": 1, "status": "success"}],
            ),
            ("GET", r"pipelines/(\w+)/jobs", self._jobs),
            (
                "GET",
                r"jobs/(\w+)/artifacts/.reconciler-ci/kept/production/1/1/plan.json",
                lambda _, c: self.artifacts.get(c),
            ),
        ]

    @staticmethod
    def _new(entries: list[dict[str, Any]], body: dict[str, str], key: str) -> dict[str, Any]:
        entries.append({key: 40 + len(entries), **body})
        return entries[-1]

    @staticmethod
    def _change(entries: list[dict[str, Any]], key: str, number: str, body: dict[str, str]) -> dict[str, Any]:
        (one,) = (entry for entry in entries if str(entry[key]) == number)
        one.update(body)
        return one

    def _requests(self, _: Any, commit: str) -> Any:
        head = self.merged.get(commit)
        return [{"id": 1, "iid": head, "state": "merged"}] if head else []

    def _jobs(self, _: Any, commit: str) -> Any:
        return [{"id": "other", "name": "validate"}, {"id": commit, "name": "plan: [production, 1/1]"}]


@dataclass
class Jobs:
    """Runs jobs of a pipeline as GitLab's shell does: what stands before and the script in one shell, in a
    folder of its own, with the artifacts of the jobs that it needs.
    """

    root: Path
    machine: Path
    gitlab: GitLab
    secrets: dict[str, str]
    link: Path
    artifacts: dict[str, Path] = field(default_factory=dict)
    """What each job of the pipeline left behind."""
    seen: dict[str, set[str]] = field(default_factory=dict)
    """The secrets that the jobs were given."""
    count: int = 0

    def __post_init__(self) -> None:
        self.bin = self.machine / "bin"
        self.bin.mkdir()
        (self.bin / "pip").write_text('#!/bin/sh\nenv > "$HOME/installed"\n')
        (self.bin / "pip").chmod(0o755)
        (self.bin / "python").symlink_to(sys.executable)
        quick.install(self.bin, self.link)

    def begin(self) -> None:
        """Another pipeline."""
        self.artifacts = {}

    def job(self, name: str, source: str, commit: str, **variables: str) -> tuple[int, str]:
        """A job's exit code and log."""
        pipeline = parsed((self.root / ".gitlab-ci.yml").read_text())
        job = whole(pipeline, name)
        self.count += 1
        folder = self.machine / f"build-{self.count}"
        settings = {**pipeline["variables"], **job.get("variables", {}), **variables}
        if settings.get("GIT_STRATEGY") == "none":
            folder.mkdir()
        else:
            git(self.root, "clone", "-q", str(self.root), str(folder))
        for needed in job.get("needs", []):
            if needed in self.artifacts:
                shutil.copytree(self.artifacts[needed], folder, dirs_exist_ok=True)
        git(self.root, "update-ref", "refs/pipelines/1", "HEAD")
        environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.machine),
            "TMPDIR": str(self.machine),
            "CI_API_V4_URL": self.gitlab.url,
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_DIR": str(folder),
            "CI_PROJECT_URL": str(self.machine / "origin"),
            "CI_REPOSITORY_URL": str(self.root),
            "CI_PIPELINE_ID": "1",
            "CI_PIPELINE_SOURCE": source,
            "CI_COMMIT_SHA": commit,
            "CI_DEFAULT_BRANCH": "main",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_PIPELINE_URL": "https://gitlab.example.com/pipeline",
            "ENVIRONMENT": "production",
            "SHARD": "1/1",
            "RECONCILER": f"git+https://git.example.com/reconciler@{'1' * 40}",
            **self._scoped(name, job, settings),
        }
        settings = {key: str(value) for key, value in settings.items()}
        environ |= {key: Template(value).safe_substitute(environ) for key, value in settings.items()}
        code, log = self._shell([*lines(job["before_script"]), *lines(job["script"])], environ, folder)
        left = self.machine / f"left-{self.count}"
        kept = job.get("artifacts", {})
        for path in kept.get("paths", []) if code == 0 or kept.get("when") == "always" else []:
            if (folder / path).exists():
                shutil.copytree(folder / path, left / path, dirs_exist_ok=True)
        if left.exists():
            shutil.copytree(
                left, self.artifacts.setdefault(name, self.machine / f"of-{self.count}"), dirs_exist_ok=True
            )
        return code, log

    def _scoped(self, name: str, job: dict[str, Any], settings: dict[str, Any]) -> dict[str, str]:
        """The secrets whose scope is the job's environment."""
        named = job.get("environment", "")
        place = named["name"] if isinstance(named, dict) else named
        scopes = {"PRISM_PLAN_TOKEN": "plan/", "RECONCILER_NOTES": "plan/", "PRISM_REFRESH_TOKEN": "$ENV"}
        found = {key: value for key, value in self.secrets.items() if place and place.startswith(scopes[key])}
        self.seen.setdefault(name, set()).update(found)
        return found

    def _shell(self, script: list[str], environ: dict[str, str], folder: Path) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", "\n".join(["set -eo pipefail", *script])],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def whole(pipeline: dict[str, Any], name: str) -> dict[str, Any]:
    """A job with what it extends."""
    job = pipeline[name]
    found: dict[str, Any] = {}
    extended = job.get("extends", [])
    for one in [extended] if isinstance(extended, str) else extended:
        found = _over(whole(pipeline, one), found)
    return _over(job, found)


def _over(job: dict[str, Any], under: dict[str, Any]) -> dict[str, Any]:
    return {**under, **job, "variables": {**under.get("variables", {}), **job.get("variables", {})}}
