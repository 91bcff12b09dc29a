"""`probe`: finds out, with scratch objects, how a tenant behaves where nobody outside knows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.model.errors import ReconcilerError
from reconciler.verbs.session import Session, connect, state_folder

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.probe.finding import Finding
    from reconciler.probe.leftovers import Leftover

_FOLDER = "probe"


class Probed(Struct, frozen=True):
    """What a probe found out: where, the answer to each rule, and how many requests it took. `removed` are
    leftovers of earlier runs.
    """

    environment: str
    tenant: str
    findings: tuple[Finding, ...]
    requests: int
    removed: tuple[Leftover, ...]

    @property
    def rules(self) -> dict[str, str]:
        """The rules that were found out, as a sandbox takes them."""
        return {one.rule: one.value for one in self.findings if one.value is not None}


async def probe(session: Session) -> Probed:
    """Removes what dead runs left, makes the experiments, and removes what they made, also when it is
    interrupted.

    Raises InvalidInput, NotAuthenticated, Unreachable, JournalFailed, or ReconcilerError where the token may
    not write or something could not be removed.
    """
    from reconciler.probe.run import examine
    from reconciler.probe.runs import noted

    folder = state_folder(session) / _FOLDER
    run = token_hex(6)
    async with connect(session, read_only=False) as client:
        removed = await _clean(client, folder)
        tenant = (await client.identity()).tenant
        with noted(folder, run, tenant, _now()):
            findings = await examine(client, run)
        requests = client.stats.reads + client.stats.writes
    return Probed(session.environment.name, tenant, tuple(findings), requests, tuple(removed))


async def clean(session: Session) -> list[Leftover]:
    """Removes what dead runs left, and nothing else. Raises as `probe` does."""
    folder = state_folder(session) / _FOLDER
    async with connect(session, read_only=False) as client:
        return await _clean(client, folder)


async def _clean(client: Client, folder: Path) -> list[Leftover]:
    from reconciler.probe.leftovers import remove
    from reconciler.probe.runs import forget, known

    runs = known(folder, (await client.identity()).tenant)
    removed = await remove(client, lambda one: runs.has_left(one, _now()))
    forget(folder, runs)
    return removed


def rules_text(findings: Sequence[Finding]) -> str:
    """A rules file, in YAML: each rule with its evidence, those without an answer as comments."""
    from reconciler.report.sanitize import terminal

    lines = ["# found out by: reconciler probe"]
    for one in findings:
        evidence = terminal(" ".join(one.evidence.split()))  # a server's words may hold anything
        answer = f"{one.rule}: {json.dumps(one.value)}  #" if one.value is not None else f"# {one.rule}:"
        lines.append(f"{answer} {evidence}")
    return "\n".join(lines) + "\n"


def write_rules(path: Path, probed: Probed) -> None:
    """Writes a rules file: JSON where its name ends so, else YAML. Raises ReconcilerError."""
    text = rules_text(probed.findings)
    if path.suffix == ".json":
        text = json.dumps(probed.rules, indent=2) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ReconcilerError(f'"{path}" cannot be written: {reason}', hint="choose another file") from error


def document(probed: Probed) -> dict[str, Any]:
    """All that was found out, for scripts. A rule without an answer has a null value."""
    from reconciler.probe.rules import RULES

    return {
        "environment": probed.environment,
        "tenant": probed.tenant,
        "requests": probed.requests,
        "rules": [
            {
                "name": one.rule,
                "value": one.value,
                "values": list(RULES[one.rule]),
                "evidence": one.evidence,
            }
            for one in probed.findings
        ],
        "removed": [{"kind": one.kind, "id": one.id, "name": one.name} for one in probed.removed],
    }


def _now() -> datetime:
    return datetime.now(UTC)
