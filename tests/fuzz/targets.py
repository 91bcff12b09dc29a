"""What reads files that others wrote, each as a function of bytes: it ends well, or with one of our errors.

Hypothesis (`test_loaders.py`) and atheris (`python -m tests.fuzz`) both drive these.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.definition import Definition
from reconciler.manifests import definitions, project
from reconciler.manifests.secrets import SecretSource, resolve
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.secret import Secret
from reconciler.report.document import dumps, errors_document
from reconciler.report.values import LONG
from reconciler.verbs import saved
from reconciler.verbs.history import history
from reconciler.verbs.session import Options, open_session
from tests.manifests import sample


class Targets:
    """The loaders, on a project of their own in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = sample.write(root, {})
        loaded, found = project.load(self.file)
        assert loaded is not None, found
        self.project = loaded
        self.all: dict[str, Callable[[bytes], Any]] = {
            "manifest": self.manifest,
            "project": self.project_file,
            "definition": self.definition,
            "plan": self.plan,
            "journal": self.journal,
            "secret": self.secret,
        }

    def _written(self, name: str, data: bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def manifest(self, data: bytes) -> None:
        """As one manifest among others."""
        self._written("manifests/any.yaml", data)
        _told(sample.load_all(self.project, "staging").diagnostics)

    def project_file(self, data: bytes) -> None:
        """As a project file."""
        found, problems = project.load(self._written("any/reconciler.yaml", data))
        _told(problems)
        assert found is not None or problems

    def definition(self, data: bytes) -> None:
        """As an integration's definition."""
        found, problems = definitions.read(self._written("definitions/any.yml", data), "any.yml")
        _told(problems)
        assert isinstance(found, Definition) or any(p.severity == "error" for p in problems)

    def plan(self, data: bytes) -> None:
        """As a saved plan."""
        path = self._written("any.json", data)
        with suppress(InvalidInput):
            assert isinstance(saved.options_of(saved.read(path)), Options)

    def journal(self, data: bytes) -> None:
        """As a run of the past."""
        self._written(".reconciler/journal/20260101T000000.000000Z-1.jsonl", data)
        assert len(history(open_session(self.file, None, {}, self.root))) == 1

    def secret(self, data: bytes) -> None:
        """As a file that holds a secret."""
        self._written("any.key", data)
        found = resolve(SecretSource("file", "any.key"), {}, self.root)
        assert isinstance(found, Secret | Diagnostic)
        if isinstance(found, Secret):
            found.reveal().encode()


def _told(problems: Any) -> None:
    """Each problem can be written down, is of a length that people read, and says what to do."""
    found = errors_document(problems)
    dumps(found).encode()
    for problem in (*found["errors"], *found.get("warnings", ())):
        assert 0 < len(problem["message"]) <= LONG
        assert 0 < len(problem["hint"]) <= LONG
