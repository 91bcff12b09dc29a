"""The project file of a revision that is trusted, for manifests that are not: those of a pull request say
what is to be, and not where a token is sent or what is run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from reconciler.manifests import project as projects
from reconciler.manifests.project import Project
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.verbs.revisions import Revision


def trusted(file: Path, revision: str, environ: Mapping[str, str]) -> tuple[Project, tuple[Diagnostic, ...]]:
    """The project whose file is `file`, as that is at a revision of git, and what is to be said where the
    two differ. What stands in the folder is not read for anything else. Raises InvalidInput.
    """
    at = Revision.of(file.parent, revision, environ, option="--trust")
    nothing = InvalidInput.of(
        "no-project",
        f'there is no {file.name} at "{revision}"',
        hint="merge the project file first; until then there is: reconciler validate",
    )
    text = at.file(file.name, wrong=nothing)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(text)
        project, problems = projects.load(copy, file)
    if project is None:
        raise InvalidInput(
            [
                structs.replace(one, message=f'{one.message} (at "{revision}")', source=None)
                for one in problems
            ]
        )
    same = file.read_bytes() == text
    return replace(project, trusted=revision), () if same else (_differs(file.name, revision),)


def _differs(name: str, revision: str) -> Diagnostic:
    message = (
        f'{name} differs from that of "{revision}", which counts: other urls, tokens, policy and '
        "permissions take effect when they are merged"
    )
    return Diagnostic("project-file-differs", message, severity="note")
