"""`merge-reports`: the documents of several runs as one, such as those of a matrix in a pipeline."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.manifests.schemas import validator
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.few import few
from reconciler.report.document import diagnostic_document
from reconciler.report.merging import OWN, merged
from reconciler.verbs.report_file import read

Document = dict[str, Any]

_KINDS = {f"reconciler.{kind}/v1": kind for kind in ("plan", "outcome", "drift")}
_WHAT = "report of plan, apply or drift"
_SAVE = "write one with: reconciler plan --report json=FILE"
_ABOUT = (("project", "the project"), ("environment", "the environment"), ("tenant", "the tenant"))
_LOST = "look at its job: what it did is not told here"
_NAMED = 5


def merge_reports(files: Sequence[Path]) -> tuple[str, Document]:
    """The kind of the reports in `files`, and one document of them. A report that holds only what ended a run
    goes with those of any kind. Raises InvalidInput where they do not belong together.
    """
    found = [(path, _report(path)) for path in files]
    told = [(path, one) for path, one in found if "format" in one]
    if not told:
        return "errors", {"errors": [entry for _, one in found for entry in one["errors"]]}
    if wrong := _strangers(told) or _overlaps(told):
        raise InvalidInput(wrong)
    kind = _KINDS[told[0][1]["format"]]
    ended = [entry for _, one in found if "format" not in one for entry in one["errors"]]
    ended += [diagnostic_document(one) for one in _untold(told)]
    made = merged(kind, [one for _, one in told])
    return kind, {**made, "errors": [*made.get("errors", ()), *ended]} if ended else made


def _report(path: Path) -> Document:
    found = read(path, what=_WHAT, hint=_SAVE)
    if isinstance(found, dict) and "format" not in found and _are_errors(found.get("errors")):
        return found
    kind = _KINDS.get(str(found.get("format"))) if isinstance(found, dict) else None
    if kind is None or next(validator(kind).iter_errors(found), None) is not None:
        raise InvalidInput.of("report-file", f'"{path}" is no {_WHAT}', hint=_SAVE)
    return dict(found)


def _are_errors(found: object) -> bool:
    return (
        isinstance(found, list)
        and bool(found)
        and all(isinstance(one, Mapping) and {"code", "message"} <= set(one) for one in found)
    )


def _strangers(told: Sequence[tuple[Path, Document]]) -> list[Diagnostic]:
    """The reports that are of another kind than the first, or about another project or environment."""
    path, first = told[0]
    found = []
    for other, one in told[1:]:
        if one["format"] != first["format"]:
            kinds = f"a report of {_verb(one)}, and {_quoted(path)} is one of {_verb(first)}"
            found.append(_apart(told, f"{_quoted(other)} is {kinds}"))
            continue
        for name, what in _ABOUT:
            here, there = first.get(name), one.get(name)
            if here is not None and there is not None and here != there:
                found.append(
                    _apart(
                        told,
                        f'{_quoted(other)} is about {what} "{there}", and {_quoted(path)} about "{here}"',
                    )
                )
        here, there = _shard(first).partition("/")[2], _shard(one).partition("/")[2]
        if here != there:
            cuts = f"of {_share(there)}, and {_quoted(path)} of {_share(here)}"
            found.append(_apart(told, f"{_quoted(other)} is {cuts}"))
    return found


def _shard(report: Document) -> str:
    return str(report.get("options", {}).get("shard") or "")


def _share(of: str) -> str:
    return f"one of {of} shards" if of else "the whole project"


def _untold(told: Sequence[tuple[Path, Document]]) -> list[Diagnostic]:
    """The shards of which there is no report, though there are of others."""
    of = _shard(told[0][1]).partition("/")[2]
    there = {_shard(one) for _, one in told}
    return [
        Diagnostic("shard-missing", f"shard {shard} is in none of these reports", hint=_LOST)
        for shard in (f"{number}/{of}" for number in range(1, int(of or 0) + 1))
        if shard not in there
    ]


def _apart(told: Sequence[tuple[Path, Document]], message: str) -> Diagnostic:
    """With the command that merges what goes with the first."""
    like = [path for path, one in told if _about(one) == _about(told[0][1])]
    return Diagnostic("reports-differ", message, hint=f"merge what belongs together: {_command(like)}")


def _about(report: Document) -> list[object]:
    parts = [report.get(name) for name in ("format", *(name for name, _ in _ABOUT))]
    return [*parts, _shard(report).partition("/")[2]]


def _overlaps(told: Sequence[tuple[Path, Document]]) -> list[Diagnostic]:
    """The reports that tell of an address that one before them tells of."""
    owner: dict[str, Path] = {}
    twice: dict[tuple[Path, Path], list[str]] = {}
    read: dict[Path, Path] = {}
    for path, one in told:
        if path.absolute() in read:
            twice[read[path.absolute()], read[path.absolute()]] = []
            continue
        read[path.absolute()] = path
        if (shard := _shard(one)) and (first := owner.setdefault(f"shard {shard}", path)) != path:
            twice.setdefault((first, path), []).append(f"shard {shard}")
        for address in dict.fromkeys(entry["address"] for name in OWN for entry in one.get(name, ())):
            if (first := owner.setdefault(address, path)) != path:
                twice.setdefault((first, path), []).append(address)
    later = {second for first, second in twice if first != second}
    rest = [path for path in read.values() if path not in later]
    hint = f"each resource stands in one report: {_command(rest)}"
    return [_overlap(first, second, some, hint) for (first, second), some in twice.items()]


def _overlap(first: Path, second: Path, addresses: Sequence[str], hint: str) -> Diagnostic:
    if first == second:
        return Diagnostic("reports-overlap", f"{_quoted(first)} is given twice", hint=hint)
    message = f"{_quoted(first)} and {_quoted(second)} both tell of {few(addresses, _NAMED)}"
    return Diagnostic("reports-overlap", message, hint=hint)


def _verb(report: Document) -> str:
    kind = _KINDS[report["format"]]
    return "apply" if kind == "outcome" else kind


def _quoted(path: Path) -> str:
    return f'"{path}"'


def _command(files: Sequence[Path]) -> str:
    return f"reconciler merge-reports {' '.join(shlex.quote(str(path)) for path in files)}"
