"""What the files of a project said before: what tells a change in git from one in the tenant, where no record
on the object does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.manifests.instance_set import NAME as SET
from reconciler.manifests.overrides import effective
from reconciler.model.address import Address
from reconciler.model.problem import Where
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import parse


class Past(Struct, frozen=True):
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


class Texts(Struct, frozen=True):
    """The texts of the project's files: as they are (empty where there is none), and as they were."""

    read: Callable[[str], str]
    pasts: Pasts


class _Unknown:
    """That nobody can tell what a value was."""

    def __repr__(self) -> str:
        return "not known"


NOT_KNOWN: Final = _Unknown()
_INSTANCE = "Instance"
ABSENT: Final = object()
"""That a file did not speak of it."""


class Reader:
    """Reads manifests out of texts, each text once."""

    def __init__(self) -> None:
        self._read: dict[str, list[Document]] = {}
        self._found: dict[tuple[str, Address], Mapping[str, Any] | None] = {}

    def document(self, text: str, address: Address) -> Mapping[str, Any] | None:
        """The manifest of an address, as it is written, or what a set says of one of its instances; None
        where the text has neither.
        """
        if text not in self._read:
            documents, _ = parse(text, "")
            self._read[text] = [one for one in documents if isinstance(one.value, dict)]
        if (text, address) not in self._found:
            told = (_told_of(one, address) for one in self._read[text])
            self._found[text, address] = next((one for one in told if one is not None), None)
        return self._found[text, address]

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


def _told_of(document: Document, address: Address) -> Mapping[str, Any] | None:
    """What a document says of an address; None where it is about others."""
    value = document.value
    metadata, spec = value.get("metadata"), value.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        return None
    if metadata.get("name") != address.leaf:
        return None
    if address.kind == _INSTANCE and value.get("kind") == SET:
        return _member_of(document, spec, address.name.rpartition("/")[0])
    is_one = address.kind != _INSTANCE or address.name == f"{spec.get('customer')}/{address.leaf}"
    return value if is_one and value.get("kind") == address.kind else None


def _member_of(document: Document, spec: Mapping[str, Any], customer: str) -> Mapping[str, Any] | None:
    """The manifest that a customer's instance would have without its set; None where the set names others.
    Of one that is for labels nobody knows whom it was for: it is taken for one of them.
    """
    chosen, overrides = spec.get("customers"), spec.get("overrides", {})
    if not (isinstance(chosen, Mapping) and isinstance(overrides, Mapping)):
        return None
    names = chosen.get("names", [customer])
    if not (isinstance(names, list) and customer in names and isinstance(spec.get("template"), Mapping)):
        return None
    if isinstance(overrides.get(customer, {}), Mapping):
        document = effective(document, customer)
    template = document.value["spec"]["template"]
    return {**document.value, "kind": _INSTANCE, "spec": {"customer": customer, **template}}
