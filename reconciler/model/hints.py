"""What to say to whoever wrote a name that nobody bears."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

# Above this many names, only those that begin alike are compared: each comparison costs microseconds, and
# one renamed integration can break thousands of references at once.
_MANY = 200


def closest(name: str, names: Collection[str]) -> str:
    """The one of `names` that `name` is most likely a slip of, or ""."""
    candidates: Collection[str] = names
    if len(names) > _MANY:
        candidates = [n for n in names if n[:2] == name[:2] and abs(len(n) - len(name)) <= 2][:_MANY]
    folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def suggest(name: str, names: Collection[str], otherwise: str = "") -> str:
    """A hint: the name that was probably meant, or `otherwise`, or all names if they are few."""
    near = closest(name, names)
    if near:
        return f'did you mean "{near}"?'
    if otherwise:
        return otherwise
    if len(names) == 1:
        return f"the only one is {listed(names)}"
    return f"write one of {listed(sorted(names))}" if 0 < len(names) <= 12 else ""


def listed(names: Iterable[object]) -> str:
    """`names` in quotes, with commas between them."""
    return ", ".join(f'"{name}"' for name in names)
