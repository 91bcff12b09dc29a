"""Carries a story out: the lines of its script, one after the other, in a project of its own on the embedded
sandbox, and writes down what a user would see at 80 columns.

A script is a few lines like those of a shell:

    # a sentence of the story
    project examples/manifests           a copy of this folder is the project; always the first command
    export NAME=value                    a variable of the environment from now on
    edit FILE 'old' 'new'                the old text stands in the file just once
    write FILE <<END … END               the lines up to END
    rm FILE, mv FILE FILE, cp FILE FILE, cat FILE
    sleep SECONDS                        where the names of runs, which are moments, are shown
    serve NAME                           a tenant on a port; $NAME_URL in a file that is written is its
                                         address, and the variable NAME_TOKEN holds a token
    reconciler …                         $(reconciler …) in it stands for what that one prints;
                                         > /dev/null at its end leaves out what is no error or progress;
                                         `reconciler watch` gets a SIGTERM once it has told a line
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.report.progress import READING
from tests.marks import Marks, in_column
from tests.sandbox.served import ServedSandbox
from tests.steady import MIDNIGHT, steady

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SUBSTITUTED = re.compile(r"\$\((reconciler [^()]*)\)")
HEREDOC = re.compile(r" <<(\w+)$")
QUIET = " > /dev/null"

RUN = re.compile(r"\b20\d\d[01]\d[0-3]\dT\d{6}(?:\.\d+(?:Z-\d+)?)?\b")
MOMENT = re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)?")
CLOCK = re.compile(r"^\d\d:\d\d:\d\d(?=  )", re.MULTILINE)
UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
TOOK = re.compile(r"(?<!requests in )\b\d+\.\d s\b")
SECONDS = re.compile(r'("(?:startedAt|createdAt|seconds)": )(?:"[^"]*"|[0-9.]+)|(\btime=)"[0-9.]+"')


def stories() -> list[str]:
    """The names of all stories."""
    return sorted(path.parent.name for path in HERE.glob("*/script"))


def tell(name: str) -> str:
    """What a story's output is now."""
    with tempfile.TemporaryDirectory(prefix="story-", dir="/tmp") as folder, ExitStack() as servers:
        story = _Story(Path(folder).resolve(), servers)
        with (
            steady(name, demo_secrets(), lambda: MIDNIGHT + 60 * story.commands),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr("sys.stdin", io.StringIO())
            patch.chdir(folder)
            for line in _commands((HERE / name / "script").read_text(encoding="utf-8")):
                story.take(line)
        return "".join(story.told)


def demo_secrets() -> dict[str, str]:
    """The made up secrets of the example project, which `make demo` has too."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^export (\w+) := (.*)$", lines, re.MULTILINE))


def _commands(script: str) -> Iterator[str]:
    """The commands with all that belongs to them."""
    lines = iter(script.splitlines())
    for command in lines:
        while not command.startswith("#") and _goes_on(command):
            command += "\n" + next(lines)
        if found := HEREDOC.search(command):
            for more in lines:
                command += "\n" + more
                if more == found[1]:
                    break
        yield command


def _goes_on(command: str) -> bool:
    """Whether a quote is open, or the line ends in a backslash."""
    try:
        _words(command)
    except ValueError:
        return True
    return command.endswith("\\")


def _words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", ""))


class _Ended(io.StringIO):
    """Where a loop writes that is to end once it has told a line."""

    def write(self, text: str, /) -> int:
        if "\n" in text and "\n" not in self.getvalue():
            signal.raise_signal(signal.SIGTERM)
        return super().write(text)


class _Story:
    """One run of a story, in a folder."""

    def __init__(self, root: Path, servers: ExitStack) -> None:
        self._root, self._servers, self._urls = root, servers, dict[str, str]()
        self._marks, self.told = Marks(), list[str]()
        self.commands = 0
        """How many were begun: a minute lies between two of them."""
        self._does = {
            "project": self._project,
            "export": self._export,
            "serve": self._serve,
            "edit": self._edit,
            "sleep": lambda seconds: time.sleep(float(seconds)),
            "rm": lambda path: self._inside(path).unlink(),
            "mv": lambda old, new: self._inside(old).rename(self._inside(new)),
            "cat": lambda path: self.told.append(self._inside(path).read_text(encoding="utf-8")),
            "cp": lambda old, new: shutil.copyfile(self._inside(old), self._inside(new)),
        }

    def take(self, line: str) -> None:
        """Carries a command out and notes what came of it."""
        if not line.strip() or line.startswith("#"):
            self.told.append(f"{line}\n")
            return
        self.told.append(f"$ {line}\n")
        self.commands += 1
        if line.startswith("reconciler "):
            self._reconciler(line)
        elif line.startswith("write "):
            head, _, body = line.partition("\n")
            path = self._inside(head.split()[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            for variable, url in self._urls.items():
                body = body.replace(f"${variable}", url)
            path.write_text(body[: body.rindex("\n") + 1], encoding="utf-8")
        else:
            command, *arguments = _words(line)
            self._does[command](*arguments)

    def _reconciler(self, line: str) -> None:
        command = SUBSTITUTED.sub(lambda found: shlex.quote(self._run(found[1])[0].strip()), line)
        said, code = self._run(command.removesuffix(QUIET), quiet=line.endswith(QUIET))
        self.told.append(f"{self._marked(said)}exit {code}\n")

    def _run(self, command: str, *, quiet: bool = False) -> tuple[str, int]:
        """All that it says, or its errors and progress alone, and its exit code."""
        words = _words(command)
        said = _Ended() if words[1] == "watch" else io.StringIO()
        with redirect_stdout(io.StringIO() if quiet else said), redirect_stderr(said):
            code = run(words[1:])
        return said.getvalue().replace(f"{READING}\n", ""), code  # on a machine that is slow for a moment

    def _marked(self, said: str) -> str:
        for variable, url in self._urls.items():
            said = said.replace(url, f"‹{variable}›")
        said = SECONDS.sub(r'\1\2"‹time›"', self._marks.put(said, self._root))
        said = UUID.sub(lambda found: self._marks.of("uuid", found[0]), said)
        said = RUN.sub(in_column(lambda found: self._marks.of("run", found[0][:15])), said)
        said = MOMENT.sub(in_column(lambda _: "‹time›"), said)
        said = CLOCK.sub(in_column(lambda _: "‹time›"), said)
        return TOOK.sub("‹duration›", said)

    def _inside(self, path: str) -> Path:
        found = (self._root / path).resolve()
        assert found.is_relative_to(self._root), path
        return found

    def _project(self, folder: str) -> None:
        shutil.copytree(ROOT / folder, self._root, dirs_exist_ok=True)

    def _export(self, assignment: str) -> None:
        name, _, value = assignment.partition("=")
        os.environ[name] = value

    def _serve(self, name: str) -> None:
        server = self._servers.enter_context(ServedSandbox())
        self._urls[f"{name.upper()}_URL"] = server.url
        os.environ[f"{name.upper()}_TOKEN"] = server.token

    def _edit(self, path: str, old: str, new: str) -> None:
        file = self._inside(path)
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")


def main() -> None:
    """`make cases`: writes what each story says now, or those that are named."""
    for name in sys.argv[1:] or stories():
        path = HERE / name / "output.txt"
        before, now = path.read_text(encoding="utf-8") if path.exists() else "", tell(name)
        path.write_text(now, encoding="utf-8")
        print(f"{name}: {'as it was' if now == before else 'changed'}")
