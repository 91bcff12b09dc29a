"""Paths that lead out of the project, in circles, to what is no file, or nowhere: told, not waited for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.manifests import files, secrets
from reconciler.manifests.secrets import SecretSource
from reconciler.model.diagnostic import Diagnostic
from tests.manifests import sample
from tests.manifests.sample import CUSTOMER, DEFINITION, INTEGRATION, PROJECT

EXTRA = CUSTOMER.replace("acme", "extra")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder beside one that is not the project's."""
    root = tmp_path / "repo"
    sample.write(root, {})
    for name, text in (("hello.yml", DEFINITION), ("extra.yaml", EXTRA), ("key", "s3cret\n")):
        (tmp_path / "other").mkdir(exist_ok=True)
        (tmp_path / "other" / name).write_text(text)
    return root


def codes(root: Path, **written: str) -> set[str]:
    """The errors of the project with these files rewritten (`_` stands for the folder's slash)."""
    loaded = sample.loaded(root, {name.replace("__", "/") + ".yaml": text for name, text in written.items()})
    return {d.code for d in loaded.errors}


def definition_at(path: str) -> str:
    return INTEGRATION.replace("../definitions/hello.yml", path)


def allowing(*paths: object) -> str:
    return PROJECT + f"  allowOutside: [{', '.join(map(str, paths))}]\n"


OUTSIDE: dict[str, Callable[[Path], str]] = {
    "dots": lambda root: "../../other/hello.yml",
    "absolute": lambda root: str(root.parent / "other/hello.yml"),
    "link": lambda root: _link(root / "manifests/link.yml", root.parent / "other/hello.yml"),
    "folder that is a link": lambda root: _link(root / "away", root.parent / "other", "../away/hello.yml"),
}


def _link(path: Path, target: Path, named: str = "") -> str:
    path.symlink_to(target)
    return named or path.name


@pytest.mark.parametrize("how", OUTSIDE)
@pytest.mark.parametrize("allowed", ["../other", "../other/hello.yml", "..", "absolute"])
def test_a_definition_outside_counts_only_where_the_project_allows_it(
    root: Path, how: str, allowed: str
) -> None:
    named = definition_at(OUTSIDE[how](root))
    project = PROJECT.replace("[manifests/]", "[manifests/integration.yaml, manifests/customer.yaml]")
    assert "outside-project" in codes(root, reconciler=project, manifests__integration=named)
    allowing_it = (
        project + f"  allowOutside: [{root.parent / 'other' if allowed == 'absolute' else allowed}]\n"
    )
    assert codes(root, reconciler=allowing_it, manifests__integration=named) == set()


def test_the_error_says_how_to_allow_it(root: Path) -> None:
    found = sample.loaded(root, {"manifests/integration.yaml": definition_at("../../other/hello.yml")})
    assert "spec.allowOutside" in next(d.hint for d in found.errors if d.code == "outside-project")


@pytest.mark.parametrize("entry", ["../other/extra.yaml", "../other"])
def test_manifests_outside(root: Path, entry: str) -> None:
    project = PROJECT.replace("[manifests/]", f"[manifests/, {entry}]")
    assert codes(root, reconciler=project) == {"outside-project"}
    (root.parent / "other/hello.yml").unlink()
    found = sample.loaded(root, {"reconciler.yaml": project + "  allowOutside: [../other]\n"})
    assert found.errors == ()
    assert "Customer/extra" in {str(address) for address in found.desired.resources}


@pytest.mark.parametrize("named", ["../other/key", "absolute", "link", "../other/none"])
def test_a_secret_file_outside(root: Path, named: str) -> None:
    (root / "link").symlink_to(root.parent / "other/key")
    source = SecretSource("file", str(root.parent / "other/key") if named == "absolute" else named)
    refused = secrets.resolve(source, {}, root)
    assert isinstance(refused, Diagnostic)
    assert (refused.code, "spec.allowOutside" in refused.hint) == ("secret-outside", True)
    found = secrets.resolve(source, {}, root, [root.parent / "other"])
    assert (
        found.code == "secret-missing"
        if isinstance(found, Diagnostic)
        else (named != "../other/none" and found.reveal() == "s3cret")
    )


def test_a_secret_of_an_instance_and_of_the_environment(root: Path) -> None:
    instance = sample.INSTANCE.replace("{env: KEY}", "{file: ../other/key}")
    assert codes(root, manifests__instance=instance) == {"secret-outside"}
    assert codes(root, manifests__instance=instance, reconciler=allowing("../other")) == set()


# -- what is no file


def _fifo(path: Path) -> None:
    os.mkfifo(path)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "pipe": _fifo,
    "folder": Path.mkdir,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path),
    "dangling": lambda path: path.symlink_to("nothing"),
}


@pytest.mark.parametrize("what", SPECIAL)
@pytest.mark.parametrize("where", ["manifest", "definition", "secret", "entry"])
def test_what_is_no_file_is_told_and_not_waited_for(root: Path, what: str, where: str) -> None:
    path = root / {"manifest": "manifests/odd.yaml", "entry": "odd.yaml"}.get(where, "odd.yml")
    SPECIAL[what](path)
    everywhere = allowing("/dev") if what == "endless" else PROJECT
    if where == "secret":
        found = secrets.resolve(SecretSource("file", "odd.yml"), {}, root, [Path("/dev")])
        assert isinstance(found, Diagnostic)
        assert found.code == "secret-missing"
        return
    written = {"reconciler": everywhere}
    if where == "definition":
        written["manifests__integration"] = definition_at("../odd.yml")
    if where == "entry":
        written["reconciler"] = everywhere.replace("[manifests/]", "[manifests/, odd.yaml]")
    expected = {"loop": "link-loop", "dangling": "missing-file"}.get(what, "file-kind")
    found_codes = codes(root, **written)
    if what == "folder" and where != "definition":
        assert found_codes == set()  # a folder may be called as it likes
    else:
        assert expected in found_codes


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["manifests/customer.yaml", "definitions/hello.yml", "manifests"])
def test_what_cannot_be_read(root: Path, name: str) -> None:
    (root / name).chmod(0)
    try:
        assert "file-unreadable" in {d.code for d in _load(root)}
    finally:
        (root / name).chmod(0o700)


def _load(root: Path) -> tuple[Diagnostic, ...]:
    from reconciler.manifests import project

    found, problems = project.load(root / "reconciler.yaml")
    assert found is not None, problems
    return sample.load_all(found, "staging").errors


def test_a_file_that_vanishes_between_finding_and_reading(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    discover = files.discover

    def then_gone(project: object) -> object:
        found = discover(project)  # type: ignore[arg-type]
        (root / "manifests/customer.yaml").unlink()
        return found

    monkeypatch.setattr(files, "discover", then_gone)
    assert [d.code for d in _load(root)] == ["file-unreadable"]


# -- circles and depths


def test_links_that_go_round_and_folders_without_end(root: Path) -> None:
    manifests = root / "manifests"
    (manifests / "a").mkdir()
    (manifests / "b").mkdir()
    (manifests / "a/b").symlink_to(manifests / "b")
    (manifests / "b/a").symlink_to(manifests / "a")
    (manifests / "b/extra.yaml").write_text(EXTRA)
    found = sample.loaded(root)
    assert found.errors == ()
    assert "Customer/extra" in {str(address) for address in found.desired.resources}
    (manifests / "a/up").symlink_to(root)
    assert "link-loop" in codes(root)


def test_folders_within_folders_a_thousand_times(root: Path) -> None:
    folder = os.open(root / "manifests", os.O_RDONLY)
    for _ in range(1_200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    try:
        assert codes(root) <= {"file-unreadable"}  # where the path gets longer than the system takes
    finally:
        subprocess.run(["rm", "-rf", root / "manifests/d"], check=True)  # deeper than Python can go itself


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("nothing/*.yaml", "missing-file"),
        ("manifests/*.json", "missing-file"),
        ("../**/*.yaml", "outside-project"),
        ("/etc/*.yaml", "outside-project"),
        ("a**b", "missing-file"),
        ("[", "missing-file"),
        ("x" * 300, "file-unreadable"),
    ],
)
def test_entries_that_lead_to_nothing(root: Path, entry: str, code: str) -> None:
    project = PROJECT.replace(
        "[manifests/]", f"[manifests/, '{entry}']" if '"' not in entry else f"[{entry}]"
    )
    assert code in codes(root, reconciler=project)


@pytest.mark.parametrize("entry", ['"a\\0b"', '"a\\0b*"'])
def test_an_entry_with_a_nul_is_told_by_the_reader(root: Path, entry: str) -> None:
    text = PROJECT.replace("[manifests/]", f"[{entry}]")
    loaded, found = sample.project.load(sample.write(root, {"reconciler.yaml": text}))
    assert loaded is None
    assert [problem.code for problem in found] == ["yaml-syntax"]


def test_a_command_that_never_stops_talking(tmp_path: Path) -> None:
    found = secrets.resolve(
        SecretSource("command", ("yes", "s3cret")), {"PATH": os.environ["PATH"]}, tmp_path
    )
    assert isinstance(found, Diagnostic)
    assert found.code == "secret-too-large"


def test_a_command_whose_child_keeps_the_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.2)
    source = SecretSource("command", "sleep 3 & echo s3cret")
    found = secrets.resolve(source, {"PATH": os.environ["PATH"]}, tmp_path)
    assert isinstance(found, Diagnostic)
    assert "took longer" in found.message
