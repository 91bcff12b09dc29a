"""A stand-in for `gh`, with what GitHub answers to the calls of our pipelines: its state is a JSON file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = {"login": "github-actions[bot]"}


def main(arguments: list[str]) -> int:
    """One call of `gh`; its exit code."""
    assert os.environ["GH_TOKEN"]
    state = Path(os.environ["HOME"]) / "github.json"
    held = json.loads(state.read_text())
    held["calls"].append(arguments)
    if arguments == ["auth", "setup-git"]:
        code = 0
    elif arguments[:2] == ["run", "download"]:
        code = _download(held, arguments)
    else:
        code = _api(held, arguments[1:])
    state.write_text(json.dumps(held))
    return code


def _api(held: dict[str, Any], arguments: list[str]) -> int:
    method, jq, path, fields, silent = "", ".", "", {}, False
    words = iter(arguments)
    for word in words:
        if word in ("-X", "--jq"):
            method, jq = (next(words), jq) if word == "-X" else (method, next(words))
        elif word in ("-f", "-F"):
            name, _, value = next(words).partition("=")
            fields[name] = Path(value[1:]).read_text() if word == "-F" and value[0] == "@" else value
        elif word == "--silent":
            silent = True
        elif word != "--paginate":
            path = word
    answer = _answer(held, method or ("POST" if fields else "GET"), path, fields)
    if not silent:
        done = subprocess.run(
            ["jq", "-r", jq], input=json.dumps(answer), text=True, capture_output=True, check=True
        )
        print(done.stdout, end="")
    return 0


def _answer(held: dict[str, Any], method: str, path: str, fields: dict[str, str]) -> Any:
    parts = urlsplit(path)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    for way, pattern, does in _ROUTES:
        found = re.fullmatch(pattern, parts.path.removeprefix("repos/acme/shop/"))
        if way == method and found:
            return does(held, asked, fields, *found.groups())
    raise SystemExit(f"gh: Not Found (HTTP 404): {method} {path}")


def _listed(held: dict[str, Any], asked: Any, fields: Any, pull: str) -> Any:
    return held["comments"].get(pull, [])


def _commented(held: dict[str, Any], asked: Any, fields: Any, pull: str) -> Any:
    comments = held["comments"].setdefault(pull, [])
    comments.append({"id": 100 + len(comments), "user": BOT, **fields})


def _edited(held: dict[str, Any], asked: Any, fields: Any, number: str) -> Any:
    (one,) = (c for some in held["comments"].values() for c in some if str(c["id"]) == number)
    assert one["user"] == BOT, "someone else's comment"
    one.update(fields)


def _pulls(held: dict[str, Any], asked: Any, fields: Any, commit: str) -> Any:
    return held["pulls"].get(commit, [])


def _runs(held: dict[str, Any], asked: Any, fields: Any, workflow: str) -> Any:
    assert (workflow, asked["event"]) == (held["workflow"], "pull_request")
    ids = [run["id"] for run in reversed(held["runs"]) if run["commit"] == asked["head_sha"]]
    return {"workflow_runs": [{"id": one} for one in ids]}


def _issues(held: dict[str, Any], asked: Any, fields: Any) -> Any:
    assert asked == {"state": "open", "creator": BOT["login"]}
    return [issue for issue in held["issues"] if issue["state"] == "open"]


def _opened(held: dict[str, Any], asked: Any, fields: Any) -> Any:
    held["issues"].append({"number": 1 + len(held["issues"]), "state": "open", **fields})


def _updated(held: dict[str, Any], asked: Any, fields: Any, number: str) -> Any:
    held["issues"][int(number) - 1].update(fields)


def _requested(held: dict[str, Any], asked: Any, fields: Any) -> Any:
    owner, _, branch = asked["head"].partition(":")
    assert (owner, asked["state"]) == ("acme", "open")
    return [one for one in held["requests"] if (one["head"], one["state"]) == (branch, "open")]


def _proposed(held: dict[str, Any], asked: Any, fields: Any) -> Any:
    assert fields["base"] == "main"
    held["requests"].append({"number": 1 + len(held["requests"]), "state": "open", **fields})


def _changed(held: dict[str, Any], asked: Any, fields: Any, number: str) -> Any:
    held["requests"][int(number) - 1].update(fields)


_ROUTES = (
    ("GET", r"issues/(\d+)/comments", _listed),
    ("POST", r"issues/(\d+)/comments", _commented),
    ("PATCH", r"issues/comments/(\d+)", _edited),
    ("GET", r"commits/(\w+)/pulls", _pulls),
    ("GET", r"actions/workflows/([\w.-]+)/runs", _runs),
    ("GET", r"pulls", _requested),
    ("POST", r"pulls", _proposed),
    ("PATCH", r"pulls/(\d+)", _changed),
    ("GET", r"issues", _issues),
    ("POST", r"issues", _opened),
    ("PATCH", r"issues/(\d+)", _updated),
)


def _download(held: dict[str, Any], arguments: list[str]) -> int:
    run = arguments[2]
    options = dict(zip(arguments[3::2], arguments[4::2], strict=True))
    source = Path(held["artifacts"]) / run / options["--name"]
    if not source.is_dir():
        print("no artifact matches any of the names or patterns provided", file=sys.stderr)
        return 1
    shutil.copytree(source, options["--dir"])
    return 0
