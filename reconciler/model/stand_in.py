"""The text that stands for a secret in a snapshot: an HMAC of it, and of its meanings. It may tell that it is
one of so many that the object's record is of: whoever has only the record could tell it no more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SIGN = "hmac:"
_TOKEN = re.compile(rf"{SIGN}(?P<digests>[0-9a-f]{{32}}(?:,[0-9a-f]{{32}})*)(?:;recorded=(?P<among>\d+))?")


def stand_in(digests: Sequence[str], among: int = 0) -> str:
    """The text; `among` is how many secrets the record is of, if it is one of them."""
    told = f";recorded={among}" if among else ""
    return f"{SIGN}{','.join(digests)}{told}"


def resembles(text: str) -> bool:
    """Whether a text could be taken for a stand-in: whoever wrote it may have copied one."""
    return SIGN in text


def digests_in(text: str) -> list[str]:
    """The digests in a stand-in; none in any other text."""
    found = _TOKEN.fullmatch(text)
    return found["digests"].split(",") if found else []


def are_those_recorded(texts: Sequence[str]) -> bool:
    """Whether all of these, or all but one, are the secrets that the record is of. Those that are no
    stand-ins are known here, and were found equal.
    """
    tokens = [found for text in texts if (found := _TOKEN.fullmatch(text))]
    among = {int(one["among"]) for one in tokens if one["among"]}
    others = sum(not one["among"] for one in tokens)
    return len(among) == 1 and len(texts) - min(among) in (0, 1) and others <= len(texts) - min(among)
