"""Tells why a value differs, from three digests: what git says, what we last wrote, what is live.

Every kind asks here: `cause`, `told` and `part_causes` say what the digests of plain values tell, `judged`
whether they or the keyed digest of secrets are to be believed. Where one digest stands for several parts,
each way in which it may have come about is tried: a cause is named only where all ways that fit agree on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from math import prod

from reconciler.model.digest import sha256
from reconciler.model.plan import Cause

ABSENT = object()
"""Stands for a part that the record may not have covered."""
Ways = Sequence[tuple[object, Cause]]
"""What a part may have been when the record was written, each with the cause that would follow."""
_MOST = 32


def cause(applied: Mapping[str, str], group: str, desired: object, live: object, *others: object) -> Cause:
    """The cause of a difference in `group`, which the record knows as a whole. `others` are further forms in
    which the live value may have been applied.

    A group that a record leaves out was not git's when it was written.
    """
    record = applied.get(group)
    if record:
        return told(record, desired, live, *others, *with_blanks(desired, live))
    return newly_named(is_untouched=bool(applied) and is_bare(live))


def judged(
    by_digest: Cause, by_key: Cause, *, is_secret: bool, was_secret: bool = False, is_hidden: bool = False
) -> Cause:
    """The cause of one difference. `by_digest` is what the digests of plain values tell, `by_key` what the
    keyed one of secrets does. `is_secret` says that git calls the value so, `was_secret` that it did when it
    was last written, and `is_hidden` that the tenant gives it back to nobody, so that no drift can be seen.
    """
    if is_secret and is_hidden:
        return Cause.PENDING
    if is_secret:
        return by_key if by_digest is Cause.UNKNOWN else by_digest
    if was_secret:  # whether the tenant still has that one, only the keyed digest knows
        return Cause.PENDING if by_key is Cause.DRIFT else Cause.UNKNOWN
    return by_digest


def newly_secret(record: str, live: object) -> Cause:
    """The cause where git calls a secret what was plain when `record` was made of it: git changed it."""
    return Cause.PENDING if fits(record, live) else Cause.BOTH


def newly_named(*, is_untouched: bool) -> Cause:
    """The cause where git did not name a value when the record was written. Whether git first named just what
    was there, and a person changed that since, nobody can tell, unless nobody ever touched it.
    """
    return Cause.PENDING if is_untouched else Cause.UNKNOWN


def with_blanks(desired: object, live: object) -> list[str]:
    """What else may have been written where a text is live: a tenant may keep no blanks around texts."""
    if not isinstance(desired, str) or not isinstance(live, str) or live != live.strip():
        return []
    lead, _, trail = desired.partition(desired.strip()) if desired.strip() else ("", "", desired)
    return sorted({f"{lead}{live}{trail}", f"{live}\n"} - {live, desired})


def is_bare(live: object) -> bool:
    """Whether there is nothing live that a person could have written."""
    return live in (None, "", [], (), {})


def told(record: str, desired: object, *live: object) -> Cause:
    """The cause where `record` is the digest of all that was written. Both forms may have one digest, if what
    differs in them does not enter it.
    """
    ours, theirs = fits(record, desired), any(fits(record, form) for form in live)
    if ours and theirs:
        return Cause.UNKNOWN
    if ours:
        return Cause.DRIFT
    return Cause.PENDING if theirs else Cause.BOTH


def fits(record: str, value: object) -> bool:
    """Whether `record`, which may hold only a digest's first digits, is the digest of `value`."""
    return sha256(value).startswith(record)


def part_causes(
    is_recorded: Callable[[Mapping[str, object]], bool],
    wanted: Mapping[str, object],
    found: Mapping[str, object],
    differing: Collection[str],
    bare: Collection[str] = (),
) -> dict[str, Cause]:
    """The causes of `differing` parts, of which not even those are known that the record covers: git may
    mention others since. Of those that are `bare` there is nothing live. Parts whose cause cannot be told are
    left out.
    """
    ways = {part: _ways(wanted[part], found.get(part, ABSENT), part in bare) for part in differing}
    same = {part: value for part, value in wanted.items() if part not in ways}
    without = [{k: v for k, v in same.items() if k != part} for part in same]
    more = [{**same, part: value} for part, value in found.items() if part not in wanted]
    for base in (same, *without, *more):
        if causes := explained(base, ways, is_recorded):
            return causes
    return {}


def explained(
    base: Mapping[str, object], ways: Mapping[str, Ways], is_recorded: Callable[[Mapping[str, object]], bool]
) -> dict[str, Cause]:
    """The causes of the parts in `ways`, beside those of `base`, whose values when the record was written are
    known. Empty where no way fits it; a part is left out where several do that differ on it.
    """
    causes: dict[str, set[Cause]] = {}
    for chosen in _combinations(list(ways.values())):
        there = zip(ways, chosen, strict=True)
        if is_recorded({**base, **{part: value for part, (value, _) in there if value is not ABSENT}}):
            for part, (_, why) in zip(ways, chosen, strict=True):
                causes.setdefault(part, set()).add(why)
    return {part: next(iter(found)) for part, found in causes.items() if len(found) == 1}


def _ways(desired: object, live: object, bare: bool) -> Ways:
    return (
        (desired, Cause.DRIFT),
        *([(live, Cause.PENDING)] if live is not ABSENT else []),
        *((form, Cause.PENDING) for form in with_blanks(desired, live)),
        (ABSENT, newly_named(is_untouched=bare or live is ABSENT)),
    )


def _combinations(ways: Sequence[Ways]) -> Iterator[tuple[tuple[object, Cause], ...]]:
    """All of them; of very many only those in which all parts went the same way."""
    if prod(map(len, ways)) <= _MOST:
        yield from product(*ways)
        return
    for index in range(max(map(len, ways))):
        yield tuple(one[min(index, len(one) - 1)] for one in ways)
