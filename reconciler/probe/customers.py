"""What the customer tells: labels and their filter, nulls and empty texts."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either, unclear
from reconciler.probe.moves import LABELS
from reconciler.probe.scratch import DESCRIPTION, Scratch

_LIMITS = (255, 100, 64)


@answers("texts_read_back")
async def texts_read_back(scratch: Scratch) -> list[Finding]:
    """The description that the customer was made with, which has blanks around it."""
    read = scratch.created["description"]
    if read not in (DESCRIPTION, DESCRIPTION.strip()):
        raise Unclear("it came back as another text")
    same = read == DESCRIPTION
    evidence = f"blanks around a description {'came' if same else 'did not come'} back"
    return [either("texts_read_back", same, yes="as_sent", no="trimmed", evidence=evidence)]


@answers("labels_read_back")
async def labels_read_back(scratch: Scratch) -> list[Finding]:
    """Labels out of order and one of them twice."""
    sent = [*scratch.labels, "probe-b", "probe-a", "probe-b"]
    customer = await scratch.change("updateCustomer", id=scratch.customer, labels=sent)
    scratch.note(LABELS, scratch.created, customer)
    return [_order(sent, customer["labels"] or [])]


def _order(sent: Sequence[str], read: Sequence[str]) -> Finding:
    rule = "labels_read_back"
    if set(read) != set(sent):
        return unclear(rule, "the labels that were read back are others")
    if read == sent:
        return Finding(rule, "as_sent", "order and repetition came back")
    if read == list(dict.fromkeys(sent)):
        return Finding(rule, "deduplicated", "the repetition is gone, the order is not")
    if read == sorted(read):
        return Finding(rule, "sorted", "they came back sorted")
    return unclear(rule, "they came back in an order of their own")


@answers("label_match")
async def label_match(scratch: Scratch) -> list[Finding]:
    """The filter with the run's label and with half of it."""
    found = (await scratch.answer("byLabel", whole=scratch.run, part=scratch.run[:6])).data or {}
    whole, part = (
        scratch.customer in [node["id"] for node in (found.get(name) or {}).get("nodes") or ()]
        for name in ("whole", "part")
    )
    if not whole:
        raise Unclear("labels_Contains does not find the whole label")
    evidence = f"half of a label finds {'it' if part else 'nothing'}"
    return [either("label_match", part, yes="part", no="whole", evidence=evidence)]


@answers("label_limit")
async def label_limit(scratch: Scratch) -> list[Finding]:
    """Ever shorter labels until one is taken."""
    said = ""
    for length in _LIMITS:
        long = "p" * length
        made, refusal = await scratch.attempt(
            "updateCustomer", id=scratch.customer, labels=[*scratch.labels, long]
        )
        if made is not None and long in (made["labels"] or ()):
            text = f"{length} characters are taken" + (f", more are not ({said})" if said else "")
            return [Finding("label_limit", str(length), text)]
        said = refusal or "cut"
    raise Unclear(f"even {_LIMITS[-1]} characters are refused: {said}")


@answers("activity_log")
async def activity_log(scratch: Scratch) -> list[Finding]:
    """Whether the log has heard of anything since the customer was made."""
    answer = await scratch.answer("activity", since=scratch.created["createdAt"])
    if answer.faults or not answer.data:
        raise Unclear(answer.faults[0].message if answer.faults else "there is no answer")
    heard = bool((answer.data.get("activities") or {}).get("nodes"))
    evidence = f"it has {'something' if heard else 'nothing'} from this run"
    return [either("activity_log", heard, yes="on", no="off", evidence=evidence)]


@answers("null_input")
async def null_input(scratch: Scratch) -> list[Finding]:
    """An explicit null for a description that there is."""
    read = (await scratch.change("updateCustomer", id=scratch.customer, description=None))["description"]
    evidence = "a description outlived a null" if read else "a null took a description away"
    return [either("null_input", not read, yes="clears", no="ignored", evidence=evidence)]


@answers("empty_external_id")
async def empty_external_id(scratch: Scratch) -> list[Finding]:
    """An empty external id."""
    read = (await scratch.change("updateCustomer", id=scratch.customer, externalId=""))["externalId"]
    if read not in (None, ""):
        raise Unclear("an empty externalId leaves the former one")
    evidence = 'externalId "" came back ' + ("as null" if read is None else "as it was sent")
    return [either("empty_external_id", read is None, yes="null", no="empty", evidence=evidence)]


CUSTOMERS: tuple[Experiment, ...] = (
    texts_read_back,
    labels_read_back,
    label_match,
    label_limit,
    activity_log,
    null_input,
    empty_external_id,
)
"""In the order in which they are made."""
