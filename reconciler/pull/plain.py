"""Which texts of a tenant look as if they were no secrets. None is written for that alone."""

from __future__ import annotations

import re

_LONG = 120
_KNOWN = re.compile(
    r"eyJ[\w-]+\.[\w-]+"  # a JWT
    r"|://[^/\s]*:[^/\s]*@"  # a URL with a password
    r"|-----BEGIN"
    r"|\b(?:sk|pk|rk|ghp|gho|ghs|glpat|xox[abpsr]|AKIA|ASIA|AIza|SG|shpat|hooks)[-_.A-Za-z0-9/]{8,}"
    r"|\b(?:basic|bearer)\s+\S+"
    r"|(?:password|passwd|secret|token|api[-_]?key|signature|credential)s?\W*[:=]"
    r"|[?&](?:sig|key|token|code|auth)=",
    re.IGNORECASE,
)
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{16,}")


def looks_plain(value: str) -> bool:
    """Whether a text is short, says words, and has nothing of a key, a token or a password."""
    if len(value) > _LONG or _KNOWN.search(value):
        return False
    return not any(_is_random(run) for run in _RUN.findall(value))


def _is_random(run: str) -> bool:
    """Whether letters and digits stand in it as nobody would write words."""
    if re.fullmatch(r"[A-Fa-f0-9-]{20,}", run):
        return True
    digits, upper = sum(c.isdigit() for c in run), sum(c.isupper() for c in run)
    lower = sum(c.islower() for c in run)
    words = re.split(r"[-_/]", run)
    if all(re.fullmatch(r"[a-z]{0,12}[0-9]{0,4}|[A-Z]?[a-z]{0,12}|[0-9]{1,4}", one) for one in words):
        return False
    return digits >= 2 or (upper >= 3 and lower >= 3) or len(run) >= 24
