"""A project's files as git has them at a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired

from reconciler.manifests.program import output_of
from reconciler.model.errors import InvalidInput
from reconciler.verbs.git import GIT

_SECONDS = 120.0
_MOST = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of the repository that a project is in; `prefix` is the project's folder in it."""

    top: Path
    prefix: str
    commit: str
    environ: Mapping[str, str] = field(repr=False)
    option: str

    @classmethod
    def of(cls, root: Path, name: str, environ: Mapping[str, str], *, option: str) -> Revision:
        """The one that is called so, for an option of the command line. Raises InvalidInput where the project
        is in no repository, or that has no such revision.
        """
        outside = InvalidInput.of(
            "no-repository",
            f'"{root}" is in no git repository',
            hint=f"leave {option} out, or run it in a clone of the project",
        )
        prefix, top = (
            _git(root, "rev-parse", f"--show-{what}", environ=environ, option=option, wrong=outside)
            for what in ("prefix", "toplevel")
        )
        commit = _git(
            root,
            *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"),
            environ=environ,
            option=option,
            wrong=_unknown(name),
        )
        line = commit.decode().strip()
        return cls(Path(_line(top)), _line(prefix), line, environ, option)

    def archive(self) -> bytes:
        """All of its files, as a tar archive."""
        return self._git("archive", "--format=tar", self.commit, wrong=_unknown(self.commit))

    def file(self, name: str, *, wrong: InvalidInput) -> bytes:
        """What is in a file of the project's folder. Raises `wrong` where it has none."""
        return self._git("show", "--no-textconv", f"{self.commit}:{self.prefix}{name}", wrong=wrong)

    def _git(self, *arguments: str, wrong: InvalidInput) -> bytes:
        return _git(self.top, *arguments, environ=self.environ, option=self.option, wrong=wrong)


def _unknown(name: str) -> InvalidInput:
    return InvalidInput.of(
        "unknown-revision",
        f'git has no revision "{name}"',
        hint="give a branch, a tag or a commit that was fetched, such as origin/main",
    )


def _line(output: bytes) -> str:
    return output.decode().rstrip("\n")


def _git(
    folder: Path, *arguments: str, environ: Mapping[str, str], option: str, wrong: InvalidInput
) -> bytes:
    words = [*GIT, "-C", str(folder), *arguments]
    try:
        code, out = output_of(words, folder=folder, environ=environ, seconds=_SECONDS, most=_MOST)
    except (OSError, TimeoutExpired) as error:
        raise InvalidInput.of(
            "git", "git cannot be run", hint=f"install git, or leave {option} out"
        ) from error
    if code:
        raise wrong
    return out
