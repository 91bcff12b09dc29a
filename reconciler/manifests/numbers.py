"""Numbers of manifests that would not arrive as they are written: a number keeps its digits, or is refused.

Whatever a tenant is sent as a number is read there as a 64-bit floating-point number. Definitions are not
held to this: their text goes out as it stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal, DecimalException

from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12.document import Document

CODE = "yaml-number"
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


def number_problems(document: Document, address: str = "") -> Iterator[Diagnostic]:
    """The numbers of a manifest that lose digits, or that not everybody reads alike."""
    for written, value, source in document.numbers():
        if found := _problem(written, value):
            yield Diagnostic(
                CODE, found, source, address, hint=f'put it in quotes to make it text: "{written}"'
            )


def _problem(written: str, value: int | float) -> str:
    if _LEADING_ZERO.fullmatch(written):
        return f"the number {written} begins with a zero, which some read as octal"
    exact = _decimal(written if isinstance(value, float) else str(value))
    try:
        kept = float(value)
    except OverflowError:
        return f"the number {written} is larger than what is kept"
    # Of an infinite one, and of one that is none, the reader of the file has told already.
    if (
        exact is None
        or exact == Decimal(repr(kept))
        or (isinstance(value, float) and math.isinf(float(written)))
    ):
        return ""
    return f"the number {written} has more digits than are kept: it would become {kept!r}"


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except DecimalException:
        return None
