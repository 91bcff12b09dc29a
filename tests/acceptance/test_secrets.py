"""Canaries as secrets, old and new, against a served tenant: they travel to it, and appear nowhere else."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.main import cli
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.facts import InstanceFacts
from reconciler.model.address import Address
from reconciler.model.secret import Unproven
from reconciler.model.state import How, LiveObject, Memory, Resource, Written
from tests.acceptance.remote import Remote
from tests.cli.projects import PROJECT, Folder
from tests.sandbox.served import ServedSandbox

CANARIES = {
    "plain": ("kanarie-old-3f9b2c71", "kanarie-new-8d11aa02"),
    "lines": ("kanarie-one\nkanarie-two\n", "kanarie-three\r\nkanarie-four"),
    "unicode": ("kanárie-ключ-🔑-alt", "kanárie-鍵-🗝-neu"),
    "json": ('{"kanarie": "q\\"uote-77"}', '["kanarie", {"a": "kanarie-78"}]'),
    "markup": ("[bold]kanarie[/bold] `x` ${kanarie}", "<kanarie>&amp; ::error::kanarie"),
}
OUTPUTS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "-v", "--debug"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown", "-v"),
    ("drift",),
    ("drift", "--format", "json"),
    ("drift", "--format", "markdown"),
    ("get", "instances", "--format", "json"),
    ("get", "integrations", "--format", "csv"),
    ("whoami", "--format", "json"),
    ("history",),
    ("history", "latest"),
    ("history", "latest", "--format", "json"),
)


class Spilled:
    """Everything that a project's commands said and left on the disk."""

    def __init__(self, project: Remote) -> None:
        self.project, self.said = project, ""

    def run(self, *arguments: str) -> tuple[int, str]:
        code, out, err = self.project(*arguments)
        self.said += out + err
        return code, err

    def all(self) -> str:
        files = [path for path in sorted(self.project.root.rglob("*")) if path.is_file()]
        return self.said + "".join(path.read_text("utf-8", "replace") for path in files)

    def check(self, *secrets: str) -> None:
        everything = self.all()
        for secret in secrets:
            for form in {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], *_words(secret)}:
                assert form not in everything, everything[max(0, everything.index(form) - 200) :][:400]


def _words(secret: str) -> list[str]:
    return [word for word in re.split(r"[\s\"'\[\]{}<>:,`]+", secret) if "kan" in word and len(word) > 7]


@pytest.fixture
def secretive(remote: Callable[..., Remote], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Remote]:
    """Makes a project whose secret is the variable SHOP_KEY, everywhere that a secret can stand."""

    def make(served: ServedSandbox, value: str, **options: Any) -> Remote:
        monkeypatch.setenv("SHOP_KEY", value)
        monkeypatch.setenv("DIGEST_KEY", f"digest-{value}")
        project = remote(served, auth="refreshToken", **options)
        environment = project.environment(served, "refreshToken") | {"secretKey": {"env": "DIGEST_KEY"}}
        project.project(options.get("name", "shop"), {"tenant": environment})
        secret = {"secret": {"env": "SHOP_KEY"}}
        project.shop(
            config={"Channel": secret, "Shop": {"inputs": {"apiKey": secret}}},
            flows={"Receive order": {"apiKeys": [secret]}},
        )
        return project

    return make


@pytest.mark.parametrize("canary", CANARIES)
def test_a_secret_and_its_successor_appear_nowhere(
    canary: str,
    secretive: Callable[..., Remote],
    served: ServedSandbox,
    monkeypatch: pytest.MonkeyPatch,
):
    old, new = CANARIES[canary]
    project = secretive(served, old, name=f"shop-{canary}")
    _distinct(project, canary)
    spilled, saved = Spilled(project), project.root / "saved.json"
    assert spilled.run("plan", "-o", str(saved))[0] == 0
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert spilled.run("apply", str(saved), "--debug")[0] == 0
    assert spilled.run("plan", "--detailed-exitcode")[0] == 0

    monkeypatch.setenv("SHOP_KEY", new)
    monkeypatch.setenv("DIGEST_KEY", f"digest-{new}")
    assert spilled.run("plan", "--detailed-exitcode", "-o", str(saved))[0] == 2
    _theirs(project, canary, f"{new} of theirs")
    for output in OUTPUTS:
        spilled.run(*output)
    assert spilled.run("apply", "--yes", "--format", "json", "--deploy-pending")[0] == 0
    assert spilled.run("plan", "--detailed-exitcode")[0] == 0
    spilled.run("history", "latest", "--format", "json")
    modes = {
        stat.S_IMODE(p.stat().st_mode)
        for p in (project.root / ".reconciler/journal").iterdir()
        if p.is_file()
    }
    assert modes == {0o600}
    spilled.check(old, new, project.served.token, project.served.refresh_token)


def _distinct(project: Remote, canary: str) -> None:
    """Names of its own for what stands in the tenant that the tests share."""
    project.manifest(
        "Integration", "orders", name=f"Orders {canary}", definition="../definitions/orders.yml",
        release="1.0.0",
    )  # fmt: skip
    project.manifest("Customer", "acme", name=f"Acme {canary}")


def _theirs(project: Remote, canary: str, value: str) -> None:
    """Somebody else puts another secret in the place of ours."""
    nodes = project.ask("{ instances(isSystem: false) { nodes { id customer { name } } } }")["instances"]
    found = next(n["id"] for n in nodes["nodes"] if n["customer"]["name"] == f"Acme {canary}")
    rows = json.dumps([{"name": "apiKey", "type": "value", "value": value}])
    variables = [{"key": "Channel", "value": value}, {"key": "Shop", "values": rows}]
    project.behind("updateInstanceConfigVariables", {"id": found, "configVariables": variables})


def test_a_secret_that_git_no_longer_calls_one(secretive: Callable[..., Remote], served: ServedSandbox):
    """The value in the tenant was a secret, and is one until it is replaced."""
    secret = CANARIES["plain"][0]
    project = secretive(served, secret, name="shop-open")
    _distinct(project, "open")
    project.shop(config={"Channel": {"secret": {"env": "SHOP_KEY"}}})
    _distinct(project, "open")
    assert project("apply", "--yes")[0] == 0
    project.shop(config={"Channel": "#open", "Shop": {"inputs": {"apiKey": "open"}}})
    _distinct(project, "open")
    spilled = Spilled(project)
    change = next(
        c for a in project.json("plan")["actions"] for c in a["changes"] if c["path"].endswith("Channel")
    )
    assert change == {"path": "config.Channel", "before": "(secret)", "after": "#open", "cause": "pending"}
    for output in OUTPUTS:
        spilled.run(*output)
    assert spilled.run("apply", "--yes")[0] == 0
    assert spilled.run("plan", "--detailed-exitcode")[0] == 0
    spilled.check(secret)


def test_a_secret_that_was_rotated_is_no_drift_but_one_that_others_changed_is(
    secretive: Callable[..., Remote], served: ServedSandbox, monkeypatch: pytest.MonkeyPatch
):
    project = secretive(served, "kanarie-first", name="shop-rotated")
    monkeypatch.setenv("DIGEST_KEY", "kanarie-digest-key")
    secret = {"secret": {"env": "SHOP_KEY"}}
    project.shop(config={"Channel": secret, "Shop": {"inputs": {"apiKey": secret}}})
    _distinct(project, "rotated")
    assert project("apply", "--yes")[0] == 0
    for value in ("kanarie-second", "kanarie-third"):
        monkeypatch.setenv("SHOP_KEY", value)
        changes = [c for a in project.json("plan", "--deploy-pending")["actions"] for c in a["changes"]]
        assert {(c["path"], c["cause"]) for c in changes} == {
            ("config.Channel", "pending"),
            ("config.Shop.inputs.apiKey", "pending"),
        }
        assert project.json("drift")["drift"] == []
        assert project("apply", "--yes", "--deploy-pending")[0] == 0
        project.converged()
        _theirs(project, "rotated", "kanarie-theirs")
        causes = {(d["path"], d["cause"]) for d in project.json("drift")["drift"]}
        assert causes == {("config.Channel", "drift"), ("config.Shop.inputs.apiKey", "drift")}


@pytest.fixture(scope="module", params=["payload", "graphql"])
def echo(request: pytest.FixtureRequest) -> Iterator[ServedSandbox]:
    """A tenant that repeats what it is sent."""
    with ServedSandbox(request.param, factory="tests.acceptance.echo:Echo") as sandbox:
        yield sandbox


@pytest.mark.parametrize("canary", CANARIES)
def test_a_server_that_repeats_secrets_in_its_errors(
    canary: str, echo: ServedSandbox, secretive: Callable[..., Remote]
):
    secret = CANARIES[canary][0]
    project = secretive(echo, secret, name=f"shop-{canary}")
    _distinct(project, canary)
    # Only inside the connection's text, so that nothing else teaches the client what to leave out.
    secret_input = {"secret": {"env": "SHOP_KEY"}}
    project.shop(name=f"Orders for {canary}", config={"Shop": {"inputs": {"apiKey": secret_input}}})
    _distinct(project, canary)
    spilled = Spilled(project)
    for arguments in (["--debug", "apply", "--yes"], ["apply", "--yes", "--format", "json"]):
        code, err = spilled.run(*arguments)
        assert code == 1, err
    spilled.run("history", "latest")
    spilled.check(secret)
    assert "not welcome" in spilled.said or "(message withheld" in spilled.said


def test_a_server_that_is_not_there(
    secretive: Callable[..., Remote], monkeypatch: pytest.MonkeyPatch, served: ServedSandbox
):
    secret = CANARIES["plain"][0]
    project = secretive(served, secret)
    for wait in ("delay", "until_back"):
        monkeypatch.setattr(f"reconciler.api.retries.Patience.{wait}", lambda *_: 0.0)
    monkeypatch.setenv("NOWHERE_TOKEN", secret)
    nowhere = {"url": "http://127.0.0.1:9", "auth": {"refreshToken": {"env": "NOWHERE_TOKEN"}}}
    project.project("shop", {"nowhere": nowhere})
    spilled = Spilled(project)
    for verb in (["plan"], ["apply", "--yes"], ["whoami"], ["get", "customers"]):
        assert spilled.run(*verb)[0] == 4
    try:
        spilled.run("--debug", "plan")
    except BaseException:
        spilled.said += traceback.format_exc()
    assert "Traceback" in spilled.said
    spilled.check(secret)


@pytest.mark.parametrize(
    "token", ["kanarie wrong token", "kanarie\ninject: x", "kanárie-ключ", "kanarie-wrong"]
)
def test_a_token_that_is_none(
    token: str, secretive: Callable[..., Remote], monkeypatch: pytest.MonkeyPatch, served: ServedSandbox
):
    spilled = Spilled(secretive(served, "unused-secret-value"))
    monkeypatch.setenv("SERVED_REFRESH_TOKEN", token)
    for arguments in (["plan"], ["plan", "--format", "json"]):
        code, err = spilled.run(*arguments)
        assert code == 4, err
    spilled.check(token)


def test_a_secret_that_no_request_can_carry(
    secretive: Callable[..., Remote], monkeypatch: pytest.MonkeyPatch, served: ServedSandbox
):
    spilled = Spilled(secretive(served, "kanarie-\udcff-bytes", name="shop-bytes"))
    code, err = spilled.run("plan")
    assert (code, "SHOP_KEY" in err) == (3, True), err
    spilled.check("kanarie-")


@pytest.mark.parametrize(
    ("where", "secrets"), [("", ("a", "7")), ("payload", ("a", "7")), ("", ("Acme", "zyxw"))]
)
def test_a_secret_that_stands_in_every_text_leaves_no_trace(
    where: str, secrets: tuple[str, str], secretive: Callable[..., Remote], tmp_path: Path
):
    """One character, or an object's name, stands there anyway: so what two secrets leave is compared."""
    seen: list[tuple[Remote, list[str]]] = []
    for secret in secrets:
        arguments = {"factory": "tests.acceptance.echo:Echo"} if where else {}
        with ServedSandbox(*([where] if where else []), **arguments) as served:
            project = seen[0][0] if seen else None
            if project is None:
                project = secretive(served, secret)
            else:
                _again(project, served, secret)
            spilled = Spilled(project)
            spilled.run("plan", "-o", str(tmp_path / "saved.json"))
            code, err = spilled.run("apply", "--yes", "--format", "json")
            assert code == (1 if where else 0), err
            for output in (*OUTPUTS[1:4], *OUTPUTS[-3:]):
                spilled.run(*output)
            seen.append((project, _normalised(spilled.all(), served)))
    assert seen[0][1] == seen[1][1]


def _again(project: Remote, served: ServedSandbox, secret: str) -> None:
    """The same project with another secret, on a new tenant."""
    for path in (project.root / ".reconciler/journal").iterdir():
        path.unlink()
    (project.root / "saved.json").unlink()
    (project.root / ".reconciler/widths.json").unlink(missing_ok=True)
    os.environ |= {"SHOP_KEY": secret, "SERVED_REFRESH_TOKEN": served.refresh_token}
    os.environ["DIGEST_KEY"] = f"digest-{secret}"
    project.served = served
    environment = project.environment(served, "refreshToken") | {"secretKey": {"env": "DIGEST_KEY"}}
    project.project("shop", {"tenant": environment})


_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00)?"), "TIME"),
    (re.compile(r"\d{8}T\d{6}(\.\d+Z(-\d+)?)?"), "RUN"),
    (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\d+(\.\d+)? (m?s)\b"), "TOOK"),
    (re.compile(r'"seconds": [\d.]+'), "TOOK"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "UUID"),
    (re.compile(r"\b[A-Za-z0-9+/]{40,}={0,2}"), "ID"),
    (re.compile(r"sha256:[0-9a-f]+"), "DIGEST"),
    (re.compile(r"reconciler-applied:[0-9a-f-]+"), "RECORD"),
)


def _normalised(text: str, served: ServedSandbox) -> list[str]:
    """The text without what differs between any two tenants and moments."""
    text = text.replace(served.url, "URL").replace(served.tenant, "TENANT")
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    lines = (re.sub(r"\s+", " ", line) for line in text.splitlines())
    return sorted(line for line in lines if line != "reading the tenant")  # as a slow machine tells


@pytest.mark.parametrize("auth", ["refreshToken", "accessToken"])
def test_logs_of_all_libraries_at_their_most_talkative(
    auth: str, remote: Callable[..., Remote], served: ServedSandbox, monkeypatch: pytest.MonkeyPatch
):
    """As a program may set them that uses the verbs as a library."""
    secret = CANARIES["plain"][0]
    monkeypatch.setenv("SHOP_KEY", secret)
    project = remote(served, auth=auth, name=f"shop-{auth.lower()}")
    project.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "SHOP_KEY"}}}}})
    _distinct(project, auth)
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    monkeypatch.setattr(root, "level", logging.NOTSET)
    root.addHandler(handler)
    before = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "hpack", "reconciler")}
    try:
        for name in before:
            logging.getLogger(name).setLevel(logging.DEBUG)
        assert project("--debug", "apply", "--yes")[0] == 0
    finally:
        root.removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert "createInstance" in written.getvalue()
    for one in (secret, served.token, served.refresh_token, "configVariables"):
        assert one not in written.getvalue()


def test_nothing_is_kept_in_the_home_folder(
    secretive: Callable[..., Remote], served: ServedSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    home = tmp_path / "home"
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home / name))
        (home / name).mkdir(parents=True)
    project = secretive(served, "kanarie-of-the-home", name="shop-home")
    _distinct(project, "home")
    process = project.process("apply", "--yes")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert [path for path in home.rglob("*") if path.is_file()] == []
    kept = "".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file())
    assert served.refresh_token not in kept
    assert served.token not in kept


def test_no_argument_of_a_process_holds_a_secret(
    remote: Callable[..., Remote], served: ServedSandbox, tmp_path: Path
):
    """Neither ours nor that of a command which gives one: all that run meanwhile are looked at."""
    secret = "kanarie-of-a-command"
    project = remote(served, name="shop-command")
    project.write(".secrets/key", f"{secret}\n")
    # The command looks around while others may already have had their secrets.
    look = "for one in /proc/[0-9]*; do tr '\\0' ' ' < $one/cmdline; done"
    command = ["sh", "-c", f"({look}) >> seen 2> /dev/null; cat .secrets/key"]
    project.shop(
        config={
            "Channel": {"secret": {"command": command}},
            "Shop": {"inputs": {"apiKey": {"secret": {"command": [*command, "again"]}}}},
        }
    )
    _distinct(project, "command")
    process = project.process("apply", "--yes")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    seen = (tmp_path / "seen").read_text()
    assert "-m reconciler" in seen
    assert secret not in seen


def test_no_option_takes_a_secret():
    """What is given as an option stands in the shell's history and in the list of processes."""
    waiting: list[tuple[click.Context, click.Command]] = [(click.Context(cli), cli)]
    values = []
    while waiting:
        context, command = waiting.pop()
        if isinstance(command, click.Group):
            inner = [command.get_command(context, name) for name in command.list_commands(context)]
            waiting += [(click.Context(one, parent=context), one) for one in inner if one]
        options = [one for one in command.params if isinstance(one, click.Option) and not one.is_flag]
        values += [name for one in options for name in one.opts]
    assert len(values) > 50
    assert [name for name in values if re.search("token|secret|passw", name, re.IGNORECASE)] == []


@pytest.mark.parametrize("key", [True, False], ids=["with a key", "without"])
def test_a_rotated_secret_that_cannot_be_read_back_is_sent_once(
    key: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    project = Folder(tmp_path, capsys)
    monkeypatch.setenv("DIGEST_KEY", "kanarie-digest-key")
    monkeypatch.setenv("SHOP_KEY", "kanarie-first")
    if key:
        keyed = "  environments: {sandbox: {secretKey: {env: DIGEST_KEY}}}\n"
        spec = "spec:\n  manifests: [manifests/]\n" + keyed
        project.write("reconciler.yaml", PROJECT.replace("spec: {manifests: [manifests/]}\n", spec))
    assert project("sandbox", "rule", "secrets_read_back=hidden")[0] == 0
    project.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "SHOP_KEY"}}}}})
    assert project("apply", "--yes")[0] == 0
    for value in ("kanarie-second", "kanarie-third"):
        assert project("plan", "--detailed-exitcode")[0] == 0
        monkeypatch.setenv("SHOP_KEY", value)
        planned = project.json("plan")["actions"]
        # The updates write the record: that a deploy is owed, and the secret once it was sent.
        assert [a["verb"] for a in planned] == (["update", "configure", "update", "deploy"] if key else [])
        assert {c["path"] for a in planned for c in a["changes"]} <= {"config.Shop.inputs.apiKey"}
        code, out, err = project("apply", "--yes")
        assert code == 0, err
        assert "kanarie" not in out + err
    assert project("plan", "--detailed-exitcode")[0] == 0


@pytest.mark.parametrize("how", [*How, None])
def test_a_value_that_was_a_secret_stays_out_of_the_plans_digests(how: How | None):
    """Whoever has a saved plan could guess a short one by its digest."""
    wanted = {"Channel": "#open", "Other": "same"}
    kind = all_kinds()["Instance"]

    def basis(value: str) -> str:
        fields = {"config": {"Channel": Unproven(value), "Other": "same"}, "flows": {}}
        written = {"config.Channel": Written(how)} if how else None
        labels = frozenset({"reconciler:shop/instance/orders"})
        record = Memory(written=written)
        live = LiveObject(
            kind="Instance", id="1", fields=fields, labels=labels, record=record, facts=InstanceFacts()
        )
        return kind.basis(live, Resource(Address("Instance", "acme/orders"), {"config": wanted}))

    # What never was a secret is part of it, so that other people's changes are noticed.
    assert (basis("kanarie-1") == basis("kanarie-2")) is (how is not How.PLAIN)
