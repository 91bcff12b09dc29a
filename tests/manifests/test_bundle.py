"""Bundles: packed to the same bytes everywhere, run in a cage, and refused with a reason."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from time import monotonic

import pytest

from reconciler.manifests import bundle, bundle_read
from reconciler.manifests.bundle import files_of, packed
from reconciler.manifests.bundle_build import Built, Bundles
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.problem import Unusable
from tests.manifests.bundles import INDEX, changed, needs_node

ORDERS = Address("Integration", "orders")


def dist(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "dist"


def build(folder: Path, address: Address = ORDERS, project: str = "shop") -> Built:
    return Bundles(project, os.environ).get(folder, "dist", address, Source("orders.yaml", 4, 7))


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    texts = {"index.js": "1", "assets/ä.txt": "ü", "assets/b.txt": "2", ".hidden": "3"}
    one = dist(tmp_path / "one", texts)
    other = dist(tmp_path / "other", dict(reversed(texts.items())))
    os.utime(other / "index.js", (0, 86_400 * 9_000))
    (other / "assets/b.txt").chmod(0o755)
    package = packed(files_of(one))
    assert package == packed(files_of(other))
    # Fixed for good: with another signature, all tenants would be sent all bundles anew.
    assert sha1(package).hexdigest() == "62dec204e650f72c8b3aab7e4101722ce1e26da9"
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.namelist() == [".hidden", "assets/b.txt", "assets/ä.txt", "index.js"]
        assert archive.read("assets/ä.txt") == "ü".encode()


def test_another_byte_or_name_is_another_package(tmp_path: Path) -> None:
    texts = [{"index.js": "1"}, {"index.js": "2"}, {"index.js": "1", "x": ""}, {"index.js": "1", "y": ""}]
    packages = {packed(files_of(dist(tmp_path / str(i), files))) for i, files in enumerate(texts)}
    assert len(packages) == len(texts)


def link(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")


def inner_link(folder: Path) -> None:
    (folder / "again").symlink_to(folder)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def newline(folder: Path) -> None:
    (folder / "a\nb").write_text("")


def backslash(folder: Path) -> None:
    (folder / "..\\..\\evil").write_text("")


def broken_text(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("")


def empty(folder: Path) -> None:
    (folder / "index.js").unlink()


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (link, "bundle-file", 'a link, "passwd"'),
        (inner_link, "bundle-file", 'a link, "again"'),
        (pipe, "bundle-file", "neither a file nor a folder"),
        (newline, "bundle-file", r"a\nb"),
        (backslash, "bundle-file", "cannot be packed"),
        (broken_text, "bundle-file", r"\udcff"),
        (empty, "bundle-folder", "holds no index.js"),
    ],
)
def test_what_cannot_be_packed_is_named(
    spoil: Callable[[Path], None], code: str, words: str, tmp_path: Path
) -> None:
    folder = dist(tmp_path, {"index.js": INDEX})
    spoil(folder)
    with pytest.raises(Unusable) as caught:
        files_of(folder)
    assert caught.value.problem.code == code
    assert words in caught.value.problem.message
    assert "\n" not in caught.value.problem.message


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 9), ("MAX_FILES", 2)])
def test_a_folder_that_is_too_large_is_refused(
    limit: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dist(tmp_path, {"index.js": "12345", "more.js": "12345", "most.js": ""})
    assert len(files_of(folder)) == 3
    monkeypatch.setattr(bundle, limit, value)
    with pytest.raises(Unusable, match="larger than") as caught:
        files_of(folder)
    assert caught.value.problem.code == "bundle-too-large"


@needs_node
def test_two_loads_give_one_definition(tmp_path: Path) -> None:
    folder = dist(tmp_path, {"index.js": INDEX})
    one, two = build(folder), build(folder)
    assert one.problems == two.problems == ()
    assert one.definition is not None
    assert one.definition == two.definition
    assert one.component == two.component
    signature = sha1(packed(files_of(folder))).hexdigest()
    first = one.definition.tree["flows"][0]["steps"][0]["action"]["component"]
    assert first == {"key": one.component.fields["key"], "isPublic": False, "signature": signature}
    public = one.definition.tree["flows"][0]["supplementalComponents"][0]
    assert public == {"key": "webhook-triggers", "isPublic": True, "version": "LATEST"}


@needs_node
def test_each_integration_has_a_component_of_its_own(tmp_path: Path) -> None:
    folder = dist(tmp_path, {"index.js": INDEX})
    made = [build(folder), build(folder, Address("Integration", "other")), build(folder, project="inn")]
    assert len({one.component.fields["key"] for one in made}) == 3


@needs_node
def test_other_code_is_another_definition(tmp_path: Path) -> None:
    before = build(dist(tmp_path / "a", {"index.js": INDEX})).definition
    after = build(dist(tmp_path / "b", {"index.js": changed()})).definition
    assert before is not None
    assert after is not None
    assert before.tree != after.tree


OUTSIDE = Path(__file__).resolve()


@needs_node
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("throw new Error('no\\nluck')", "cannot be loaded: no luck"),
        ("throw null", "cannot be loaded: null"),
        ("exports.default = {}", "exports no code-native integration"),
        ("this is no code", "cannot be loaded"),
        ("process.exit(3)", "node ended with 3"),
        ("process.kill(process.pid, 'SIGKILL')", "node ended with -9"),
        ("require('node:net').connect(80, '127.0.0.1')", "no network"),
        ("require('node:http').get('http://127.0.0.1:1/')", "no network"),
        ("require('node:dns').lookup('localhost', () => {})", "no network"),
        ("require('node:child_process').execSync('id')", "Access to this API has been restricted"),
        ("require('node:fs').writeFileSync('here', '1')", "Access to this API has been restricted"),
        (f"require('node:fs').readFileSync('{OUTSIDE}')", "Access to this API has been restricted"),
        ("throw new Error(Object.keys(process.env).join() || 'nothing there')", "nothing there"),
    ],
)
def test_a_bundle_that_misbehaves_is_told(code: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable) as caught:
        build(dist(tmp_path, {"index.js": code}))
    assert caught.value.problem.code == "bundle-broken"
    assert words in caught.value.problem.message
    assert "\n" not in caught.value.problem.message


@needs_node
@pytest.mark.parametrize("first", ["", "require('node:fs').closeSync(1);", "process.stdout.destroy();"])
def test_a_bundle_that_never_ends_is_ended(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_read, "SECONDS", 0.5)
    began = monotonic()
    with pytest.raises(Unusable, match="does not load within"):
        build(dist(tmp_path, {"index.js": f"{first} for (;;);"}))
    assert monotonic() - began < 10


@needs_node
def test_what_a_bundle_prints_and_leaves_running_does_no_harm(tmp_path: Path) -> None:
    noise = "console.log('{}'); process.stdout.write('x'); console.error('y'); setInterval(() => {}, 1000);\n"
    built = build(dist(tmp_path, {"index.js": noise + INDEX}))
    assert built.definition is not None


@needs_node
def test_a_definition_that_is_wrong_is_told_at_the_manifest(tmp_path: Path) -> None:
    built = build(dist(tmp_path, {"index.js": INDEX.replace("value: Channel", "value: Chanel")}))
    assert built.definition is None
    assert [p.code for p in built.problems] == ["undeclared-variable"]
    assert built.problems[0].source == Source("orders.yaml", 4, 7)
    assert built.problems[0].message.startswith('bundle "dist": ')


def test_without_node_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as caught:
        bundle_read.described({"index.js": b""}, {"PATH": str(tmp_path)})
    assert caught.value.problem.code == "no-node"
    assert "node 20" in caught.value.problem.hint


@needs_node
def test_icons_must_be_in_the_bundle(tmp_path: Path) -> None:
    named = INDEX.replace("display: { label", 'display: { iconPath: "icon.png", label', 1)
    with pytest.raises(Unusable, match=r"icon.png"):
        build(dist(tmp_path, {"index.js": named}))
    built = build(dist(tmp_path, {"index.js": named, "icon.png": "picture"}))
    assert built.component.fields["bundle"].icons == {"icon.png": b"picture"}
    assert "picture" not in repr(built)
