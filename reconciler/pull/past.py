"""What the files of a project said before: what tells a change in git from one in the tenant, where no record
on the object does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.problem import Where
from reconciler.yaml12.text import parse


@dataclass(frozen=True, slots=True)
class Past:
    """The earlier texts of one file: `pulled`, in which a pull left nothing open, and those of git, the
    newest first. `whole` says that git's first one is among them.
    """

    pulled: str | None = None
    texts: tuple[str, ...] = ()
    whole: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """All of them, the likeliest first."""
        return tuple(dict.fromkeys((*([self.pulled] if self.pulled is not None else []), *self.texts)))


Pasts = Callable[[Collection[str]], Mapping[str, Past]]
"""What these files said before, by their paths."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of the project's files: as they are (empty where there is none), and as they were."""

    read: Callable[[str], str]
    pasts: Pasts


class _Unknown:
    """That nobody can tell what a value was."""

    def __repr__(self) -> str:
        return "not known"


NOT_KNOWN: Final = _Unknown()
ABSENT: Final = object()
"""That a file did not speak of it."""


class Reader:
    """Reads manifests out of texts, each text once."""

    def __init__(self) -> None:
        self._read: dict[str, list[Mapping[str, Any]]] = {}

    def document(self, text: str, address: Address) -> Mapping[str, Any] | None:
        """The manifest of an address, as it is written; None where the text has none."""
        if text not in self._read:
            documents, _ = parse(text, "")
            self._read[text] = [one.value for one in documents if isinstance(one.value, dict)]
        return next((one for one in self._read[text] if _is_of(one, address)), None)

    def value(self, text: str, address: Address, place: Where) -> object:
        """What stands at a place of that manifest; ABSENT where nothing does."""
        found: object = self.document(text, address)
        for part in place:
            if not isinstance(found, Mapping) or part not in found:
                return ABSENT
            found = found[part]
        return found

    def values(self, past: Past, address: Address, place: Where) -> Iterator[object]:
        """What stood there in git, the newest first, as far as the manifest was in that file."""
        for text in past.texts:
            if self.document(text, address) is not None:
                yield self.value(text, address, place)


def _is_of(document: Mapping[str, Any], address: Address) -> bool:
    metadata, spec = document.get("metadata"), document.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        return False
    if document.get("kind") != address.kind or metadata.get("name") != address.leaf:
        return False
    return address.kind != "Instance" or address.name == f"{spec.get('customer')}/{address.leaf}"
