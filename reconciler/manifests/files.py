"""Which files are manifests: the project's entries, turned into paths that stay inside the project, or where
it allows more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.manifests.paths import inside
from reconciler.manifests.project import Project
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.problem import Unusable

_SUFFIXES = (".yaml", ".yml")
_PATTERN = "write a pattern below the folder of reconciler.yaml, or name the folder itself"


def shown(path: Path, root: Path) -> str:
    """`path` as messages show it: relative to the project where it can be, with forward slashes."""
    normal, above = os.path.normpath(path), os.path.join(root, "")
    return (normal.removeprefix(above) or ".").replace(os.sep, "/")


def discover(project: Project) -> tuple[list[Path], list[Diagnostic]]:
    """The project's manifest files, each once, in the order of their names."""
    found, problems = resolved(project)
    return sorted(found.values(), key=Path.as_posix), problems


def resolved(project: Project) -> tuple[dict[Path, Path], list[Diagnostic]]:
    """The manifest files as the project names them, by where they really stand."""
    found: dict[Path, Path] = {}
    problems: list[Diagnostic] = []
    own = project.file.resolve()
    for entry in project.manifests:
        source = project.sources.get(entry, Source(project.file.name))
        try:
            for path, real in _entry(project, entry):
                if real != own:
                    found.setdefault(real, path)
        except Unusable as error:
            problems.append(error.problem.about(f'manifests entry "{entry}"', source))
    return found, problems


def _entry(project: Project, entry: str) -> Iterator[tuple[Path, Path]]:
    """The files of an entry, each with where it really stands."""
    path = project.root / entry
    if not any(character in entry for character in "*?["):
        real = inside(path, project.root, project.allowed)
        if real.is_dir():
            yield from _walk(path, real, project)
        else:
            yield path, real
        return
    if Path(entry).is_absolute() or ".." in Path(entry).parts:
        raise Unusable("outside-project", "is a pattern that may leave the project", _PATTERN)
    try:
        matches = sorted(project.root.glob(entry))
    except (ValueError, NotImplementedError) as error:
        raise Unusable("missing-file", "is not a pattern", "write ** only between slashes") from error
    files = [match for match in matches if match.suffix in _SUFFIXES and match.is_file()]
    if not files:
        raise Unusable("missing-file", "matches no .yaml or .yml file", "correct the pattern")
    for file in files:
        yield file, inside(file, project.root, project.allowed)


def _walk(folder: Path, real: Path, project: Project) -> Iterator[tuple[Path, Path]]:
    """The YAML files below `folder`, whose real path is `real`. Each folder is searched once, as links to
    links could make more ways than there are folders.
    """
    seen: set[Path] = set()
    waiting = [(folder, real)]
    while waiting:
        folder, real = waiting.pop()
        if real in seen:
            continue
        seen.add(real)
        is_straight = folder == real
        for entry in _entries(folder, real, project.root):
            if entry.is_symlink():
                path = folder / entry.name
                target = _link(path, real, project)
                if target.is_dir():
                    waiting.append((path, target))
                elif path.suffix in _SUFFIXES:
                    yield path, target
            elif entry.is_dir(follow_symlinks=False):
                waiting.append((folder / entry.name, real / entry.name))
            elif entry.name.endswith(_SUFFIXES):
                path = folder / entry.name
                yield path, path if is_straight else real / entry.name


def _entries(folder: Path, real: Path, root: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(real) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        text = f'holds the folder "{shown(folder, root)}", which cannot be read: {reason}'
        raise Unusable("file-unreadable", text, "correct its permissions") from error


def _link(path: Path, folder: Path, project: Project) -> Path:
    """Where the link at `path` leads, whose own folder is really `folder`."""
    named = f'holds "{shown(path, project.root)}"'
    try:
        target = inside(path, project.root, project.allowed)
    except Unusable as error:
        problem = error.problem
        raise Unusable(problem.code, f"{named}, which {problem.message}", problem.hint) from None
    if folder.is_relative_to(target):
        raise Unusable("link-loop", f"{named}, a link to a folder above it", "remove the link")
    return target
