"""The documentation is true: what it shows is what stories in tests/cases show, its commands can be typed,
and every verb, option, kind, code and exit code stands in it.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.cli.main import cli
from reconciler.manifests import schemas
from reconciler.manifests.manifest import KINDS
from reconciler.model import errors
from reconciler.report.formats import FORMATS
from tests.cases.story import HERE, MOMENT, stories

ROOT = Path(__file__).resolve().parents[1]
USAGE = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    (reconciler .*)$", re.MULTILINE)


@cache
def sections() -> dict[str, str]:
    """The parts of usage.md by their headings."""
    parts = re.split(r"^## (.+)$", USAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def shown(language: str) -> list[Any]:
    """The fenced blocks of all pages in a language, or without one."""
    return [
        pytest.param(body, id=f"{page}:{text[: found.start()].count(chr(10)) + 1}")
        for page, text in PAGES.items()
        for found in FENCED.finditer(text)
        for kind, body in [found.groups()]
        if kind == language
    ]


def plain(text: str) -> str:
    """The text without moments, and without regard to where lines are broken."""
    return " ".join(MOMENT.sub("‹time›", text).split())


@pytest.mark.parametrize("block", shown(""))
def test_what_is_shown_is_what_a_story_shows(block: str) -> None:
    told = [plain((HERE / name / "output.txt").read_text(encoding="utf-8")) for name in stories()]
    assert any(plain(block) in text for text in told) or set(block.splitlines()) <= waits()


def waits() -> set[str]:
    """The words of waits, which take minutes, so that no story has them: their own tests have."""
    tests = [ROOT / "tests" / "report" / name for name in ("test_watch.py", "test_forecast.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in tests]
    return {str(one.value) for tree in trees for one in ast.walk(tree) if isinstance(one, ast.Constant)}


@pytest.mark.parametrize("block", shown("yaml"))
def test_a_manifest_that_is_shown_is_valid(block: str, tmp_path: Path) -> None:
    """What is only a part of a manifest must be YAML at least."""
    for document in yaml.safe_load_all(block):
        if "apiVersion" in document:
            schema = schemas.load(document["kind"].lower())
            problems = [one.message for one in Draft202012Validator(schema).iter_errors(document)]
            assert not problems


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be typed, by its words."""
    waiting: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    while waiting:
        words, command = waiting.pop(0)
        context = click.Context(command)
        if isinstance(command, click.Group):
            named = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
            waiting += [((*words, name), found) for name, found in named if found]
        else:
            yield words, command


def about(verb: str) -> str:
    """What usage.md says of a verb: its own section, with those that it sends its reader to."""
    heading = next((heading for heading in sections() if verb in heading.split(", ")), None)
    assert heading, f'docs/usage.md has no heading for "{verb}"'
    said = sections()[heading] + sections()["Common options"]
    return said + sections()["plan"] if "The options are those of plan" in " ".join(said.split()) else said


def stands(option: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) is not None


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_every_command_and_option_is_told(words: tuple[str, ...]) -> None:
    said = about(words[0])
    assert all(stands(word, said) for word in words)
    options = [one.opts for one in dict(commands())[words].params if isinstance(one, click.Option)]
    untold = [names for names in options if not any(stands(name, said) for name in names)]
    assert not untold
    shapes = [one.type for one in dict(commands())[words].params if one.name in ("format", "shape")]
    assert [name for kind in shapes for name in getattr(kind, "choices", ()) if not stands(name, said)] == []


def typed() -> list[Any]:
    """The commands that all pages show, without what a shell does."""
    found = []
    for page, text in PAGES.items():
        blocks = "\n".join(body for kind, body in FENCED.findall(text) if kind in ("", "sh"))
        lines = [*INDENTED.findall(text), *re.findall(r"^(?:\$ )?(reconciler .*)$", blocks, re.MULTILINE)]
        for line in lines:
            command = re.split(r" +#| > | && ", line)[0]
            found.append(pytest.param(shlex.split(command)[1:], id=f"{page}: {command}"))
    return found


@pytest.mark.parametrize("arguments", typed())
def test_a_command_that_is_shown_can_be_typed(arguments: list[str]) -> None:
    known = dict(commands())
    words = next(words for words in known if tuple(arguments[: len(words)]) == words)
    known[words].make_context(words[-1], arguments[len(words) :])


def test_every_kind_has_its_part() -> None:
    kinds = (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"\n## {kind}\n" not in kinds] == []


def test_every_format_is_told() -> None:
    assert [name for name in FORMATS if not stands(name, sections()["Common options"])] == []


# Words of this form in the source that are no codes: parts of actions' names, headers, options, labels.
NO_CODES = {"configure-flows", "content-type", "external-id", "left-out", "reconciler-protect", "retry-after"}
NO_CODES |= {"make-way", "retry-count", "max-retry-count", "retry-next"}
NO_CODES |= {"rev-parse", "merge-reports", "in-sync", "no-store"}
# What InvalidInput would be called if its diagnostics had no codes of their own.
NO_CODES |= {"invalid"}
# Where such words are no codes: the sandbox answers as the platform does, and probe names scratch objects.
NOT_READ = {"sandbox", "probe"}


@cache
def literals() -> tuple[frozenset[str], frozenset[str]]:
    """The texts of the product's source, and those that begin a text which is made at run time."""
    whole, beginnings = set[str](), set[str]()
    for path in (ROOT / "reconciler").rglob("*.py"):
        if path.relative_to(ROOT / "reconciler").parts[0] in NOT_READ:
            continue
        for one in words_of(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                whole.add(one.value)
            elif isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant):
                beginnings.add(str(one.values[0].value))
    return frozenset(whole), frozenset(beginnings)


def words_of(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what is never a code: the examples of rows, items of lists, keys of maps."""
    yield node
    for part in ast.iter_child_nodes(node):
        example = isinstance(part, ast.Assign) and ast.unparse(part.targets[0]).lower() == "example"
        row = isinstance(part, ast.Call) and ast.unparse(part.func) == "Row"
        if not (example or row or (isinstance(node, ast.List) and isinstance(part, ast.Constant))):
            yield from words_of(part)


def codes() -> set[str]:
    """The codes of the table in usage.md."""
    rows = re.findall(r"^\| (`.*?) \|", sections()["Error codes"], re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row)}


def test_every_code_of_an_error_is_told() -> None:
    whole, _ = literals()
    made = {text for text in whole if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    made |= {error.code for error in raised()}
    assert sorted(made - codes() - NO_CODES) == []


def test_every_code_that_is_told_exists() -> None:
    whole, beginnings = literals()
    made = tuple(text for text in beginnings if text.endswith("-"))
    assert [code for code in codes() if code not in whole and not code.startswith(made)] == []


def raised() -> list[type[errors.ReconcilerError]]:
    """All errors that the product raises on purpose."""
    found = [errors.ReconcilerError]
    for error in found:
        found += error.__subclasses__()
    return found


@pytest.mark.parametrize("page", ["README.md", "docs/usage.md"])
def test_every_exit_code_is_told(page: str) -> None:
    table = PAGES[page].split("\n## Exit codes\n")[1].split("\n## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert told == {error.exit_code for error in raised()} | {0, 2}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    text = FENCED.sub("", PAGES[page])
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """The names that headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
