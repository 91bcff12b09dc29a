"""Who changed a config variable: git, the tenant, both, or nobody can tell.

The record says of each key how it was written, and where there is room what (decision 0006). Where there is
none, one digest stands for all recorded keys together, and what each of them was is worked out from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.instance.config_forms import (
    coarse,
    form,
    input_forms,
    live_form,
    live_input_forms,
    unmentioned_input_forms,
)
from reconciler.kinds.instance.config_values import has_secret, is_connection, text
from reconciler.kinds.instance.config_wanted import config_wanted
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import live_config
from reconciler.kinds.instance.secrets import secret_cause
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.causes import (
    Ways,
    explained,
    fits,
    judged,
    newly_named,
    newly_secret,
    part_causes,
    told,
    with_blanks,
)
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause
from reconciler.model.secret import SHOWN, Hidden, Secret
from reconciler.model.state import How, Memory, Written

Differing = Sequence[tuple[str, str, object, object]]
"""What differs: a variable's key, the path below it, what is live, what is wanted."""


def config_causes(request: Request, differing: Differing) -> dict[str, Cause]:
    """The cause of each difference, by path. It is only named where it is known."""
    memory = remembered(request)
    if memory.written is None:
        return _judged(request, differing, {})
    known = {key: memory.written.get(f"config.{key}") for key, *_ in differing}
    whole = memory.applied.get("config")
    together = _together(request, memory, differing, whole) if whole else {}
    causes: dict[str, Cause] = {}
    for key in known:
        rows = [row for row in differing if row[0] == key]
        if known[key] is None and f"config.{key}" not in memory.unsaid:
            causes |= {path: _newly_named(request, key, before) for _, path, before, _ in rows}
        else:
            causes |= _of_key(request, known[key], rows, together.get(key, Cause.UNKNOWN))
    return causes


def _judged(
    request: Request, rows: Differing, by_digest: Mapping[str, Cause], *, was_secret: bool = False
) -> dict[str, Cause]:
    """The cause of each row, with what the digests of plain values tell of its path."""
    return {
        path: judged(
            by_digest.get(path, Cause.UNKNOWN),
            secret_cause(request) if was_secret or has_secret(after) else Cause.UNKNOWN,
            is_secret=has_secret(after),
            was_secret=was_secret,
            is_hidden=isinstance(before, Hidden),
        )
        for _, path, before, after in rows
    }


def _of_key(request: Request, written: Written | None, rows: Differing, together: Cause) -> dict[str, Cause]:
    """The causes of what differs in one variable; `together` is what the common digest tells of it. The
    record may have had no room to say how it was `written`.
    """
    key = rows[0][0]
    wanted, found, why = config_wanted(request)[key], _found(request, key), together
    if written is None:
        return _judged(request, rows, dict.fromkeys([path for _, path, *_ in rows], together))
    if written.how is How.PARTS and written.digest and is_connection(wanted):
        return _of_parts(request, written, rows)
    if written.digest and has_secret(wanted) and not is_connection(wanted):
        why = newly_secret(written.digest, live_form("", found))
    elif written.digest:
        why = told(written.digest, form(wanted), live_form(wanted, found), *_trimmed_from(wanted, found))
    was_secret = written.how is How.SECRET and not has_secret(wanted)
    by_digest = dict.fromkeys([path for _, path, *_ in rows], why)
    return _judged(request, rows, by_digest, was_secret=was_secret)


def _newly_named(request: Request, key: str, before: object) -> Cause:
    """The cause of what git did not speak of before, or spoke of as it was: nobody touched it if it has what
    the definition gives it.
    """
    default = facts_of(request.live).defaults.get(key) if request.live else None
    untouched = isinstance(before, Hidden) or text(before) == "" or coarse(before) == coarse(default or "")
    return newly_named(is_untouched=untouched)


def _of_parts(request: Request, written: Written, rows: Differing) -> dict[str, Cause]:
    key, paths = rows[0][0], {path.removeprefix(f"{rows[0][0]}.inputs."): path for _, path, *_ in rows}
    wanted, found = config_wanted(request)[key], _found(request, key)
    inputs = wanted["inputs"] if is_connection(wanted) else {}
    theirs = live_input_forms(inputs, found)
    causes = part_causes(
        lambda recorded: fits(written.digest, {"inputs": recorded}),
        input_forms(inputs),
        {**theirs, **unmentioned_input_forms(inputs, found)},
        paths,
        [name for name in paths if theirs.get(name) == ""],
    )
    # Of a secret this digest holds no more than that there was one.
    plain = {paths[name]: why for name, why in causes.items() if not has_secret(inputs[name])}
    return _judged(request, rows, plain)


def _together(request: Request, memory: Memory, differing: Differing, whole: str) -> dict[str, Cause]:
    """The causes of the keys that differ, from the one digest of all that are recorded."""
    changed = {key for key, *_ in differing}
    wanted, written = config_wanted(request), memory.written or {}
    base: dict[str, object] = {}
    ways: dict[str, Ways] = {}
    for path in (*written, *sorted(memory.unsaid)):
        key = path.removeprefix("config.")
        if key == path or (path in memory.unsaid and key not in wanted):
            continue
        options = _options(wanted, _found(request, key), key, written.get(path), changed)
        if len(options) == 1:
            base[key] = options[0][0]
        else:
            ways[key] = options
    found = explained(base, ways, lambda forms: fits(whole, recorded(forms)))
    return {key: why for key, why in found.items() if key in changed}


def _options(
    wanted: Mapping[str, object], found: object, key: str, written: Written | None, changed: set[str]
) -> Ways:
    """What the record may hold of a key; where it had no room to say how it was `written`, as git has it."""
    if written is not None and key not in wanted:  # not mentioned any more, or ignored
        return ((unmentioned(written, found), Cause.UNKNOWN),)
    if written is not None and written.how is How.SECRET:
        return ((SHOWN, Cause.UNKNOWN),)
    if key not in changed:
        return ((form(wanted[key]), Cause.UNKNOWN),)
    if has_secret(wanted[key]) and not is_connection(wanted[key]):
        return ((live_form("", found), Cause.PENDING), (SHOWN, Cause.UNKNOWN))
    others = [(one, Cause.PENDING) for one in _trimmed_from(wanted[key], found)]
    return ((form(wanted[key]), Cause.DRIFT), (live_form(wanted[key], found), Cause.PENDING), *others)


def _trimmed_from(wanted: object, found: object) -> list[str]:
    """What else may have been written where a text is live, which git has another text for."""
    is_text = isinstance(wanted, str) and isinstance(found, str | Secret)
    return with_blanks(wanted, text(found)) if is_text else []


def recorded(forms: Mapping[str, object]) -> Mapping[str, object]:
    """What the common digest is made of: the forms of all recorded keys."""
    return {key: forms[key] for key in sorted(forms)}


def unmentioned(written: Written, found: object) -> object:
    """The form of a recorded key that git does not mention any more: what is live."""
    if written.how is not How.PLAIN:
        return SHOWN
    return live_form("", found)


def _found(request: Request, key: str) -> object:
    return live_config(request.live).get(key)
