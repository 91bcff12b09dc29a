"""Which files are manifests: the project's entries, turned into paths that stay inside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.manifests.project import Project
from reconciler.model.diagnostic import Diagnostic, Source

_SUFFIXES = (".yaml", ".yml")
_INSIDE = "keep manifests and definitions below the folder of reconciler.yaml"


class Outside(Exception):
    """A path that leads out of the project, in a circle, or nowhere. `code` and `reason` say which."""

    def __init__(self, code: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint = code, reason, hint


def inside(path: Path, root: Path) -> Path:
    """`path` with all links followed. Raises Outside where it is not below `root`, a loop, or not there."""
    try:
        real = path.resolve(strict=True)
    except FileNotFoundError:
        # What cannot be there is told as such, not as missing.
        if not Path(os.path.normpath(path)).is_relative_to(root):
            raise Outside("outside-project", "is outside the project", _INSIDE) from None
        raise Outside("missing-file", "does not exist", "correct the path, or create it") from None
    except RuntimeError as error:
        raise Outside("link-loop", "is a loop of links", "remove the link") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise Outside("file-unreadable", f"cannot be read: {reason}", "correct the path") from error
    if not real.is_relative_to(root.resolve()):
        raise Outside("outside-project", "is outside the project", _INSIDE)
    return real


def shown(path: Path, root: Path) -> str:
    """`path` as messages show it: relative to the project where it can be, with forward slashes."""
    normal = Path(os.path.normpath(path))
    return normal.relative_to(root).as_posix() if normal.is_relative_to(root) else normal.as_posix()


def discover(project: Project) -> tuple[list[Path], list[Diagnostic]]:
    """The project's manifest files, each once, in the order of their names."""
    found: dict[Path, Path] = {}
    problems: list[Diagnostic] = []
    for entry in project.manifests:
        source = project.sources.get(entry, Source(project.file.name))
        try:
            for path in _entry(project, entry):
                real = inside(path, project.root)
                if real != project.file.resolve():
                    found.setdefault(real, path)
        except Outside as problem:
            message = f'manifests entry "{entry}" {problem.reason}'
            problems.append(Diagnostic(problem.code, message, source, hint=problem.hint))
    return sorted(found.values(), key=lambda path: path.as_posix()), problems


def _entry(project: Project, entry: str) -> Iterator[Path]:
    path = project.root / entry
    if not any(character in entry for character in "*?["):
        real = inside(path, project.root)
        if real.is_dir():
            yield from _walk(path, real, project.root, (real,), set())
        else:
            yield path
        return
    if Path(entry).is_absolute() or ".." in Path(entry).parts:
        raise Outside("outside-project", "is a pattern that may leave the project", _INSIDE)
    try:
        matches = sorted(project.root.glob(entry))
    except (ValueError, NotImplementedError) as error:
        raise Outside("missing-file", "is not a pattern", "write ** only between slashes") from error
    files = [match for match in matches if match.suffix in _SUFFIXES and match.is_file()]
    if not files:
        raise Outside("missing-file", "matches no .yaml or .yml file", "correct the pattern")
    yield from files


def _walk(folder: Path, real: Path, root: Path, above: tuple[Path, ...], seen: set[Path]) -> Iterator[Path]:
    """The YAML files below `folder`. `above` holds the real folders on the way, to see links that go back;
    `seen` all of them, as links to links could make more ways than there are folders.
    """
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(real), key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        text = f'holds the folder "{shown(folder, root)}", which cannot be read: {reason}'
        raise Outside("file-unreadable", text, "correct its permissions") from error
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            target = _link(path, root)
            if target in above:
                text = f'holds "{shown(path, root)}", a link to a folder above it'
                raise Outside("link-loop", text, "remove the link")
            if target.is_dir():
                yield from _walk(path, target, root, (*above, target), seen)
                continue
        if entry.is_dir(follow_symlinks=False):
            inner = real / entry.name
            yield from _walk(path, inner, root, (*above, inner), seen)
        elif path.suffix in _SUFFIXES:
            yield path


def _link(path: Path, root: Path) -> Path:
    try:
        return inside(path, root)
    except Outside as problem:
        raise Outside(
            problem.code, f'holds "{shown(path, root)}", which {problem.reason}', problem.hint
        ) from None
