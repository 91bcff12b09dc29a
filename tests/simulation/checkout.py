"""A commit as the files of a checkout, and what the product reads from them, once for each checkout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from reconciler.manifests.load import load
from reconciler.verbs import session
from tests.simulation.world import Commit
from tests.torture.world import PROJECT

_TEXTS: dict[str, str] = {}


def files(commit: Commit, environment: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, str]:
    """The files by their paths."""
    spec = {
        "manifests": ["manifests/"],
        "environments": {"tenant": dict(environment)},
        "default": "tenant",
        "policy": dict(policy),
    }
    found = {"reconciler.yaml": _manifest("Project", {"name": PROJECT}, spec)}
    for number, (address, one) in enumerate(sorted(commit.written.items())):
        kind, _, rest = address.partition("/")
        metadata = {"name": rest.rpartition("/")[2], **commit.metadata.get(address, {})}
        found[f"manifests/{number}.yaml"] = _manifest(kind, metadata, one)
    for name, body in commit.definitions.items():
        found[f"definitions/{name}.yml"] = _dumped(body)
    return found


_LIES: dict[Path, tuple[int, bool]] = {}
"""Which commit lies in a folder, and with which policy."""


def lay(folder: Path, commit: Commit, environment: Mapping[str, Any], *, lease: bool) -> None:
    """Puts the files of a commit into a folder, in place of those of another one."""
    for old in ("manifests", "definitions"):
        shutil.rmtree(folder / old, ignore_errors=True)
        (folder / old).mkdir(parents=True)
    # A commit may change all of a world that is large enough for the guard: seed 9042.
    policy = {"lease": lease, "guards": {"update": "100%"}}
    for path, text in files(commit, environment, policy).items():
        (folder / path).write_text(text, encoding="utf-8")
    _LIES[folder] = id(commit), lease


def forget(folder: Path) -> None:
    """Other files lie there now than those of a commit."""
    _LIES.pop(folder, None)


@contextmanager
def remembered() -> Iterator[None]:
    """What the loader makes of a commit is the same on each machine: it is kept for the length of a drill."""
    known: dict[Any, Any] = {}

    def once(project: Any, environment: str, *, environ: Any, resolve_secrets: bool) -> Any:
        key = (environment, resolve_secrets, _LIES.get(project.root))
        if key[-1] is None or key not in known:
            known[key] = load(project, environment, environ=environ, resolve_secrets=resolve_secrets)
        return known[key]

    _LIES.clear()
    with patch.object(session, "load", once):
        yield


def _manifest(kind: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    return _dumped(
        {"apiVersion": "reconciler/v1", "kind": kind, "metadata": dict(metadata), "spec": dict(spec)}
    )


def _dumped(value: Any) -> str:
    key = repr(value)
    if key not in _TEXTS:
        if len(_TEXTS) > 4096:
            _TEXTS.clear()
        _TEXTS[key] = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False)
    return _TEXTS[key]
