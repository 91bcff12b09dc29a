"""Paths that files name: followed to where they really lead, which must be where the project allows it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from reconciler.model.problem import Unusable

_INSIDE = "keep it below the folder of reconciler.yaml, or add its folder to spec.allowOutside there"


def inside(path: Path, root: Path, allowed: Iterable[Path] = ()) -> Path:
    """`path` with all links followed. Raises Unusable where it is below neither `root` nor one of `allowed`,
    a loop, or not there.
    """
    bounds = (root, *allowed)
    try:
        real = path.resolve(strict=True)
        within = any(real.is_relative_to(bound.resolve()) for bound in bounds)
    except FileNotFoundError:
        # What must not be there is told as such, not as missing.
        if not any(Path(os.path.normpath(path)).is_relative_to(bound) for bound in bounds):
            raise Unusable("outside-project", "is outside the project", _INSIDE) from None
        raise Unusable("missing-file", "does not exist", "correct the path, or create it") from None
    except RuntimeError as error:
        raise Unusable("link-loop", "is a loop of links", "remove the link") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise Unusable("file-unreadable", f"cannot be read: {reason}", "correct the path") from error
    if not within:
        raise Unusable("outside-project", "is outside the project", _INSIDE)
    return real
