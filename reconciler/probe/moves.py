"""Whether every change of an object moves its updatedAt, by what the other experiments saw."""

from __future__ import annotations

from reconciler.probe.experiment import answers
from reconciler.probe.finding import Finding, Unclear, either
from reconciler.probe.scratch import Scratch

LABELS, INSTANCE_LABELS = "labels of a customer", "labels of an instance"
CONFIGURATION, DEPLOY = "configuration", "a deploy"
_CHANGES = (LABELS, INSTANCE_LABELS, CONFIGURATION, DEPLOY)


@answers("updated_at_moves")
async def updated_at(scratch: Scratch) -> list[Finding]:
    """All that need not be taken for an object's own fields; who rests on this must not miss one."""
    still = [change for change in _CHANGES if not scratch.moved.get(change, True)]
    unseen = [change for change in _CHANGES if change not in scratch.moved]
    if unseen and not still:
        raise Unclear(f"it was not seen what {unseen[0]} does to updatedAt")
    evidence = f"not moved by {', '.join(still)}" if still else "moved by labels, configuration and deploys"
    return [either("updated_at_moves", not still, yes="everything", no="own_fields_only", evidence=evidence)]
