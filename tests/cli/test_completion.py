"""completion: the rest of a word, from the project's own files; and what was meant by a word that is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from reconciler.cli.get import LISTS
from reconciler.cli.main import COMMANDS, cli, run
from reconciler.cli.settings import Settings
from reconciler.lists.tables import LISTINGS
from reconciler.manifests.kinds import KINDS
from reconciler.manifests.load import load
from reconciler.manifests.project import load as load_project
from tests.cli.projects import Folder

EXAMPLE = Path(__file__).parents[2] / "examples" / "manifests"


def completed(*words: str) -> list[str]:
    """What is offered for the last word, behind those before it."""
    shell = BashComplete(cli, {"obj": Settings()}, "reconciler", "_RECONCILER_COMPLETE")
    return [str(item.value) for item in shell.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pl"], ["plan"]),
        (["plan", "--detailed"], ["--detailed-exitcode"]),
        (["plan", "-e", ""], ["production", "sandbox", "staging"]),
        (["promote", "st"], ["staging"]),
        (["plan", "--format", "j"], ["json", "junit"]),
        (["deploy", "Instance/acme"], ["Instance/acme-qa/invoice-export"]),
        (["deploy", "Instance/acme-qa/invoice-export", "Customer/l"], ["Customer/lumen-optics"]),
        (["plan", "--select", "Integration/i"], ["Integration/invoice-export"]),
        (["list", "--kind", "Al"], ["AlertGroup", "AlertMonitor", "AlertWebhook"]),
        (["scaffold", "Us"], ["User"]),
        (["explain", "P"], ["Project"]),
        (["schema", "ou"], ["outcome"]),
        (["get", "cu"], ["customers"]),
        (["sandbox", "se"], ["seed", "serve"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["history", "l"], ["latest"]),
        (["nonsense", "x"], []),
    ],
)
def test_the_rest_of_a_word(words: list[str], expected: list[str]) -> None:
    assert completed(*words) == expected


@pytest.mark.usefixtures("example")
def test_all_addresses_of_the_manifests_are_offered() -> None:
    project, _ = load_project(EXAMPLE / "reconciler.yaml")
    assert project
    found = completed("plan", "--select", "")
    desired, _ = load(project, "staging", environ={}, resolve_secrets=False)
    known = set(map(str, desired.resources))
    assert [one for one in known if not any(fnmatchcase(one, pattern) for pattern in found)] == []
    assert {one for one in found if "*" not in one} - known == set()
    assert [one for one in completed("adopt", "") if "*" in one] == []
    assert sorted(completed("scaffold", "")) == sorted(KINDS)


def test_manifests_are_read_in_each_way_that_people_write_them(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    head = "apiVersion: reconciler/v1\n"
    texts = [
        f"{head}kind: Customer\nmetadata: {{labels: {{tier: gold}}, name: flow}}\nspec: {{name: X}}\n",
        f'{head}kind: "Customer"\nmetadata:\n  labels: {{}}\n\n  # said\n  name: "block"\nspec: {{}}\n',
        f"{head}kind: Instance\nmetadata: {{name: one}}\nspec:\n  name: X\n  customer: flow\n",
        f"{head}kind: Instance\nmetadata: {{name: two}}\nspec: {{integration: x, customer: flow}}\n",
        f"{head}kind: InstanceSet\nmetadata: {{name: all}}\nspec: {{}}\n",
        "kind: Customer\n",
    ]
    project.write("manifests/all.yaml", "---\n".join(texts))
    project.write("manifests/notes.txt", texts[0].replace("flow", "no"))
    expected = ["Customer/block", "Customer/flow", "Instance/*/all", "Instance/flow/one", "Instance/flow/two"]
    assert completed("plan", "--select", "") == expected
    project.write("reconciler.yaml", "spec: [")
    assert completed("plan", "--select", "") == []
    assert completed("plan", "-e", "") == ["sandbox"]


def test_runs_of_the_journal_are_offered(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    (run_id,) = [one for one in completed("history", "") if one != "latest"]
    assert project("history", run_id)[0] == 0


def test_the_kinds_of_get_are_those_of_the_tables() -> None:
    assert tuple(listing.kind for listing in LISTINGS) == LISTS


@pytest.mark.parametrize("words", ["reconciler pl", "reconciler plan --select C", "reconciler get c"])
def test_nothing_is_loaded_that_takes_long(words: str) -> None:
    script = (
        "import sys; from reconciler.cli.main import run; run([]);"
        "print(*(set(sys.modules) & {'rich', 'httpx', 'jsonschema', 'graphql', 'anyio', 'reconciler.kinds'}))"
    )
    environ = {**os.environ, "_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": words}
    environ["COMP_CWORD"] = str(len(words.split()) - 1)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, cwd=EXAMPLE, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("plain,")
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", "share/bash-completion/completions/reconciler"),
        ("zsh", "share/zsh/site-functions/_reconciler"),
        ("fish", "config/fish/completions/reconciler.fish"),
    ],
)
def test_it_installs_itself_and_overwrites_nothing_else(
    shell: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / place
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_RECONCILER_COMPLETE" in script
    assert not path.exists()
    assert run(["completion", shell, "--install"]) == 0
    assert str(path) in capsys.readouterr().out
    assert path.read_text().startswith(script)
    assert run(["completion", shell, "--install"]) == 0
    for text in (path.read_text() + "mine\n", "mine\n", ""):
        path.write_text(text)
        assert run(["completion", shell, "--install"]) == 3
        assert "exists already" in capsys.readouterr().err
        assert path.read_text() == text


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_takes_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "bash"]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    asked = f"source {script}; complete -p reconciler"
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert "-F _reconciler_completion reconciler" in done.stdout


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["pln"], 'did you mean "plan"?'),
        (["Apply"], 'did you mean "apply"?'),
        (["frobnicate"], "see: reconciler --help"),
        (["get", "custmers"], 'did you mean "customers"?'),
        (["sandbox", "sede"], 'did you mean "seed"?'),
        (["schema", "instances"], 'did you mean "instance"?'),
        (["scaffold", "Instanc"], 'did you mean "Instance"?'),
    ],
)
def test_what_was_probably_meant_is_said(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 3
    assert f"hint: {hint}" in capsys.readouterr().err


def test_environments_and_kinds_too(project: Folder) -> None:
    text = (project.root / "reconciler.yaml").read_text()
    project.write(
        "reconciler.yaml",
        text.replace("manifests/]}", "manifests/], environments: {staging: {url: 'http://127.0.0.1:1'}}}"),
    )
    for words in (["plan", "-e", "stagin"], ["validate", "-e", "stagin"], ["promote", "stagin", "sandbox"]):
        code, _, err = project(*words)
        assert code == 3
        assert 'did you mean "staging"?' in err, words
    code, _, err = project("list", "--kind", "Custmer")
    assert code == 3
    assert 'did you mean "Customer"?' in err


def test_every_verb_has_a_module() -> None:
    assert completed("")[: len(COMMANDS)] == list(COMMANDS)


def test_help_loads_the_commands_and_little_else() -> None:
    script = (
        "import sys; from reconciler.cli.main import run; run(['--help']);"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in"
        " {'reconciler', 'rich', 'httpx', 'jsonschema', 'graphql', 'anyio', 'asyncio', 'yaml', 'msgspec'}"
        " and not name.startswith('reconciler.cli')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    words = ["", ".model", ".model.commands", ".model.errors"]
    assert done.stdout.splitlines()[-1].split() == [f"reconciler{word}" for word in words]
