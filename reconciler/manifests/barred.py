"""What no manifest reaches, whoever wrote it: the tenant's token, and programs that the project file does not
allow.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from reconciler.manifests.project import FILE, Project
from reconciler.manifests.secrets import SecretSource
from reconciler.model.diagnostic import Diagnostic

_USUAL = ("PRISM_PLAN_TOKEN", "PRISM_REFRESH_TOKEN", "PRISM_ACCESS_TOKEN")
"""Where pipelines keep a tenant's token, whatever the project file names."""
WITHHELD = "token-withheld"
HINT = "only the project file names it; a secret of a manifest stands in a variable of its own"


def tokens(project: Project) -> frozenset[str]:
    """The variables that hold a tenant's token, or the key for digests."""
    named = (one for each in project.environments.values() for one in (each.auth, each.secret_key))
    return frozenset([*_USUAL, *(str(one.value) for one in named if one and one.kind == "env")])


def withheld(project: Project, environ: Mapping[str, str]) -> frozenset[str]:
    """Those variables, and all that hold the same."""
    named = tokens(project)
    values = {environ[name] for name in named if environ.get(name)}
    return named | {name for name, value in environ.items() if value in values}


def visible(environ: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
    """The environment without the variables that are `hidden`."""
    return {name: value for name, value in environ.items() if name not in hidden}


def barred(source: SecretSource, project: Project) -> Diagnostic | None:
    """Why a manifest must not have a secret from there; None where it may."""
    if source.kind == "env" and source.value in tokens(project):
        return Diagnostic(WITHHELD, withheld_message(str(source.value)), source.source, hint=HINT)
    if source.kind != "command":
        return None
    shown = source.value if isinstance(source.value, str) else source.value[0]
    where = f'{FILE} at "{project.trusted}"' if project.trusted else FILE
    trust = f" --trust {shlex.quote(project.trusted)}" if project.trusted else ""
    aside = f"or plan without secrets: reconciler plan --no-secrets{trust}"
    if not _named(source.value, project):
        message = f'secret command "{shown}" is not among the allowCommands of {where}'
        hint = f"add {_written(source.value)} to spec.allowCommands there first, {aside}"
    elif project.trusted and _is_own(source.value, project.root):
        message = f'secret command "{shown}" is a file of the project, not as it is at "{project.trusted}"'
        hint = f"have the program outside the project, {aside}"
    else:
        return None
    return Diagnostic("untrusted-command", message, source.source, hint=hint)


def withheld_message(name: str) -> str:
    """What is said of a variable that is withheld."""
    return f'environment variable "{name}" holds a token of the tenant, which no manifest sees'


def _named(command: str | tuple[str, ...], project: Project) -> bool:
    """Whether the project file allows a command: a text as it stands, words by those that it begins with."""
    if project.commands is None:
        return not project.trusted
    if isinstance(command, str):
        return command in project.commands
    begins = [one for one in project.commands if isinstance(one, tuple)]
    return any(command[: len(one)] == one for one in begins)


def _is_own(command: str | tuple[str, ...], root: Path) -> bool:
    program = "".join(command.split()[:1]) if isinstance(command, str) else command[0]
    if os.sep not in program:
        return False  # found in the PATH
    whole, real = os.path.normpath(root / program), (root / program).resolve()
    return Path(whole).is_relative_to(root) or real.is_relative_to(root.resolve())


def _written(command: str | tuple[str, ...]) -> str:
    """The command as YAML that can be pasted."""
    return json.dumps(command if isinstance(command, str) else list(command), ensure_ascii=False)
