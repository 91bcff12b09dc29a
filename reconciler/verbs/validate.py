"""`validate`: all that is wrong with the files, for every environment at once, offline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.manifests import bundle_described, files
from reconciler.manifests import project as projects
from reconciler.manifests.clashes import clashes
from reconciler.manifests.load import checked
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import InvalidInput
from reconciler.model.problem import Unusable
from reconciler.verbs.private import put_private
from reconciler.verbs.session import Session


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found: how many resources in how many files are right, and what is doubtful about them."""

    resources: int
    files: int
    environments: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    packages: tuple[bytes, ...] = field(default=(), repr=False)
    """The bundles, as they are packed."""


def validate(session: Session, environments: Iterable[str] = (), *, strict: bool = False) -> Validated:
    """Checks the manifests and definitions for these environments; for all that the project file names if
    none is named. No secret is read. Raises InvalidInput with all errors, each once; warnings count with
    `strict`.
    """
    project = session.project
    chosen = tuple(environments) or project.named
    found: dict[Diagnostic, None] = dict.fromkeys(projects.load(project.file)[1])
    addresses: set[Address] = set()
    packages: dict[bytes, None] = {}
    count = {files.shown(path, project.root) for path in files.resolved(project)[0]}
    for name in chosen:
        desired, problems = checked(project, name, environ=session.environ)
        found.update(dict.fromkeys(problems))
        told = {(problem.code, problem.source) for problem in problems}
        wrong = {problem.address for problem in problems if problem.severity == "error"}
        # A resource with an error may lack what tells it from others.
        more = clashes(one for one in desired.resources.values() if str(one.address) not in wrong)
        found.update(dict.fromkeys(one for one in more if (one.code, one.source) not in told))
        addresses.update(desired.resources)
        for resource in desired.resources.values():
            definition = resource.fields.get("definition")
            if isinstance(definition, Definition):
                count.add(definition.file)
            if resource.address.kind == "Bundle":
                packages[resource.fields["bundle"].package] = None
    ordered = sorted(found, key=lambda d: (d.source or Source(""), d.code, d.message))
    errors = [replace(d, severity="error") for d in ordered if strict or d.severity == "error"]
    if errors:
        raise InvalidInput(errors)
    return Validated(len(addresses), len(count), chosen, tuple(ordered), tuple(packages))


def write_down(session: Session, packages: Iterable[bytes], file: Path) -> None:
    """Writes what these bundles define into a file. Each is run for it. Raises InvalidInput."""
    try:
        found = session.project.described or bundle_described.describe(packages, session.environ)
    except Unusable as error:
        raise InvalidInput([error.problem.about("a bundle", None)]) from error
    hint, data = "name a file: --describe bundles.json", bundle_described.written(found)
    put_private(file, data, session.machine.disk, code="described-file", not_stdout=hint)
