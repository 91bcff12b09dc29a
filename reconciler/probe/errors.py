"""What errors look like: of unknown ids, and of a request that succeeds in part."""

from __future__ import annotations

import uuid
from base64 import b64encode

from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either, unclear
from reconciler.probe.scratch import Scratch


def _absent() -> str:
    """The id of a customer that nobody has."""
    return b64encode(f"Customer:{uuid.uuid4()}".encode()).decode()


@answers("not_found")
async def not_found(scratch: Scratch) -> list[Finding]:
    """A query by an unknown id."""
    answer = await scratch.answer("customer", id=_absent())
    if not answer.faults:
        if (answer.data or {}).get("customer") is not None:
            raise Unclear("a made-up id found a customer")
        return [Finding("not_found", "null", "null without an error")]
    said = answer.faults[0].message
    if answer.data is None:
        return [Finding("not_found", "error", f"data is null, and the error: {said}")]
    return [Finding("not_found", "both", f"the field is null, and the error: {said}")]


@answers("mutation_not_found", "error_status", "transaction_of_aliases")
async def mutation_not_found(scratch: Scratch) -> list[Finding]:
    """Two updates in one request, of which the second is of an unknown id."""
    text = "set beside a failing update"
    answer = await scratch.answer(
        "oneOfTwo",
        first={"id": scratch.customer, "description": text},
        second={"id": _absent(), "description": text},
    )
    data = answer.data or {}
    payload = (data.get("second") or {}).get("errors")
    if not answer.faults and not payload:
        raise Unclear("an update of an unknown id is no error")
    now = await scratch.read("customer", "customer", id=scratch.customer)
    kept = now["description"] == text
    where = "at the top of the answer" if answer.faults else "in the payload"
    undone = "the update beside it " + ("stayed" if kept else "was undone")
    return [
        either(
            "mutation_not_found",
            bool(answer.faults),
            yes="top_level",
            no="payload",
            evidence=f"the error stands {where}",
        ),
        _status(answer.status),
        either("transaction_of_aliases", kept, yes="each_alone", no="all_or_nothing", evidence=undone),
    ]


def _status(status: int) -> Finding:
    evidence = f"HTTP {status} with errors in the answer"
    if status not in (200, 400):
        return unclear("error_status", evidence)
    return Finding("error_status", str(status), evidence)


ERRORS: tuple[Experiment, ...] = (not_found, mutation_not_found)
"""In the order in which they are made."""
