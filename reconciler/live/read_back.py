"""Reads the YAML in which the server gives a definition back, by the same rules as manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.definition.meaning import UNREADABLE
from reconciler.yaml12.text import only_map


def read_back(text: str) -> Mapping[str, Any]:
    """What a definition says; {} where it is empty. What cannot be read differs from every manifest."""
    if not text.strip():
        return {}
    found = only_map(text)
    return {UNREADABLE: text} if found is None else found
