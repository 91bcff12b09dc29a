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
from reconciler.kinds.instance.secrets import git_unchanged, secret_cause
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.causes import Ways, explained, fits, part_causes, told, with_blanks
from reconciler.kinds.table.record import Memory
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause
from reconciler.model.secret import SHOWN, Hidden, Secret
from reconciler.model.state import How, Written

Differing = Sequence[tuple[str, str, object, object]]
"""What differs: a variable's key, the path below it, what is live, what is wanted."""


def config_causes(request: Request, differing: Differing) -> dict[str, Cause]:
    """The cause of each difference, by path. It is only named where it is known."""
    memory = remembered(request)
    if memory.written is None:
        return {
            path: _of_secrets(before, after, request) or Cause.UNKNOWN for _, path, before, after in differing
        }
    known = {key: memory.written.get(f"config.{key}") for key, *_ in differing}
    whole = memory.applied.get("config")
    together = _together(request, memory, differing, whole) if whole else {}
    causes: dict[str, Cause] = {}
    for key in known:
        rows = [row for row in differing if row[0] == key]
        if known[key] is None and f"config.{key}" not in memory.unsaid:
            causes |= {path: _unrecorded(request, key, before) for _, path, before, _ in rows}
        else:
            causes |= _of_key(request, known[key], rows, together.get(key, Cause.UNKNOWN))
    return causes


def _of_key(request: Request, written: Written | None, rows: Differing, together: Cause) -> dict[str, Cause]:
    """The causes of what differs in one variable; `together` is what the common digest tells of it. The
    record may have had no room to say how it was `written`.
    """
    key = rows[0][0]
    wanted = config_wanted(request)[key]
    if written is None:
        return {p: _of_secrets(before, after, request, together) or together for _, p, before, after in rows}
    if written.how is How.PARTS and written.digest and is_connection(wanted):
        return _of_parts(request, written, rows)
    why = together
    if written.digest:
        desired, live = form(wanted), live_form(wanted, _found(request, key))
        why = told(written.digest, desired, live, *_trimmed_from(wanted, _found(request, key)))
        if has_secret(wanted) and not is_connection(wanted):
            live = live_form("", _found(request, key))
            why = Cause.PENDING if fits(written.digest, live) else Cause.BOTH
    if written.how is How.SECRET and not has_secret(wanted):
        # Git calls it a secret no more: whether the tenant still has that one, only the keyed digest knows.
        kept = git_unchanged(request)
        return {path: Cause.PENDING if kept else Cause.UNKNOWN for _, path, *_ in rows}
    return {path: _of_secrets(before, after, request, why) or why for _, path, before, after in rows}


def _unrecorded(request: Request, key: str, before: object) -> Cause:
    """The cause of what git did not speak of before, or spoke of as it was: then nothing was written down,
    and whoever changed it since is not known, unless it has what the definition gives it.
    """
    default = facts_of(request.live).defaults.get(key) if request.live else None
    untouched = isinstance(before, Hidden) or text(before) == "" or coarse(before) == coarse(default or "")
    return Cause.PENDING if untouched else Cause.UNKNOWN


def _of_secrets(before: object, after: object, request: Request, why: Cause = Cause.UNKNOWN) -> Cause | None:
    """Of secrets only the keyed digest knows; what is hidden shows no drift."""
    if isinstance(before, Hidden) and has_secret(after):
        return Cause.PENDING
    return secret_cause(request) if has_secret(after) and why is Cause.UNKNOWN else None


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
    return {
        paths[name]: _of_secrets(before, after, request) or causes.get(name, Cause.UNKNOWN)
        for name, (_, _, before, after) in zip(paths, rows, strict=True)
    }


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
