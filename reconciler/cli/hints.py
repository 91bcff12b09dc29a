"""Commands in hints, as they can be pasted: with the environment and the project that were given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model.commands import COMMAND

_COMMAND = re.compile(COMMAND)
_SHOWN = ("hint", "restore")
"""The fields of documents that hold commands."""


def with_options(text: str, environment: str | None, project: Path | None) -> str:
    """The text, with the options behind each command in it that does not name them."""

    def named(match: re.Match[str]) -> str:
        _, verb, *words = match[0].split()
        own = environment if verb != "promote" and "-e" not in words else None
        options = [f"-e {shlex.quote(own)}"] if own else []
        options += [f"--project {shlex.quote(str(project))}"] if project and "--project" not in words else []
        return " ".join([match[0], *options])

    return _COMMAND.sub(named, text)


def in_document(document: Any, environment: str | None, project: Path | None) -> Any:
    """The document, with the options in all of its hints."""
    if isinstance(document, Mapping):
        return {
            key: with_options(value, environment, project)
            if key in _SHOWN and isinstance(value, str)
            else in_document(value, environment, project)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [in_document(item, environment, project) for item in document]
    return document
