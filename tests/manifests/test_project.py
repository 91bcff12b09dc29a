"""The project file: found, read, and its settings as types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.manifests import project, schemas, secrets
from reconciler.manifests.project import Environment, Policy
from reconciler.manifests.secrets import SecretSource
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.secret import Secret
from tests.manifests.sample import PROJECT, opened

FULL = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  manifests: [manifests/]
  environments:
    staging:
      url: https://app.prismatic.io/
      tenant: 0b8e
      auth: {accessToken: {file: token}}
      variables: {region: eu, version: 1.10, beta: true}
      rate: 2.5
      applied: none
      secretKey: {command: [pass, key]}
    local:
      url: http://127.0.0.1:8080
      auth: {refreshToken: {command: "pass token"}}
  policy:
    prune: true
    guards: {delete: 12.5%, update: 0.4, minimum: 3}
    lease: true
"""


def test_all_settings(tmp_path: Path) -> None:
    found = opened(tmp_path, {"reconciler.yaml": FULL})
    assert (found.name, found.root, found.file) == ("acme", tmp_path, tmp_path / "reconciler.yaml")
    assert found.manifests == ("manifests/",)
    assert found.policy == Policy(
        prune=True, guard_delete=0.125, guard_update=0.4, guard_minimum=3, lease=True
    )
    staging = found.environments["staging"]
    assert staging.url == "https://app.prismatic.io"
    assert (staging.tenant, staging.rate, staging.applied) == ("0b8e", 2.5, "none")
    assert staging.variables == {"region": "eu", "version": "1.10", "beta": "true"}
    assert staging.auth_kind == "accessToken"
    assert staging.auth is not None
    assert (staging.auth.kind, staging.auth.value) == ("file", "token")
    assert staging.secret_key is not None
    assert staging.secret_key.value == ("pass", "key")
    local = found.environments["local"]
    assert local.auth is not None
    assert (local.auth_kind, local.auth.value) == ("refreshToken", "pass token")
    assert not local.embedded


def test_defaults(tmp_path: Path) -> None:
    text = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: a}\nspec: {manifests: [manifests]}\n"
    found = opened(tmp_path, {"reconciler.yaml": text})
    assert found.default == "sandbox"
    assert found.policy == Policy(False, 0.3, 0.3, 10, False)
    assert found.environments == {"sandbox": Environment("sandbox")}
    assert found.environments["sandbox"].embedded


def test_the_sandbox_can_have_variables(tmp_path: Path) -> None:
    text = PROJECT.replace("    production:", "    sandbox: {variables: {region: test}}\n    production:")
    found = opened(tmp_path, {"reconciler.yaml": text})
    assert found.environments["sandbox"].variables == {"region": "test"}
    assert found.environments["sandbox"].embedded


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "http://127.0.0.9", "http://[::1]:80", "http://a.LOCALHOST:1", "https://x.io/a"],
)
def test_addresses_that_are_let_through(tmp_path: Path, url: str) -> None:
    found = opened(tmp_path, {"reconciler.yaml": PROJECT.replace("https://app.prismatic.io", f'"{url}"')})
    assert found.environments["staging"].url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.io",
        "http://localhost.evil.io",
        "http://10.0.0.1",
        "ftp://x.io",
        "https://",
        "https://x.io:port",
        "https://x.io?a=b",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_not(tmp_path: Path, url: str) -> None:
    path = tmp_path / "reconciler.yaml"
    path.write_text(PROJECT.replace("https://app.prismatic.io", f'"{url}"', 1))
    found, problems = project.load(path)
    assert found is None
    assert [p.code for p in problems] == ["bad-url"]


def test_it_is_found_from_any_folder_below(tmp_path: Path) -> None:
    opened(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert project.find(below) == tmp_path / "reconciler.yaml"
    assert project.find(tmp_path) == tmp_path / "reconciler.yaml"


def test_it_is_not_found_where_it_is_not(tmp_path: Path) -> None:
    assert project.find(tmp_path) is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    found, problems = project.load(tmp_path / "reconciler.yaml")
    assert found is None
    assert [(p.code, p.message) for p in problems] == [
        ("file-unreadable", "cannot be read: no such file or directory")
    ]


# -- secrets


def resolved(source: SecretSource, root: Path) -> Secret | Diagnostic:
    return secrets.resolve(source, {"KEY": "s3cret", "EMPTY": "", "PATH": "/usr/bin:/bin"}, root)


@pytest.mark.parametrize(
    "source",
    [
        SecretSource("env", "KEY"),
        SecretSource("file", "key"),
        SecretSource("file", "crlf"),
        SecretSource("command", ("printf", "%s", "s3cret")),
        SecretSource("command", "echo $KEY"),
        SecretSource("command", ("cat", "key")),
    ],
    ids=str,
)
def test_secrets_are_read(tmp_path: Path, source: SecretSource) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    (tmp_path / "crlf").write_text("s3cret\r\n")
    found = resolved(source, tmp_path)
    assert isinstance(found, Secret)
    assert found.reveal() == "s3cret"
    assert found.source == str(source)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (SecretSource("env", "NONE"), "secret-missing"),
        (SecretSource("env", "EMPTY"), "secret-empty"),
        (SecretSource("file", "none"), "secret-missing"),
        (SecretSource("file", "."), "secret-missing"),
        (SecretSource("file", "a\0b"), "secret-missing"),
        (SecretSource("file", "/etc/hostname"), "secret-outside"),
        (SecretSource("file", "link"), "secret-outside"),
        (SecretSource("file", "loop"), "secret-missing"),
        (SecretSource("file", "binary"), "secret-not-text"),
        (SecretSource("file", "newline"), "secret-empty"),
        (SecretSource("command", ("a\0b",)), "secret-command"),
        (SecretSource("command", "echo s3cret; echo s3cret >&2; exit 3"), "secret-command"),
        (SecretSource("command", ("true",)), "secret-empty"),
    ],
    ids=str,
)
def test_secrets_that_cannot_be_read(tmp_path: Path, source: SecretSource, code: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").write_text("s3cret")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root / "loop")
    (root / "binary").write_bytes(b"s3cret\xff")
    (root / "newline").write_text("\n")
    found = resolved(source, root)
    assert isinstance(found, Diagnostic)
    assert found.code == code
    assert "s3cret" not in found.message.replace("echo s3cret", "") + found.hint


def test_a_command_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.1)
    found = resolved(SecretSource("command", ("sleep", "5")), tmp_path)
    assert isinstance(found, Diagnostic)
    assert "took longer" in found.message


# -- schemas


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_schema_is_valid_and_its_examples_fit(kind: str) -> None:
    schema = schemas.load(kind)
    validator = schemas.validator(kind)
    validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]
    for example in schema.get("examples", ()):
        assert [error.message for error in validator.iter_errors(example)] == []
    assert json.loads(schemas.text(kind)) == schema


@pytest.mark.parametrize("kind", [kind for kind in schemas.KINDS if kind not in ("plan", "outcome", "drift")])
def test_every_field_of_what_people_write_is_described(kind: str) -> None:
    def bare(node: object, path: str) -> list[str]:
        if isinstance(node, list):
            return [found for index, inner in enumerate(node) for found in bare(inner, f"{path}[{index}]")]
        if not isinstance(node, dict):
            return []
        found: list[str] = []
        for name, inner in node.get("properties", {}).items():
            if "description" not in inner and "$ref" not in inner:
                found.append(f"{path}.{name}")
        for key, inner in node.items():
            if key not in ("examples", "default", "const", "enum"):
                found.extend(bare(inner, f"{path}.{key}"))
        return found

    assert bare(schemas.load(kind), kind) == []


def test_an_unknown_schema() -> None:
    with pytest.raises(KeyError):
        schemas.load("customers")
