"""`${secret:NAME}` in a definition: a text that stands nowhere in git, and is filled in before it is sent.

Where it is not known it is taken for what the other side has in its place: nobody could tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.nested import leaves, with_leaves
from reconciler.model.secret import Sealed, Secret

_HOLE = re.compile(r"\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}")


class Covered(str):
    """Stands in a definition for what is or may be a secret, in a run that reads none."""

    __slots__ = ()


COVERED = Covered("(not compared)")

Secrets = Mapping[str, Secret]
"""The secrets that a manifest gives to a definition, by their names in it."""


def hole(name: str) -> str:
    """What stands for a secret."""
    return f"${{secret:{name}}}"


def names_in(value: object) -> Iterator[str]:
    """The secrets that a definition names, each once."""
    found = (name for _, leaf in leaves(value) if isinstance(leaf, str) for name in _HOLE.findall(leaf))
    yield from dict.fromkeys(found)


def sent(tree: Any, secrets: Secrets) -> Any:
    """A tree with all secrets in their places, in plain text. Only what sends it may ask for it."""
    return with_leaves(tree, lambda leaf: put(leaf, secrets) if isinstance(leaf, str) else leaf)


def filled(wanted: Any, found: Any, secrets: Secrets) -> Any:
    """A meaning to be compared with the one found: of a text with secrets what is found, where it is that, or
    where they are not known; else a Secret. What is covered counts as git's.
    """
    if isinstance(found, Covered):
        return found
    if isinstance(wanted, Mapping):
        there = found if isinstance(found, Mapping) else {}
        return {key: filled(one, there.get(key), secrets) for key, one in wanted.items()}
    if isinstance(wanted, list):
        others = found if isinstance(found, list) else []
        known = len(others)
        return [filled(one, others[i] if i < known else None, secrets) for i, one in enumerate(wanted)]
    if not isinstance(wanted, str) or found in (None, ""):
        return wanted
    names = _HOLE.findall(wanted)
    if not names:
        return wanted
    if any(isinstance(secrets.get(name), Sealed | None) for name in names):
        return found
    text = put(wanted, secrets)
    return found if str(found) == text else Secret(text)


def put(text: str, secrets: Secrets) -> str:
    """A text with all secrets in their places that are known. Only what sends or compares it may ask."""
    return _HOLE.sub(lambda hole: secrets[hole[1]].reveal() if hole[1] in secrets else hole[0], text)
