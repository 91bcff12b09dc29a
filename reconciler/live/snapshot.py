"""A tenant in a file: what plans read of it, without secrets, so that they can be made without it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.live.recording import Heard
from reconciler.model.errors import InvalidInput

FORMAT = "reconciler.snapshot/v1"
MAX_BYTES = 2 * 1024**3
CODE = "snapshot-file"
_FAMILY = "reconciler.snapshot/"
_AGAIN = "take a new one with: reconciler snapshot -o FILE"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a tenant answered. `check` tells which key its stand-ins were made with; empty: none was there.
    `withheld` counts what is not in it.
    """

    project: str
    environment: str
    tenant: str
    stack: str
    taken_at: str
    salt: str
    check: str
    withheld: int = 0
    answers: tuple[Heard, ...] = field(default=(), repr=False)

    def packed(self) -> bytes:
        """The file. The same content gives the same bytes."""
        document = {
            "format": FORMAT,
            "project": self.project,
            "environment": self.environment,
            "tenant": self.tenant,
            "stack": self.stack,
            "takenAt": self.taken_at,
            "salt": self.salt,
            "check": self.check,
            "withheld": self.withheld,
            "answers": [
                {
                    "name": one.name,
                    "query": one.query,
                    "variables": dict(one.variables),
                    "status": one.status,
                    "body": one.body,
                }
                for one in self.answers
            ],
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0)


def unpacked(data: bytes, name: str) -> Snapshot:
    """The snapshot in a file. Raises InvalidInput where it is none, or one of another version."""
    try:
        text = zlib.decompressobj(wbits=31)
        plain = text.decompress(data, MAX_BYTES)
        if not text.eof:
            raise EOFError
        found = json.loads(plain.decode("utf-8", "surrogatepass"))
    except (zlib.error, EOFError, ValueError, RecursionError) as error:
        message = f'"{name}" is not a snapshot, or not all of one'
        raise InvalidInput.of(CODE, message, hint=_AGAIN) from error
    form = found.get("format") if isinstance(found, Mapping) else None
    if form != FORMAT:
        is_other = isinstance(form, str) and form.startswith(_FAMILY)
        said = f'"{name}" is a snapshot of another version ("{form}")' if is_other else None
        hint = f"{_AGAIN}; or use the version of this tool that took it" if is_other else _AGAIN
        raise InvalidInput.of(CODE, said or f'"{name}" is not a snapshot', hint=hint)
    try:
        return _read(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInput.of(CODE, f'"{name}" is not a whole snapshot', hint=_AGAIN) from error


def _read(found: Mapping[str, Any]) -> Snapshot:
    named = ("project", "environment", "tenant", "stack", "takenAt", "salt", "check")
    texts = [found[name] for name in named]
    if not all(isinstance(one, str) for one in texts):
        raise TypeError
    project, environment, tenant, stack, taken_at, salt, check = texts
    answers = tuple(
        Heard(str(one["name"]), str(one["query"]), dict(one["variables"]), int(one["status"]), one["body"])
        for one in found["answers"]
    )
    withheld = int(found["withheld"])
    return Snapshot(project, environment, tenant, stack, taken_at, salt, check, withheld, answers)
