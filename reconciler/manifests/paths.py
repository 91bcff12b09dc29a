"""Paths that files name: followed to where they really lead, which must be where the project allows it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_INSIDE = "keep it below the folder of reconciler.yaml, or add its folder to spec.allowOutside there"


class Outside(Exception):
    """A path that leads out of the project, in a circle, or nowhere. `code` and `reason` say which."""

    def __init__(self, code: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint = code, reason, hint


def inside(path: Path, root: Path, allowed: Iterable[Path] = ()) -> Path:
    """`path` with all links followed. Raises Outside where it is below neither `root` nor one of `allowed`,
    a loop, or not there.
    """
    bounds = (root, *allowed)
    try:
        real = path.resolve(strict=True)
        within = any(real.is_relative_to(bound.resolve()) for bound in bounds)
    except FileNotFoundError:
        # What must not be there is told as such, not as missing.
        if not any(Path(os.path.normpath(path)).is_relative_to(bound) for bound in bounds):
            raise Outside("outside-project", "is outside the project", _INSIDE) from None
        raise Outside("missing-file", "does not exist", "correct the path, or create it") from None
    except RuntimeError as error:
        raise Outside("link-loop", "is a loop of links", "remove the link") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise Outside("file-unreadable", f"cannot be read: {reason}", "correct the path") from error
    if not within:
        raise Outside("outside-project", "is outside the project", _INSIDE)
    return real
