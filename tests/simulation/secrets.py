"""Looks for secrets in every byte that leaves a process."""

from __future__ import annotations

from collections.abc import Iterable

from tests.torture.runner import _forms


class Watch:
    """Knows all secrets, and the forms in which one may be written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: set[str] = set()
        self._known: set[str] = set()
        self.secrets(secrets)

    def secrets(self, more: Iterable[str]) -> None:
        """From now on these, too."""
        for secret in sorted(set(more) - self._known):
            self._known.add(secret)
            self._forms |= _forms(secret)

    def seen_in(self, where: str, text: str) -> list[str]:
        """What is seen in a text."""
        return [f"a secret in {where}, as {form[:8]}…" for form in sorted(self._forms) if form in text]
