"""`sandbox`: a tenant on this machine, served to other tools, emptied, or made to behave otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.manifests import project as projects
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.hints import suggest
from reconciler.verbs.session import SANDBOX, Session, open_sandbox, open_session
from reconciler.yaml12.document import Document
from reconciler.yaml12.file import read

if TYPE_CHECKING:
    from reconciler.sandbox.faults import Fault


class RuleState(Struct, frozen=True):
    """One rule of a sandbox: what holds now, what could, and what it is about."""

    name: str
    value: str
    values: tuple[str, ...]
    meaning: str

    @property
    def default(self) -> str:
        """What holds unless another value is set."""
        return self.values[0]


def find_session(project_file: Path | None, environ: Mapping[str, str], folder: Path) -> Session | None:
    """The project whose sandbox is meant; None where no project is named and none lies around `folder`."""
    if project_file is None and projects.find(folder) is None:
        return None
    return open_session(project_file, SANDBOX, environ, folder)


def serve(
    session: Session | None,
    *,
    host: str,
    port: int,
    database: Path | None,
    rules: Sequence[tuple[str, str]],
    faults: Sequence[Fault] = (),
    seed: int | None = None,
    component_shift: int,
    version_shift: int,
    ready: Callable[[dict[str, str]], Any],
) -> None:
    """Serves a sandbox until SIGINT or SIGTERM; `ready` gets its url, token, refreshToken and tenant.

    The tenant is kept in `database`, else in the project's own file, else it goes with the process. Faults
    take the place of those that are armed in it; a seed alone starts those anew.
    Raises InvalidInput for a host that is not this machine or a wrong rule, ReconcilerError otherwise.
    """
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox import serve as run

    for name, value in rules:
        check_rule(name, value)
    if session is not None and database is None:
        open_sandbox(session).close()  # makes the folder, with what keeps it out of git
        database = session.state / "sandbox.db"
    sandbox = checked_open(
        lambda: Sandbox(database or ":memory:", component_shift=component_shift, version_shift=version_shift),
        database,
    )
    try:
        for name, value in rules:
            sandbox.set_rule(name, value)
        if faults:
            sandbox.set_faults(faults, seed=seed or 0)
        elif seed is not None:
            sandbox.reseed(seed)
        run(sandbox, host, port, ready)
    except ValueError as error:
        raise InvalidInput.of("bad-host", str(error).replace("'", '"')) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "choose another --port; 0 takes a free one"
        raise ReconcilerError(f"{host}:{port} cannot be served: {reason}", hint=hint) from error
    finally:
        sandbox.close()


def reset(session: Session) -> None:
    """Empties the project's embedded sandbox. Its rules, tokens and identity stay."""
    sandbox = checked_open(lambda: open_sandbox(session), session.state / "sandbox.db")
    try:
        sandbox.reset()
    finally:
        sandbox.close()


def seed(session: Session, *, integrations: int, customers: int, instances: int) -> None:
    """Adds published integrations, customers and deployed instances to the project's embedded sandbox.

    Raises InvalidInput where a customer of that name is there already.
    """
    from reconciler.sandbox.seed import seed as fill

    sandbox = checked_open(lambda: open_sandbox(session), session.state / "sandbox.db")
    try:
        _, answer, _ = sandbox.execute('{ customers(name: "customer-0001") { totalCount } }')
        if answer["data"]["customers"]["totalCount"]:
            hint = "empty it first: reconciler sandbox reset"
            raise InvalidInput.of("seeded-already", "the sandbox holds such objects already", hint=hint)
        fill(sandbox, integrations=integrations, customers=customers, instances=instances)
    finally:
        sandbox.close()


def configure(session: Session, instance: str, text: str, version: str | None) -> None:
    """Saves the configuration of an instance of a headless integration, for the version that it has or for
    another one, as a person does in the web app. Raises InvalidInput.
    """
    sandbox = checked_open(lambda: open_sandbox(session), session.state / "sandbox.db")
    try:
        sandbox.configure(instance, json.loads(text), version=version)
    except ValueError as error:
        message = f"the instance cannot be configured: {error}"
        raise InvalidInput.of("bad-configuration", message, hint="write JSON that fits the schema") from error
    finally:
        sandbox.close()


def rules(session: Session | None, name: str = "", value: str | None = None) -> list[RuleState]:
    """The rules of the project's sandbox (their defaults where there is no project), or the one that is
    named, after it was set to `value` if that is given. Raises InvalidInput.
    """
    from reconciler.sandbox.rules import RULES, Rules

    if name:
        check_rule(name, value)
    current: Mapping[str, str] = Rules()
    if session is not None:
        opened = session
        sandbox = checked_open(lambda: open_sandbox(opened), session.state / "sandbox.db")
        try:
            if value is not None:
                sandbox.set_rule(name, value)
            current = sandbox.rules
        finally:
            sandbox.close()
    elif value is not None:
        raise InvalidInput.of(
            "no-project",
            "a rule is set in the sandbox of a project, and there is none here",
            hint="go to a project, or give it to a server: reconciler sandbox serve --rule NAME=VALUE",
        )
    chosen = [RULES[name]] if name else list(RULES.values())
    return [RuleState(rule.name, current[rule.name], rule.values, rule.meaning) for rule in chosen]


def read_rules(path: Path) -> list[tuple[str, str]]:
    """The rules in a file, a map of names to values in YAML or JSON. Raises InvalidInput."""
    _, documents, problems = read(path, str(path))
    if problems:
        first = problems[0]
        reason = first.message.removeprefix("cannot be read: ")
        message = f'"{path}" cannot be read: {reason}'
        raise InvalidInput([Diagnostic("file-unreadable", message, first.source, hint=first.hint)])
    found = documents[0].value if documents else None
    # As they are written, so that `true` and `400` are the values that are meant.
    rules = {name: _as_written(documents[0], name) for name in found} if isinstance(found, dict) else {}
    if not isinstance(found, dict) or None in rules.values():
        hint = "write NAME: VALUE, one a line, or let it be written: reconciler probe -o FILE"
        raise InvalidInput.of("bad-rule", f'"{path}" is not a map of rules to values', hint=hint)
    return [(name, value) for name, value in rules.items() if value is not None]


def _as_written(document: Document, name: str) -> str | None:
    """The text that stands at a name; None where that is a list or a map."""
    value = document.value[name]
    if isinstance(value, list | dict):
        return None
    return document.written((name,)) or (value if isinstance(value, str) else "")


def check_rule(name: str, value: str | None) -> None:
    """Raises InvalidInput unless there is such a rule and, where a value is given, it can have that."""
    from reconciler.sandbox.rules import RULES

    if name not in RULES:
        hint = suggest(name, list(RULES), "see them with: reconciler sandbox rule")
        raise InvalidInput.of("unknown-rule", f'there is no rule "{name}"', hint=hint)
    values = RULES[name].values
    if value is not None and value not in values:
        message = f'rule "{name}" cannot be "{value}"'
        raise InvalidInput.of("bad-rule", message, hint=f"write one of {', '.join(values)}")


def checked_open(make: Callable[[], Any], path: Path | None) -> Any:
    """A sandbox, or our error where its file is not one or cannot be opened."""
    import sqlite3

    try:
        return make()
    except (sqlite3.Error, OSError) as error:
        raise ReconcilerError(
            f"the sandbox's file {path} cannot be opened: {error}",
            hint="check that it is a sandbox's and that its folder exists and is writable",
        ) from error
