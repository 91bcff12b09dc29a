"""Secret values: where the files say that they come from, and reading them only when they are needed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.manifests.paths import inside
from reconciler.manifests.program import output_of
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.problem import Unusable
from reconciler.model.secret import Secret

MAX_SECRET_BYTES = 1024 * 1024
COMMAND_SECONDS = 60
_FORMS = ("env", "file", "command")
_HINT = "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"


class SecretSource(Struct, frozen=True):
    """Where a secret is read from. `kind` is env, file or command; `value` its name, path or words.

    A command in one text runs in a shell, one in words without.
    """

    kind: str
    value: str | tuple[str, ...]
    source: Source | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.value if isinstance(self.value, str) else self.value[0]}"


def is_secret(value: Any) -> bool:
    """Whether `value` is written as a secret: `{secret: …}` and nothing else."""
    return isinstance(value, dict) and len(value) == 1 and "secret" in value


def parse(value: Any, source: Source | None = None, *, address: str = "") -> SecretSource | Diagnostic:
    """The source that `value` (`{env: NAME}` and the like) names."""
    if isinstance(value, str):
        message = "a secret must not be written into the file"
        return Diagnostic("inline-secret", message, source, address=address, hint=_HINT)
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in _FORMS:
        message = "a secret must be read from exactly one of env, file and command"
        return Diagnostic("secret-source", message, source, address=address, hint=_HINT)
    kind, given = next(iter(value.items()))
    if isinstance(given, str) and given:
        return SecretSource(kind, given, source)
    if kind == "command" and isinstance(given, list) and given and all(isinstance(w, str) for w in given):
        return SecretSource(kind, tuple(given), source)
    message = f'"{kind}" of a secret must be text' + (" or a list of text" if kind == "command" else "")
    return Diagnostic("secret-source", message, source, address=address, hint=_HINT)


def resolve(
    source: SecretSource, environ: Mapping[str, str], root: Path, allowed: Iterable[Path] = ()
) -> Secret | Diagnostic:
    """The secret itself; a file stands below `root` or one of `allowed`. What went wrong is told without a
    word of the value or of a command's output.
    """
    if source.kind == "env":
        return _from_env(source, environ)
    if source.kind == "file":
        return _from_file(source, root, allowed)
    return _from_command(source, environ, root)


def _wrong(source: SecretSource, code: str, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, source.source, hint=hint)


def _from_env(source: SecretSource, environ: Mapping[str, str]) -> Secret | Diagnostic:
    name = str(source.value)
    if name not in environ:
        message = f'environment variable "{name}" is not set'
        return _wrong(source, "secret-missing", message, "set it, or name another source for the secret")
    if not environ[name]:
        return _wrong(
            source, "secret-empty", f'environment variable "{name}" is empty', "set it to the secret"
        )
    if not _is_text(environ[name]):
        message = f'environment variable "{name}" is not UTF-8 text'
        return _wrong(source, "secret-not-text", message, "encode it as base64")
    return Secret(environ[name], str(source))


def _is_text(value: str) -> bool:
    # The system hands out bytes that are no text as lone surrogates, which no request can carry.
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _from_file(source: SecretSource, root: Path, allowed: Iterable[Path]) -> Secret | Diagnostic:
    name = f'secret file "{source.value}"'
    try:
        path = inside(root / str(source.value), root, allowed)
        # A pipe would be waited for, and a device may never end.
        if not path.is_file():
            return _wrong(source, "secret-missing", f"{name} is not a file", "name a file")
        with path.open("rb") as stream:
            data = stream.read(MAX_SECRET_BYTES + 1)
    except Unusable as error:
        problem = error.problem
        code = "secret-outside" if problem.code == "outside-project" else "secret-missing"
        return _wrong(source, code, f"{name} {problem.message}", problem.hint)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return _wrong(source, "secret-missing", f"{name} cannot be read: {reason}", "correct its permissions")
    return _text(source, data, name)


def _from_command(source: SecretSource, environ: Mapping[str, str], root: Path) -> Secret | Diagnostic:
    words = source.value if isinstance(source.value, str) else list(source.value)
    name = f'secret command "{source.value if isinstance(source.value, str) else source.value[0]}"'
    hint = "run it by hand in the project's folder"
    try:
        code, data = output_of(
            words, folder=root, environ=environ, seconds=COMMAND_SECONDS, most=MAX_SECRET_BYTES
        )
    except subprocess.TimeoutExpired:
        return _wrong(source, "secret-command", f"{name} took longer than {COMMAND_SECONDS} seconds", hint)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a command"
        return _wrong(source, "secret-command", f"{name} cannot be run: {str(reason).lower()}", hint)
    if code != 0:
        return _wrong(source, "secret-command", f"{name} failed with exit code {code}", hint)
    return _text(source, data, name)


def _text(source: SecretSource, data: bytes, name: str) -> Secret | Diagnostic:
    if len(data) > MAX_SECRET_BYTES:
        return _wrong(source, "secret-too-large", f"{name} gives more than 1 MB", "a secret is shorter")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _wrong(source, "secret-not-text", f"{name} does not give UTF-8 text", "encode it as base64")
    text = text.removesuffix("\n").removesuffix("\r")
    return (
        Secret(text, str(source))
        if text
        else _wrong(source, "secret-empty", f"{name} gives nothing", "it must give the secret")
    )
