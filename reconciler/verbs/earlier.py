"""A saved report of `drift`, read to be held against the one of now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.manifests.schemas import validator
from reconciler.model.errors import InvalidInput
from reconciler.verbs.report_file import read
from reconciler.verbs.session import Session

_SAVE = "save one with: reconciler drift --format json > FILE"


def earlier(path: Path, session: Session, part: Mapping[str, Any]) -> dict[str, Any]:
    """The report in a file. Raises InvalidInput where it is none, or is about another project or environment,
    or about other resources than `part` names: what it does not speak of would look mended, or new.
    """
    found = read(path, what="report of drift", hint=_SAVE)
    if next(validator("drift").iter_errors(found), None) is not None:
        raise InvalidInput.of("report-file", f'"{path}" is no report of drift', hint=_SAVE)
    told = f"{found['project']} in {found['environment']}"
    if told != (asked := f"{session.project.name} in {session.environment.name}"):
        hint = "give the environment of the report with -e"
        raise InvalidInput.of("report-file", f'"{path}" is about {told}, not about {asked}', hint=hint)
    if _chosen(found.get("options", {})) != _chosen(part):
        hint = "give the same --select, --exclude and --shard as then"
        raise InvalidInput.of("report-file", f'"{path}" is about other resources', hint=hint)
    return dict(found)


def _chosen(options: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: sorted(options[name]) for name in sorted(options) if options[name]}
