"""The InstanceSets of a project as they are written, in whatever environment they count."""

from __future__ import annotations

from reconciler.manifests import files
from reconciler.manifests.instance_set import NAME
from reconciler.manifests.manifest import Manifest, classify
from reconciler.manifests.project import Project
from reconciler.manifests.read import read


def sets_of(project: Project) -> dict[str, Manifest]:
    """All sets that nothing is wrong with, by name."""
    found: dict[str, Manifest] = {}
    for path in files.discover(project)[0]:
        documents, _ = read(path, files.shown(path, project.root))
        for document in documents:
            if isinstance(document.value, dict) and document.value.get("kind") == NAME:
                manifest, _ = classify(document, path, project.environments)
                if manifest is not None and manifest.valid:
                    found[manifest.name] = manifest
    return found
