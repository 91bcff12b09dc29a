"""What lists tell: their order, what they leave out, and how long they may be."""

from __future__ import annotations

from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either
from reconciler.probe.scratch import Scratch


@answers("default_order")
async def default_order(scratch: Scratch) -> list[Finding]:
    """The draft and two versions, whose names sort otherwise than their moments."""
    first, second = scratch.version("plain")["id"], scratch.version("incomplete")["id"]
    draft = scratch.draft_id
    await scratch.update_draft(name=scratch.name("2"))
    found = await scratch.read("unordered", "integrations", sequence=scratch.sequence)
    order = [node["id"] for node in found["nodes"] if node["id"] in (first, second, draft)]
    for value, expected, what in (
        ("created", [draft, first, second], "the oldest stood first"),
        ("updated", [draft, second, first], "what was touched last stood first"),
        ("name", [second, draft, first], "they stood by their names"),
    ):
        if order == expected:
            return [Finding("default_order", value, what)]
    raise Unclear("three records stood in another order")


@answers("integration_filter")
async def integration_filter(scratch: Scratch) -> list[Finding]:
    """The instance by its version, and by the draft."""
    version = scratch.version("plain")["id"]
    found = (await scratch.answer("byIntegration", draft=scratch.draft_id, version=version)).data or {}
    by_version, by_draft = (
        scratch.instance_id in [node["id"] for node in (found.get(name) or {}).get("nodes") or ()]
        for name in ("version", "draft")
    )
    if not by_version:
        raise Unclear("the filter does not find the instance by its own version")
    evidence = f"the draft's id {'finds' if by_draft else 'does not find'} an instance of a version"
    return [either("integration_filter", by_draft, yes="sequence", no="exact", evidence=evidence)]


@answers("system_hidden")
async def system_hidden(scratch: Scratch) -> list[Finding]:
    """The integration's instances with and without its test instance."""
    sequence = scratch.sequence
    found = (await scratch.answer("system", sequence=sequence)).data or {}
    hidden, shown, both = (
        (found.get(name) or {}).get("totalCount", 0) for name in ("hidden", "shown", "both")
    )
    if not hidden or both not in (shown, shown + hidden):
        raise Unclear(f"{hidden} system instances and {shown} others, and {both} in all")
    evidence = f"a list without isSystem has {both} of {hidden + shown} instances"
    return [either("system_hidden", both == shown, yes="true", no="false", evidence=evidence)]


@answers("page_overflow")
async def page_overflow(scratch: Scratch) -> list[Finding]:
    """A list with first: 101."""
    answer = await scratch.answer("tooMany", sequence=scratch.sequence)
    evidence = answer.faults[0].message if answer.faults else "first: 101 was answered"
    return [either("page_overflow", bool(answer.faults), yes="error", no="clamp", evidence=evidence)]


LISTS: tuple[Experiment, ...] = (default_order, integration_filter, system_hidden, page_overflow)
"""In the order in which they are made. They need an instance on the first version."""
