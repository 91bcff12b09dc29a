"""Names for what is different in each run, in the order in which it is met: a text then tells which are the
same, and stays as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import Path

ID = re.compile(r"\b([A-Za-z0-9+/]{40,}={0,2})(?:\n +[A-Za-z0-9+/]+={0,2})?")
NAMED = re.compile(rb"(\w+):([0-9a-f-]{36})(?:[^\w-].*)?", re.DOTALL)
DIGEST = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
SANDBOX_TIME = re.compile(r"2030-01-01[T ]00:00(?::[0-9.]+)?(?:Z|\+00:00)?")


class Marks:
    """The names that were given in one text, or in several that belong together."""

    def __init__(self) -> None:
        self._known = dict[str, str]()
        self._count = dict[str, int]()

    def of(self, kind: str, found: str) -> str:
        """The name of something: ‹Customer 1› for the first customer that was met."""
        if found not in self._known:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._known[found] = f"‹{kind} {self._count[kind]}›"
        return self._known[found]

    def put(self, text: str, root: Path) -> str:
        """The text without ids, the tenant's moments and the folder; digests keep their first 8 digits."""
        text = SANDBOX_TIME.sub(in_column(lambda _: "‹time›"), text)
        text = ID.sub(self._id, text.replace(str(root), "‹folder›"))
        return DIGEST.sub(r"\1…", text)

    def _id(self, found: re.Match[str]) -> str:
        """The mark of an id, which may be broken where a line was full."""
        for text in (found[0], found[1]):
            try:
                named = NAMED.fullmatch(base64.b64decode("".join(text.split()), validate=True))
            except binascii.Error:
                continue
            if named:
                rest = found[0].removeprefix(text)
                return self.of(named[1].decode(), "".join(text.split())) + rest
        return found[0]


def in_column(mark: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    """The mark, as wide as what it stands for where more columns follow."""

    def put(found: re.Match[str]) -> str:
        more = found.string[found.end() : found.end() + 2] == "  "
        return mark(found).ljust(len(found[0])) if more else mark(found)

    return put
