"""The earlier texts of a project's files: what the last pull left, and what git remembers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.manifests.program import output_of
from reconciler.pull.past import Past
from reconciler.verbs.git import GIT
from reconciler.verbs.replacing import replace_files
from reconciler.verbs.texts import text_in

if TYPE_CHECKING:
    from reconciler.verbs.session import Session

_FOLDER = "pulled"
_COMMITS = 200
"""How many commits of a file are looked through."""
_MOST = 128 * 1024 * 1024
_SECONDS = 60
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_LOG = [
    *GIT, "log", "--format=%x00%D", "-U1000000", "--diff-merges=separate", "--no-renames", "--no-ext-diff",
    "--no-textconv", "--no-color", "--no-show-signature", "--relative", "--src-prefix=a/", "--dst-prefix=b/",
]  # fmt: skip


class PastTexts(Struct):
    """Looks earlier texts up, each file once. What the last pull left counts for the tenant that it read."""

    session: Session
    tenant: str
    _pulled: Mapping[str, str] | None = None
    _known: dict[str, Past] = {}

    def of(self, files: Collection[str]) -> Mapping[str, Past]:
        """Those of each of these files. Git is asked once for all that are not known yet."""
        new = [file for file in files if file and file not in self._known]
        pulled = self.pulled() if new else {}
        said = _history(self.session, new)
        for file in new:
            texts, whole = said.get(file, ((), False))
            self._known[file] = Past(pulled.get(file), tuple(texts), whole)
        return {file: self._known.get(file, Past()) for file in files}

    def pulled(self) -> Mapping[str, str]:
        """What the last pull left in the files in which nothing was open."""
        if self._pulled is None:
            self._pulled = _remembered(self._path, self.tenant)
        return self._pulled

    def remember(self, texts: Mapping[str, str]) -> None:
        """Notes the texts of files in which nothing is open now. Raises OSError."""
        files = {**self.pulled(), **texts}
        if files != self.pulled():
            note = {"tenant": self.tenant, "files": dict(sorted(files.items()))}
            replace_files({self._path: json.dumps(note, ensure_ascii=False).encode()})
            self._path.chmod(0o600)  # as all in its folder that may hold what git's files hold
        self._pulled = files

    @property
    def _path(self) -> Path:
        return self.session.state / _FOLDER / f"{self.session.environment.name}.json"


def _remembered(path: Path, tenant: str) -> Mapping[str, str]:
    """The note of the last pull; nothing where there is none, or none of this tenant."""
    try:
        note = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # without it git is asked, or the person
    files = note.get("files") if isinstance(note, dict) and note.get("tenant") == tenant else None
    return {str(k): v for k, v in files.items() if isinstance(v, str)} if isinstance(files, dict) else {}


def _history(session: Session, files: list[str]) -> Mapping[str, tuple[list[str], bool]]:
    """What git remembers of each file, the newest first, and whether that is all of it; nothing where there
    is no git.
    """
    if not files:
        return {}
    try:
        code, out = output_of(
            [*_LOG, "--", *files],
            folder=session.project.root, environ=session.environ, seconds=_SECONDS, most=_MOST,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    if code != 0:
        return {}
    whole = len(out) <= _MOST
    found: dict[str, tuple[list[str], bool]] = {}
    for is_end, is_first, name, data in _files_in(out):
        texts, _ = found.setdefault(name, ([], False))
        if len(texts) < _COMMITS:
            try:
                texts.append(text_in(data).text)
            except UnicodeDecodeError:
                continue
            found[name] = (texts, whole and is_first and not is_end)
    return found


def _files_in(log: bytes) -> Iterator[tuple[bool, bool, str, bytes]]:
    """The files of a log, as each of its commits left them: whether the history is cut off there, whether
    that commit made the file, its path, and what is in it.
    """
    lines, at, cut, name, is_first = log.split(b"\n"), 0, False, "", False
    while at < len(lines):
        line, at = lines[at], at + 1
        if line.startswith(b"\0"):
            cut, name = b"grafted" in line, ""
        elif line.startswith(b"--- "):
            is_first = line == b"--- /dev/null"
        elif line.startswith(b"+++ "):
            path = line[4:].rstrip(b"\t")
            name = path[2:].decode("utf-8", "replace") if path.startswith(b"b/") else ""
        elif name and (hunk := _HUNK.match(line)):
            data, at = _hunk(lines, at, *(1 if number is None else int(number) for number in hunk.groups()))
            yield cut, is_first, name, data


def _hunk(lines: list[bytes], at: int, before: int, after: int) -> tuple[bytes, int]:
    """What a file holds behind a change that shows all of it, and where the change ends."""
    kept: list[bytes] = []
    while (before or after) and at < len(lines):
        sign, text = lines[at][:1], lines[at][1:]
        if sign in b"- ":
            before -= 1
        if sign in b"+ ":
            after -= 1
            kept.append(text + b"\n")
        at += 1
    if at < len(lines) and lines[at].startswith(b"\\") and kept and lines[at - 1][:1] in b"+ ":
        kept[-1] = kept[-1].removesuffix(b"\n")
    return b"".join(kept), at
