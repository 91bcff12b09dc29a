"""What began a run, for the journal: which verb, who, and of which commit."""

from __future__ import annotations

from subprocess import TimeoutExpired

from reconciler.manifests.program import output_of
from reconciler.verbs.commit import commit_attributes
from reconciler.verbs.git import GIT
from reconciler.verbs.lease import holder
from reconciler.verbs.session import Session

_SECONDS = 10.0
_MOST = 1024


def origin(session: Session) -> dict[str, str]:
    """The verb, the address of the CI run or user@host, and the commit, as far as they are known."""
    found = {"verb": session.verb, "by": holder(session.environ), "commit": _commit(session)}
    return {name: value for name, value in found.items() if value}


def _commit(session: Session) -> str:
    """The commit that CI works on, else that of the project's repository; with `-dirty` behind it where files
    differ from it.
    """
    if told := commit_attributes(session.environ).get("commitHash"):
        return told
    root = session.project.root
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return ""
    words = [*GIT, "-C", str(root), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]
    try:
        code, out = output_of(words, folder=root, environ=session.environ, seconds=_SECONDS, most=_MOST)
    except (OSError, ValueError, TimeoutExpired):  # the journal tells what it can
        return ""
    return "" if code else out.decode(errors="replace").strip()
