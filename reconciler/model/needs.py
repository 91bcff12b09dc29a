"""What a resource needs of the tenant that it is sent to, beside what manifests declare."""

from __future__ import annotations

from msgspec import Struct


class Component(Struct, frozen=True):
    """A component: any version of it (LATEST), that of a number, or that of a package."""

    key: str
    is_public: bool
    number: int | None = None
    signature: str = ""

    @property
    def name(self) -> tuple[str, bool]:
        """What is asked for of it, whatever its version."""
        return self.key, self.is_public


class Shared(Struct, frozen=True):
    """A connection that many integrations share, by its stable key."""

    stable_key: str


Need = Component | Shared
