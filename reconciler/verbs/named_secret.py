"""A secret that an option names and does not hold: a command line stands in the list of processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.model.errors import InvalidInput
from reconciler.model.secret import Secret

_FILE = "@"
_LARGEST = 64 * 1024


def named_secret(name: str, option: str, environ: Mapping[str, str]) -> Secret:
    """What the variable `name` of the environment holds, or the file where the name is `@FILE`, without the
    space around it. Raises InvalidInput.
    """
    hint = f"{option} takes the name of a variable that holds it, or @ and the path of a file"
    if name.startswith(_FILE):
        return Secret(_read(Path(name.removeprefix(_FILE)), option, hint), f"file {name[1:]}")
    text = environ.get(name, "").strip()
    if not text:
        message = f'the variable "{name}" of {option} is not set, or empty'
        raise InvalidInput.of("webhook", message, hint=hint)
    if not _is_text(text):
        message = f'the variable "{name}" of {option} is no text in UTF-8'
        raise InvalidInput.of("webhook", message, hint=hint)
    return Secret(text, f"env {name}")


def _is_text(text: str) -> bool:
    """Whether a variable's value is text, and not bytes that stand for none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(path: Path, option: str, hint: str) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode("utf-8").strip()
    except OSError as error:
        why = (error.strerror or "unknown").lower()
        raise InvalidInput.of("webhook", f'the file "{path}" of {option} cannot be read: {why}') from None
    except UnicodeDecodeError:
        raise InvalidInput.of("webhook", f'the file "{path}" of {option} is no text in UTF-8') from None
    if not text or len(text) > _LARGEST:
        what = "is empty" if not text else "is too long for a secret"
        raise InvalidInput.of("webhook", f'the file "{path}" of {option} {what}', hint=hint)
    return text
