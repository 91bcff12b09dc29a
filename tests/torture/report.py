"""docs/reliability.md: what a run of the drills did, and what came of it, in figures."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.faults import KINDS
from tests.torture.drill import Tally

_INTRODUCTION = """\
# Reliability

Whatever happens in between, running `apply` again ends in the desired state: nothing is lost, nothing is
doubled, nothing of other people's is touched, no secret is shown.

This page is written by `make torture`. It starts `apply` as a process against a served sandbox, and
- injects faults on the way to the tenant and back, some of them after the server has carried the call out,
- ends the process with SIGKILL at random moments, and at every request of a run in turn, before the request
  is carried out and after it, unanswered,
- lets two runs work at once, while somebody edits the same objects, and other people's, in the web app.

Each drill applies two commits of a generated project, under random rules of the tenant. Then a run without
faults must end with 0, the next plan must be empty, and the tenant is held against a model that is worked
out from the manifests alone. A run that met faults may end with 0, 1, 4 or 5, never with a traceback, and
its outcome document must be consistent.
"""

_LIMITS = """\
## What is not promised

The platform has no conditional update, so a few things cannot be excluded, only made improbable:
- Two runs at once, without a [lease](usage.md#one-apply-at-a-time), may both publish the same release, if
  both look within the moment before either publishes. The versions hold the same definition, and all runs
  go by the older. With a lease it does not happen. Objects are created once even then: each run looks again
  after a creation, and all keep the oldest.
- A run that is killed in the moment between a creation and that look, while another run creates the same,
  leaves two objects. The next plan names both and refuses to go on (`ambiguous`).
- Of two alert groups or monitors that two runs made at once, the later one is deleted by the run that made
  it. What somebody does to it in the moment between the last look at it and its deletion is lost with it.
  Where the platform's clocks say that the one that came second is the older, both may stay: the next plan
  names them.
- What somebody imports into a draft in the moment between the look at it and its publishing is published,
  also where that is another run, at another commit and without a lease. The next plan shows the draft as
  changed. The drills leave this moment out: no person imports within half a second of a look at a draft, or
  into one that was never published, and a drill in which another run did ends there.
- Labels are written all at once, and an import may reset labels, description and category. What somebody
  writes there in the moment between a run's last look at the object and such a call is lost with it: one way
  to the tenant and back. The drills leave out what came after the last look at a draft, and nothing else.
- Where a tenant gives components a new version with each import, two runs at once without a lease that both
  import may leave a draft that neither knows: the next plan refuses to import over it (`unpublished-draft`)
  until `--overwrite-drafts` is given.
- Answers that lag behind are read again, up to three times. A tenant that lags longer than that can be
  doubled.
"""


def render(totals: Mapping[str, Tally], command: str) -> str:
    """The page; `totals` are the tallies by the kind of drill."""
    whole = Tally()
    for tally in totals.values():
        whole += tally
    names = list(totals)
    rows = [
        ("drills", lambda t: t.drills),
        ("runs of `apply`", lambda t: t.applies),
        ("requests", lambda t: t.requests),
        ("faults injected", lambda t: t.faults.total()),
        ("killed", lambda t: t.kills),
        ("edits by somebody else", lambda t: t.edits),
        ("**lost**", lambda t: len(t.findings.lost)),
        ("**doubled**", lambda t: len(t.findings.doubled)),
        ("**touched of other people's**", lambda t: len(t.findings.foreign)),
        ("**secrets seen**", lambda t: len(t.findings.secrets)),
        ("**runs that ended otherwise than they may**", lambda t: len(t.findings.runs)),
        ("releases published twice without a lease", lambda t: sum("bear" in k for k in t.findings.known)),
    ]
    lines = [
        f"| | {' | '.join(names)} | all |",
        f"|---|{'---:|' * (len(names) + 1)}",
        *(
            f"| {title} | {' | '.join(f'{value(totals[n]):,}' for n in names)} | {value(whole):,} |"
            for title, value in rows
        ),
    ]
    faults = [
        f"| `{kind}` | {meaning.meaning} | {whole.faults.get(kind, 0):,} |" for kind, meaning in KINDS.items()
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            "## The last run",
            "",
            *lines,
            "",
            "To run it again (the seeds give worlds, faults and kills; what meets what is up to the clock):",
            "",
            f"    {command}",
            "",
            "## The faults",
            "",
            "| fault | what happens | times |",
            "|---|---|---:|",
            *faults,
            "",
            _LIMITS,
        ]
    )
