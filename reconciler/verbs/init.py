"""`init`: a project that works on the sandbox at once, since an empty one teaches nothing."""

from __future__ import annotations

import json
import os
import re
from importlib import resources
from pathlib import Path

from msgspec import Struct

from reconciler.manifests import schema_files as schemas
from reconciler.manifests.project import FILE
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, ReconcilerError

PIPELINES = {
    "github": (".github/workflows/reconciler.yml", "github.yml"),
    "gitlab": (".gitlab-ci.yml", "gitlab-ci.yml"),
}
"""For each service: where it looks for its pipelines, from the root of the repository, and the template of
ours.
"""

_FILES = {
    FILE: "reconciler.yaml",
    "manifests/hello.yaml": "manifests.yaml",
    "definitions/hello.yml": "definition.yml",
}
_SCHEMA = ".schemas/manifest.json"
"""Where the manifests tell editors to look."""
_IGNORE = ".gitignore"
_STATE = ".reconciler/"
_LONGEST = 40


class Created(Struct, frozen=True):
    """What `init` wrote, relative to `folder`: files that are new, and ones that got a line more."""

    name: str
    folder: Path
    files: tuple[str, ...]
    extended: tuple[str, ...]


def init(folder: Path, ci: str) -> Created:
    """Writes a new project into `folder`, with pipelines for `ci` ("github", "gitlab" or "none").

    Raises InvalidInput, with nothing written, if any of its files exist already.
    """
    name = project_name(folder.resolve().name)
    wanted = {path: _template(template, name) for path, template in _FILES.items()}
    wanted[_SCHEMA] = schemas.folder().joinpath("manifest.json").read_text("utf-8")
    if ci in PIPELINES:
        path, text = _pipeline(folder.resolve(), ci, name)
        wanted[path] = text
    _refuse_existing(folder, wanted)
    ignore = folder / _IGNORE
    if not _is_there(ignore):
        wanted[_IGNORE] = _template("gitignore", name)
    try:
        for path, text in wanted.items():
            _write(_place(folder, path), text)
        extended = () if _IGNORE in wanted else _extend(ignore)
    except OSError as error:
        raise ReconcilerError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return Created(name, folder.absolute(), tuple(wanted), extended)


def project_name(folder: str) -> str:
    """A project's name out of a folder's: lower case, letters, digits and hyphens, at most 40."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return slug[:_LONGEST].strip("-") or "project"


def _template(file: str, name: str) -> str:
    text = resources.files("reconciler.verbs").joinpath("templates", file).read_text("utf-8")
    return text.replace("__PROJECT__", name)


def _pipeline(folder: Path, ci: str, name: str) -> tuple[str, str]:
    """The pipeline of a project in `folder`: its path from there, and its text. It stands where the service
    reads it, which is below the root of the repository, and is about the project's folder.
    """
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    path, template = PIPELINES[ci]
    inner = folder.relative_to(root).as_posix()
    if folder != root and ci == "github":  # a repository may hold several projects
        path = path.replace("reconciler.yml", f"reconciler-{name}.yml")
    about = ["**"] if folder == root else [f"{inner}/**", path]
    filled = {
        "__PATHS__": json.dumps(about),
        "__FOLDER__": json.dumps(inner),
        "__WITHIN__": "" if folder == root else f"{inner}/",
        "__WORKFLOW__": Path(path).name,
    }
    text = _template(template, name)
    for place, value in filled.items():
        text = text.replace(place, value)
    return Path(os.path.relpath(root / path, folder)).as_posix(), text


def _refuse_existing(folder: Path, wanted: dict[str, str]) -> None:
    if _is_there(folder) and not folder.is_dir():
        raise InvalidInput.of("not-a-folder", f"{folder} is not a folder", hint="name another one")
    hint = "nothing was written; name another folder, or move the file away"
    there = [path for path in wanted if _is_there(_place(folder, path))]
    if there:
        raise InvalidInput(
            [Diagnostic("file-exists", f"{_place(folder, path)} exists already", hint=hint) for path in there]
        )


def _place(folder: Path, path: str) -> Path:
    # The folder may be about to be made: the way up does not lead through it.
    return Path(os.path.normpath(folder / path))


def _is_there(path: Path) -> bool:
    # A link to nothing counts too: writing through it would make a file somewhere else.
    return path.exists() or path.is_symlink()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _extend(ignore: Path) -> tuple[str, ...]:
    """Adds the state's folder to a `.gitignore` that stands there already, unless it names it."""
    text = ignore.read_text("utf-8", errors="surrogateescape")
    if {line.strip().strip("/") for line in text.splitlines()} & {_STATE.strip("/")}:
        return ()
    with ignore.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{'' if not text or text.endswith(chr(10)) else chr(10)}{_STATE}\n")
    return (_IGNORE,)
