"""The contract's JSON documents, built once from the model: every other format is rendered from these, and
so cannot know, or give away, more than they say.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any

from reconciler.definition import Definition
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.digest import sha256
from reconciler.model.errors import InvalidInput, ReconcilerError, Refused
from reconciler.model.lease import Lease, moment
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import (
    Action,
    Cause,
    Change,
    Drift,
    Missing,
    Plan,
    Refusal,
    Requests,
    Stranger,
    Touched,
    Verb,
)
from reconciler.model.secret import SHOWN, Hidden, Secret
from reconciler.report import sanitize
from reconciler.report.rollouts import rollouts_part
from reconciler.report.ruled import policy_part
from reconciler.report.values import LONG, shorten

Document = dict[str, Any]

PLAN = "reconciler.plan/v1"
OUTCOME = "reconciler.outcome/v1"
DRIFT = "reconciler.drift/v1"

_PRETTY = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False)
_WORDS = 10_000  # of JSON in a piece
_STAMP = 15  # of a run's id, to the second

# Where only a digest tells what was applied, or nothing does: that is not "nothing was applied".
NOT_KNOWN = {Cause.BOTH: "(digest only)", Cause.UNKNOWN: "(not recorded)"}


def plan_document(plan: Plan, *, created_at: str, rate: float, sent: Requests | None = None) -> Document:
    """The plan as the contract's JSON. `rate` is the environment's requests a second, `sent` how many those
    will be where several calls travel in one.
    """
    return {
        "format": PLAN,
        **_head(plan, created_at),
        "checksum": _digest(plan.checksum),
        "summary": _summary(plan),
        "requests": _requests(sent or plan.requests, rate),
        "actions": [_action(action) for action in plan.actions],
        "drift": _drifts(plan),
        "warnings": [diagnostic_document(warning) for warning in plan.warnings],
        "refusals": [refusal_document(refusal) for refusal in plan.refusals],
        **({"refused": True} if plan.vetoes else {}),
        "notes": [diagnostic_document(note) for note in plan.notes],
        **policy_part(plan),
        "consequences": list(plan.consequences),
        "orphans": [str(address) for address in plan.orphans],
        **_left_out(plan),
        **rollouts_part(plan),
    }


def lease_document(lease: Lease, *, now: str) -> Document:
    """Who works on the tenant, as a part of the plan's document. `now` is an ISO 8601 moment."""
    return {
        "holder": lease.holder,
        "reason": lease.told,
        "since": moment(lease.since) if lease.since else None,
        "until": moment(lease.until) if lease.until else None,
        "expired": lease.expired(datetime.fromisoformat(now)),
    }


def outcome_document(outcome: Outcome, *, created_at: str, seconds: float = 0.0) -> Document:
    """What became of a plan as JSON. `seconds` is how long the whole run took."""
    statuses = Counter(result.status for result in outcome.results)
    planned = {action.id for action in outcome.plan.actions}
    return {
        "format": OUTCOME,
        **_head(outcome.plan, created_at),
        "checksum": _digest(outcome.plan.checksum),
        "interrupted": outcome.interrupted,
        "seconds": round(seconds, 3),
        "summary": {
            "actions": len(outcome.results),
            **{status.value: statuses[status] for status in Status},
            "doubtful": sum(result.doubtful for result in outcome.results),
            "unchanged": outcome.plan.unchanged,
            **({"refusals": len(outcome.plan.refusals)} if outcome.plan.refusals else {}),
        },
        "actions": [
            {**_result(result), **({} if result.action.id in planned else {"unplanned": True})}
            for result in outcome.results
        ],
        "warnings": [diagnostic_document(warning) for warning in outcome.plan.warnings],
        "refusals": [refusal_document(refusal) for refusal in outcome.plan.refusals],
        **policy_part(outcome.plan),
        **_left_out(outcome.plan),
        **rollouts_part(outcome.plan, outcome.results),
    }


def drift_document(
    plan: Plan, missing: Sequence[Missing] = (), *, created_at: str, unmanaged: bool = False
) -> Document:
    """Live against what was last applied as JSON: the plan's drift, and what is missing. What nobody manages
    is counted, and listed where `unmanaged` asks for it.
    """
    causes = Counter(drift.cause for drift in plan.drift)
    return {
        "format": DRIFT,
        **_head(plan, created_at),
        "summary": {
            "fields": len(plan.drift),
            "resources": len({drift.address for drift in plan.drift}),
            **{cause.value: causes[cause] for cause in Cause},
            "missing": len(missing),
            "unmanaged": plan.unmanaged,
            "orphans": len(plan.orphans),
            **({"unreadable": plan.unreadable} if plan.unreadable else {}),
        },
        "drift": _drifts(plan),
        "missing": [_missing(one) for one in missing],
        **({"unmanaged": [_stranger(one) for one in plan.strangers]} if unmanaged else {}),
        "warnings": [diagnostic_document(warning) for warning in plan.warnings],
        "notes": [diagnostic_document(note) for note in plan.notes],
        "orphans": [str(address) for address in plan.orphans],
    }


def errors_document(problem: BaseException | Iterable[Diagnostic]) -> Document:
    """An exception, or all that was found wrong with the input, as the contract's JSON. Diagnostics that only
    warn stand apart, under `warnings`.
    """
    if isinstance(problem, BaseException):
        entries = _exception(problem)
        return {"errors": entries}
    diagnostics = list(problem)
    document: Document = {"errors": [diagnostic_document(d) for d in diagnostics if d.severity != "warning"]}
    warnings = [diagnostic_document(d) for d in diagnostics if d.severity == "warning"]
    return {**document, "warnings": warnings} if warnings else document


def dumps(document: Any) -> str:
    """Pretty JSON, the same bytes for the same document, and safe to print on a terminal."""
    return "".join(pieces(document))


def pieces(document: Any) -> Iterator[str]:
    """The same text in pieces: as one, what a large run tells takes more room than the run."""
    words = _PRETTY.iterencode(document)
    while piece := "".join(islice(words, _WORDS)):
        yield sanitize.json_text(piece)


def plain(value: Any) -> Any:
    """A value of the model as JSON data. Secrets, Refs and definitions become words; anything unforeseen
    becomes the name of its type, since its repr could say too much.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, Set):
        return sorted((plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    return _word(value)


def _word(value: Any) -> str | None:
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, Hidden):
        return SHOWN if value.present else None
    if isinstance(value, Ref | Address):
        return str(value)
    if isinstance(value, Definition):
        return f"(definition) sha256:{sha256(value.text)[:12]}"
    return f"({type(value).__name__})"


def _head(plan: Plan, created_at: str) -> Document:
    return {
        "project": plan.project,
        "environment": plan.environment,
        "createdAt": created_at,
        "desired": _digest(plan.desired),
        "live": _digest(plan.live),
    }


def _digest(digest: str) -> str:
    """A digest with its algorithm's name in front, which the model leaves out."""
    return digest if digest.startswith("sha256:") else f"sha256:{digest}"


def _left_out(plan: Plan) -> Document:
    found = [
        {"address": str(one.address), "reason": one.reason, **({"refused": True} if one.refused else {})}
        for one in plan.left_out
    ]
    return {"leftOut": found} if found else {}


def _summary(plan: Plan) -> dict[str, int]:
    verbs = Counter(action.verb for action in plan.actions)
    return {
        "actions": len(plan.actions),
        **{verb.value: verbs[verb] for verb in Verb},
        "unchanged": plan.unchanged,
        "unmanaged": plan.unmanaged,
        "orphans": len(plan.orphans),
        "drift": len(plan.drift),
        **({"leftOut": len(plan.left_out)} if plan.left_out else {}),
        **({"unreadable": plan.unreadable} if plan.unreadable else {}),
        "warnings": len(plan.warnings),
        "refusals": len(plan.refusals),
        "notes": len(plan.notes),
    }


def _requests(sent: Requests, rate: float) -> Document:
    seconds = (sent.read + sent.write) / rate if rate > 0 else 0.0
    return {"read": sent.read, "write": sent.write, "seconds": round(seconds, 1)}


def _action(action: Action) -> Document:
    return {
        "id": action.id,
        "address": str(action.address),
        "verb": action.verb.value,
        "reason": action.reason,
        "dependsOn": list(action.depends_on),
        "changes": [_change(change) for change in action.changes],
        "basis": action.basis,
        "target": action.target,
        "content": action.content,
    }


def _change(change: Change) -> Document:
    return {
        "path": change.path,
        "before": plain(change.before),
        "after": plain(change.after),
        "cause": change.cause.value,
    }


def _drifts(plan: Plan) -> list[Document]:
    touched = {one.address: one for one in plan.touched}
    return [{**_drift(one), **_touched(touched.get(one.address), one)} for one in plan.drift]


def _touched(touched: Touched | None, drift: Drift) -> Document:
    return {} if touched is None or drift.cause is Cause.UNKNOWN else touched_document(touched)


def touched_document(touched: Touched) -> Document:
    """Who changed an object, and when, in the tenant's own words."""
    entries = [{"sentence": sentence, "who": who, "at": at} for sentence, who, at in touched.entries]
    certainty = ("not known", "known")[len(entries)] if len(entries) < 2 else "perhaps"
    return {"updatedAt": touched.updated_at or None, "who": certainty, "activities": entries}


def _drift(drift: Drift) -> Document:
    applied = plain(drift.applied)
    return {
        "address": str(drift.address),
        "path": drift.path,
        "applied": NOT_KNOWN.get(drift.cause) if applied is None else applied,
        "live": plain(drift.live),
        "cause": drift.cause.value,
        **({} if drift.is_certain else {"certain": False}),
    }


def _missing(missing: Missing) -> Document:
    return {
        "address": str(missing.address),
        "why": missing.why.value if missing.why else None,
        "told": missing.told or None,
    }


def _stranger(stranger: Stranger) -> Document:
    return {"address": str(stranger.address), "id": stranger.id, "name": stranger.name}


def _result(result: Result) -> Document:
    return {
        **_action(result.action),
        "status": result.status.value,
        "error": result.error or None,
        "hint": result.hint,
        "because": result.because or None,
        "startedAt": result.started_at or None,
        "seconds": round(result.seconds, 3),
        "doubtful": result.doubtful,
        "kept": result.kept or None,
        "restore": _way_back(result),
    }


def _way_back(result: Result) -> str | None:
    """The command that brings back the draft that an action replaced."""
    if not result.kept:
        return None
    run = PurePath(result.kept).parent.stem[:_STAMP]
    return f"reconciler history {run} --restore {result.action.address}"


def refusal_document(refusal: Refusal) -> Document:
    """What is refused to a resource, or to the whole plan, as it stands in every document."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "address": refusal.address,
        "hint": refusal.hint,
    }


def diagnostic_document(diagnostic: Diagnostic) -> Document:
    """A finding as it stands in every document."""
    return _entry(diagnostic.code, diagnostic.message, diagnostic.address, diagnostic.hint, diagnostic.source)


def _entry(code: str, message: str, address: str, hint: str, source: Source | None = None) -> Document:
    place = source or Source("")
    return {
        "code": code,
        "message": shorten(message, LONG),
        "file": place.file or None,
        "line": place.line or None,
        "column": place.column or None,
        "address": address,
        "hint": shorten(hint, LONG),
    }


def _exception(error: BaseException) -> list[Document]:
    if isinstance(error, BaseExceptionGroup):  # concurrent tasks fail together
        return [entry for one in error.exceptions for entry in _exception(one)]
    if isinstance(error, InvalidInput):
        return [diagnostic_document(diagnostic) for diagnostic in error.diagnostics]
    if isinstance(error, Refused):
        return [_entry(r.code, r.message, r.address, r.hint) for r in error.refusals]
    if isinstance(error, ReconcilerError):
        return [_entry(error.code, error.message, error.address, error.hint)]
    return [_entry("internal", f"{type(error).__name__}: {error}", "", "")]
