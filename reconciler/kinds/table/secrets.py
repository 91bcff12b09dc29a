"""What our record proves of an object, and so which of its live texts may be shown.

A live text may be a secret that somebody typed in, or that git once called one. It is shown only where our
mark is on the object, the record says that this very key was last written (or found equal to git's) as plain
text, and git does not call it a secret now. Everything else fails closed (decision 0006).
"""

from __future__ import annotations

from reconciler.kinds.protocol import Policy, Request
from reconciler.kinds.table.marks import marks_in, marks_of, project_of
from reconciler.model.secret import Secret, Unproven
from reconciler.model.state import How, LiveObject, Memory


def remembered(request: Request) -> Memory:
    """What the record says; nothing where the object does not bear this project's mark: the record may have
    come with somebody's copy.
    """
    live = request.live
    if live is None or not _is_marked(live, request.project):
        return Memory()
    return live.record.memory


def has_record(live: LiveObject, policy: Policy) -> bool:
    """Whether the object has a record of what was applied, or the environment keeps none."""
    return not policy.record or live.record.is_there


def shown(value: object, path: str, request: Request) -> object:
    """A live value as a plan may hold it: a text only where it is proven to be plain, and as a secret where
    git called it one when it was last written.
    """
    if not request.policy.record:
        return value
    written = (remembered(request).written or {}).get(path)
    if written is None:
        return value
    if written.how is How.SECRET and isinstance(value, str | Unproven) and value:
        return Secret(value.reveal() if isinstance(value, Secret) else value)
    return value.reveal() if written.how is How.PLAIN and isinstance(value, Unproven) else value


def resting(value: object, path: str, live: LiveObject) -> object:
    """A live value as a digest may hold it from which somebody could guess: a text only where it is proven to
    be plain.
    """
    written = (live.written or {}).get(path)
    if written is not None and written.how is How.SECRET and isinstance(value, str):
        return Secret(value)
    proven = written is not None and written.how is How.PLAIN and bool(marks_in(live.labels, live.kind))
    return value.reveal() if proven and isinstance(value, Unproven) else value


def proven_plain(live: LiveObject, project: str) -> frozenset[str]:
    """The paths of the texts of which this project's record proves that they are plain."""
    if not _is_marked(live, project):
        return frozenset()
    return frozenset(path for path, one in (live.written or {}).items() if one.how is How.PLAIN)


def _is_marked(live: LiveObject, project: str) -> bool:
    return any(project_of(mark) == project.lower() for mark in marks_of(live))
