"""Which resources the manifests ask for otherwise than at a revision of git: by what they come to in the end,
so that definitions, variables and sets count, and comments and moved files do not.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from msgspec import structs

from reconciler.manifests import project as projects
from reconciler.manifests.load import load
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.few import few
from reconciler.model.state import Desired, Resource
from reconciler.plan.select import Selection
from reconciler.verbs.revisions import Revision
from reconciler.verbs.session import Options, Session

_NAMED = 10


def narrowed(session: Session, options: Options, desired: Desired) -> tuple[Selection, Diagnostic]:
    """What a run is about that was asked for what changed since a revision, and what is to be said of it.
    Raises InvalidInput.
    """
    revision = options.changed_since or "HEAD"
    changed = changed_since(session, revision, desired)
    return structs.replace(options.selection, among=changed), told(revision, changed, desired)


def changed_since(session: Session, revision: str, desired: Desired) -> frozenset[Address]:
    """The addresses whose resources differ between a revision and `desired`, those that only one of them has
    among them. What the revision has and cannot be read differs; secrets are not compared.

    Raises InvalidInput where the project is in no repository, or has no such revision.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        before = _forms(_at(session, revision, Path(folder)))
    now = _forms(desired.resources)
    return frozenset(address for address in {*before, *now} if before.get(address) != now.get(address))


def told(revision: str, changed: frozenset[Address], desired: Desired) -> Diagnostic:
    """What a plan says of what it is about, and of what it did not look at."""
    names = sorted(map(str, changed))
    listed = f": {few(names, _NAMED)}" if names else ""
    return Diagnostic(
        "changed-since",
        f"{len(names)} of {len({*desired.resources, *changed})} resources differ from {revision}{listed}; "
        "the others were not looked at, and secrets were not compared",
        severity="note",
    )


def _at(session: Session, revision: str, folder: Path) -> Mapping[Address, Resource]:
    """The resources of a revision; none where it has no such project, or no such environment."""
    at = Revision.of(session.project.root, revision, session.environ, option="--changed-since")
    files = BytesIO(at.archive())
    with tarfile.open(fileobj=files) as archive:
        archive.extractall(folder, filter="data")
    file = folder / at.prefix / session.project.file.name
    project = projects.load(file)[0] if file.is_file() else None
    if project is None or session.environment.name not in project.environments:
        return {}
    project = replace(project, described=session.project.described)
    found, _ = load(project, session.environment.name, environ=session.environ, resolve_secrets=False)
    return found.resources


def _forms(resources: Mapping[Address, Resource]) -> dict[Address, str]:
    """What is compared: all of a resource but where it is written."""
    return {address: _form(resource) for address, resource in resources.items()}


def _form(one: Resource) -> str:
    rest = [one.protect, one.ignore, one.was, one.sensitive, one.part_of]
    return sha256([one.fields, one.labels, rest])
