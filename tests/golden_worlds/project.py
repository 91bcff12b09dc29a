"""What git says at one commit: manifests and definitions, and how they are written to a folder."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Manifest:
    """One manifest; an Instance is told from others of its name by its customer."""

    kind: str
    name: str
    spec: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        customer = f"{self.spec['customer']}/" if self.kind == "Instance" else ""
        return f"{self.kind}/{customer}{self.name}"

    @property
    def text(self) -> str:
        metadata = {"name": self.name, **self.metadata}
        document = {
            "apiVersion": "reconciler/v1",
            "kind": self.kind,
            "metadata": metadata,
            "spec": self.spec,
        }
        return dumped(document)


@dataclass
class Git:
    """The project file's settings, the manifests by key, the definitions by integration, and the secrets."""

    settings: dict[str, Any] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def add(self, manifest: Manifest) -> None:
        self.manifests[manifest.key] = manifest

    def of(self, kind: str) -> list[Manifest]:
        return [one for one in self.manifests.values() if one.kind == kind]

    def named(self, kind: str) -> list[str]:
        return [one.name for one in self.of(kind)]

    @property
    def released(self) -> list[str]:
        """The integrations that instances can run."""
        return [one.name for one in self.of("Integration") if "release" in one.spec]

    def has(self, kind: str, name: str) -> bool:
        return name in self.named(kind)

    def spec(self, kind: str, name: str) -> dict[str, Any]:
        return self.manifests[f"{kind}/{name}"].spec

    def variables(self, integration: str) -> list[str]:
        return [one["key"] for one in self.definitions[integration]["requiredConfigVars"]]

    def copy(self) -> Git:
        return copy.deepcopy(self)

    @property
    def files(self) -> dict[str, str]:
        """All files of the project, by path."""
        project = {
            "apiVersion": "reconciler/v1",
            "kind": "Project",
            "metadata": {"name": "golden"},
            "spec": {"manifests": ["manifests/"], **self.settings},
        }
        return {
            "reconciler.yaml": dumped(project),
            "manifests/all.yaml": "---\n".join(one.text for one in self.manifests.values()),
            **{f"definitions/{name}.yml": dumped(body) for name, body in self.definitions.items()},
        }

    def write(self, root: Path) -> None:
        """The project in this folder; what an earlier commit had and this one has not is gone."""
        for folder in ("manifests", "definitions"):
            shutil.rmtree(root / folder, ignore_errors=True)
            (root / folder).mkdir()
        for name, text in self.files.items():
            (root / name).write_text(text, encoding="utf-8")


def dumped(data: Any) -> str:
    """The data as YAML, in the order in which it was written."""
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False)
