"""By what live objects are told as manifests would say them.

What must not be written, or only where somebody says so, stays what it is in what is told: a leaf that is
Secret, Hidden or Unproven.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from reconciler.model.secret import Unproven
from reconciler.model.state import LiveObject, Version


class Untellable(Exception):
    """Why no manifest could say what an object is."""


def _no_release(_integration: LiveObject, _version: Version) -> str:
    return ""


def _nothing(_key: str, _value: str) -> bool:
    return False


class Telling(Struct, frozen=True):
    """What objects are told by: what the manifests of others are called, by kind and id, the kinds that may
    be named without one, the integrations by the ids of their sequences and what means a version of them, and
    which texts that may be secrets somebody calls plain.
    """

    names: Mapping[tuple[str, str], str] = {}
    looked_up: frozenset[str] = frozenset()
    integrations: Mapping[str, LiveObject] = {}
    release: Callable[[LiveObject, Version], str] = _no_release
    plain: Callable[[str, str], bool] = _nothing

    def name(self, kind: str, object_id: object, title: object = "") -> str:
        """What another object is called in a manifest. Raises Untellable where nothing declares it."""
        found = self.names.get((kind, str(object_id)))
        if found is None and kind in self.looked_up and title:
            found = str(title)
        if found is None:
            raise Untellable(f'it refers to {kind} "{title or object_id}", which is in no manifest')
        return found

    def said(self, key: str, value: object) -> object:
        """A live value, revealed where somebody calls it plain."""
        if isinstance(value, Unproven) and self.plain(key, value.reveal()):
            return value.reveal()
        return value
