"""The project file: found, read, checked, and given out as typed settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.manifests import rules, secrets
from reconciler.manifests.bundle_read import Described
from reconciler.manifests.layout import layout_of, layout_problems
from reconciler.manifests.messages import schema_problems
from reconciler.manifests.read import read
from reconciler.manifests.secrets import SecretSource
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.hints import suggest
from reconciler.model.loopback import is_loopback
from reconciler.model.policy import Freeze, Rule
from reconciler.yaml12.document import Document

FILE = "reconciler.yaml"
SANDBOX = "sandbox"
DEFAULT_RATE = 10.0
AUTO = "auto"


class Environment(Struct, frozen=True):
    """One tenant as a target. Without a `url` it is the sandbox that is embedded in the process."""

    name: str
    url: str = ""
    tenant: str = ""
    auth: SecretSource | None = None
    auth_kind: str = "refreshToken"
    variables: Mapping[str, str] = {}
    rate: float = DEFAULT_RATE
    applied: str = "label"
    secret_key: SecretSource | None = None
    batch: int | None = None
    """How many operations travel in one request; None: that is found out."""
    rules: Path | None = None
    """What `probe` found out of the tenant."""
    updated_at_moves: str = ""
    """Which changes move `updatedAt` there: `everything` or `own_fields_only`; empty: what `rules` says."""

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded sandbox."""
        return not self.url


class Policy(Struct, frozen=True):
    """What plans may do. `guard_delete` and `guard_update` are shares from 0 to 1; up to `guard_minimum`
    resources they do not count.
    """

    prune: bool = False
    guard_delete: float = 0.3
    guard_update: float = 0.3
    guard_minimum: int = 10
    lease: bool = False
    rules: tuple[Rule, ...] = ()
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its folder, where its manifests are, and its environments (`sandbox` always among them)."""

    name: str
    root: Path
    file: Path
    manifests: tuple[str, ...]
    environments: Mapping[str, Environment]
    default: str = SANDBOX
    policy: Policy = field(default_factory=Policy)
    by_hand: tuple[str, ...] = ()
    """What is meant to stay by hand: addresses, with `*`, and ids."""
    allowed: tuple[Path, ...] = ()
    """Where manifests, definitions and files with secrets may stand besides the project's folder."""
    commands: tuple[str | tuple[str, ...], ...] | None = None
    """What manifests may have run for their secrets: a text as it stands, words by those that it begins with;
    None: anything, but where only what a revision allows is trusted.
    """
    trusted: str = ""
    """The revision of git that the project file is of, if not what stands in the folder."""
    described: Mapping[str, Described] | None = field(default=None, repr=False)
    """What bundles define, by the digests of their packages, where none is to be run."""
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False)
    """Where each entry of `manifests` stands."""
    layout: Mapping[str, str] = field(default_factory=dict)
    """Where a pull puts new files, by kind."""
    named: tuple[str, ...] = (SANDBOX,)
    """The environments that the project file speaks of; the sandbox where it speaks of none."""


def find(start: Path) -> Path | None:
    """The project file of the folder `start` or of the nearest one above it."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE).is_file():
            return candidate / FILE
    return None


def load(path: Path, place: Path | None = None) -> tuple[Project | None, list[Diagnostic]]:
    """The project that `path` describes; None if anything in it is an error. It counts as standing at `place`
    where that is given.
    """
    name = path.name
    documents, problems = read(path, name)
    if problems:
        return None, problems
    if len(documents) != 1:
        message = (
            "the project file is empty" if not documents else "the project file holds more than one document"
        )
        source = documents[1].source() if documents else Source(name, 1, 1)
        hint = "run `reconciler init` for a working one" if not documents else "keep only the Project here"
        return None, [Diagnostic("project-file", message, source, hint=hint)]
    document = documents[0]
    if not isinstance(document.value, dict):
        hint = "it begins with apiVersion, kind, metadata and spec; `reconciler init` makes a working one"
        return None, [
            Diagnostic("project-file", "the project file must be a map", document.source(), hint=hint)
        ]
    problems = [*_schema(document), *_checks(document)]
    if not problems:
        problems = [*_rule_problems(document, path)]
    if any(problem.severity == "error" for problem in problems):
        return None, sorted(problems, key=lambda p: p.source or Source(name))
    return _build(document, (place or path).absolute()), problems


def _rule_problems(document: Document, path: Path) -> Iterator[Diagnostic]:
    """What is wrong with the rules of a file that is otherwise as it should be."""
    policy = _spec(document.value).get("policy", {})
    if policy.get("rules") or policy.get("freezes"):
        names = [*_environments(document.value), SANDBOX]
        yield from rules.problems(document, policy, names, path.read_text("utf-8"))


def _schema(document: Document) -> list[Diagnostic]:
    """The schema's findings; those about secrets are told by `_checks`, which knows what they are for."""
    return schema_problems("project", document, skip=[path for path, _ in _secrets(document.value)])


def _spec(value: Any) -> dict[str, Any]:
    spec = value.get("spec") if isinstance(value, dict) else None
    return spec if isinstance(spec, dict) else {}


def _environments(value: Any) -> dict[str, dict[str, Any]]:
    found = _spec(value).get("environments")
    if not isinstance(found, dict):
        return {}
    return {name: body for name, body in found.items() if isinstance(body, dict)}


def _secrets(value: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Every place of the project file where a secret's source stands, with what stands there."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for name, body in _environments(value).items():
        base = ("spec", "environments", name)
        auth = body.get("auth")
        if isinstance(auth, dict):
            found.extend(((*base, "auth", key), auth[key]) for key in _TOKENS if key in auth)
        elif isinstance(auth, str):
            found.append(((*base, "auth"), auth))
        if "secretKey" in body:
            found.append(((*base, "secretKey"), body["secretKey"]))
    return found


_TOKENS = ("refreshToken", "accessToken")
_VARIABLES = {
    "refreshToken": "PRISM_REFRESH_TOKEN",
    "accessToken": "PRISM_ACCESS_TOKEN",
    "secretKey": "RECONCILER_KEY",
}


def _checks(document: Document) -> list[Diagnostic]:
    value = document.value
    problems = [p for path, given in _secrets(value) if (p := _secret(document, path, given)) is not None]
    for name, body in _environments(value).items():
        problems.extend(_url(document, name, body))
    problems.extend(layout_problems(document, _spec(value)))
    names = [*_environments(value), SANDBOX]
    default = _spec(value).get("default")
    if isinstance(default, str) and default not in names:
        source = document.source(("spec", "default"))
        message = f'default environment "{default}" does not exist'
        problems.append(Diagnostic("unknown-environment", message, source, hint=suggest(default, names)))
    return problems


def _secret(document: Document, path: tuple[str, ...], given: Any) -> Diagnostic | None:
    source = document.source(path)
    parsed = secrets.parse(given, source)
    if isinstance(parsed, SecretSource):
        return None
    key = path[-1]
    if parsed.code != "inline-secret":
        return Diagnostic(
            parsed.code,
            f'"{key}" must be read from exactly one of env, file and command',
            source,
            hint=parsed.hint,
        )
    if key == "auth":
        return Diagnostic(
            "inline-secret", '"auth" must not hold a token', source,
            hint="read it from the environment: auth: {refreshToken: {env: PRISM_REFRESH_TOKEN}}",
        )  # fmt: skip
    hint = (
        f"read it from the environment: {key}: {{env: {_VARIABLES[key]}}}; and revoke it if it was committed"
    )
    return Diagnostic("inline-secret", f'"{key}" must not be written into the file', source, hint=hint)


def _url(document: Document, name: str, body: dict[str, Any]) -> list[Diagnostic]:
    base = ("spec", "environments", name)
    if "url" not in body:
        if name == SANDBOX:
            return []
        hint = "add the address of the tenant's stack, such as https://app.prismatic.io"
        return [
            Diagnostic(
                "missing-field", f'environment "{name}" has no "url"', document.source(base), hint=hint
            )
        ]
    url = body["url"]
    if not isinstance(url, str):
        return []
    problem = _url_problem(url)
    if problem is None:
        return []
    message, hint = problem
    source = document.source((*base, "url"))
    return [Diagnostic("bad-url", f'"url" of environment "{name}" {message}', source, hint=hint)]


def _url_problem(url: str) -> tuple[str, str] | None:
    """What is wrong with `url` as a tenant's address, and what to do about it."""
    example = "write an address such as https://app.prismatic.io"
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname or "", parts.username, parts.port
    except ValueError:
        return "is not an address", example
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", url):
        return "is not an address", example
    if user is not None:
        return "must not hold a user or a password", "name the token under auth instead"
    if parts.query or parts.fragment:
        return "must not have a query or a fragment", example
    if parts.scheme == "http" and not is_loopback(host):
        return f'must begin with https, as "{host}" is not this machine', f"write https://{host}"
    return None


def _build(document: Document, path: Path) -> Project:
    value = document.value
    spec = value["spec"]
    environments = {
        name: _environment(document, name, body, path.parent) for name, body in _environments(value).items()
    }
    named = tuple(dict.fromkeys([*environments, *([SANDBOX] if spec.get("default") == SANDBOX else [])]))
    environments.setdefault(SANDBOX, Environment(SANDBOX))
    entries = tuple(spec["manifests"])
    places = {entry: document.source(("spec", "manifests", index)) for index, entry in enumerate(entries)}
    policy = spec.get("policy", {})
    guards = policy.get("guards", {})
    default = Policy()
    return Project(
        name=value["metadata"]["name"],
        root=path.parent,
        file=path,
        manifests=entries,
        environments=environments,
        default=spec.get("default", SANDBOX),
        policy=Policy(
            prune=policy.get("prune", default.prune),
            guard_delete=_share(guards.get("delete", default.guard_delete)),
            guard_update=_share(guards.get("update", default.guard_update)),
            guard_minimum=guards.get("minimum", default.guard_minimum),
            lease=policy.get("lease", default.lease),
            rules=rules.rules_of(document, policy),
            freezes=rules.freezes_of(policy),
        ),
        by_hand=tuple(spec.get("unmanaged", {}).get("ignore", ())),
        allowed=tuple(Path(os.path.normpath(path.parent / one)) for one in spec.get("allowOutside", ())),
        commands=_commands(spec["allowCommands"]) if "allowCommands" in spec else None,
        sources=places,
        layout=dict(layout_of(spec)),
        named=named or (SANDBOX,),
    )


def _commands(given: list[str | list[str]]) -> tuple[str | tuple[str, ...], ...]:
    return tuple(one if isinstance(one, str) else tuple(one) for one in given)


def _share(value: str | float) -> float:
    return float(value.removesuffix("%")) / 100 if isinstance(value, str) else float(value)


def _environment(document: Document, name: str, body: dict[str, Any], root: Path) -> Environment:
    base = ("spec", "environments", name)

    def source_of(path: tuple[str, ...], given: Any) -> SecretSource | None:
        parsed = secrets.parse(given, document.source((*base, *path)))
        return parsed if isinstance(parsed, SecretSource) else None

    auth = body.get("auth", {})
    token = next((key for key in _TOKENS if key in auth), "")
    return Environment(
        name=name,
        url=body.get("url", "").rstrip("/"),
        tenant=body.get("tenant", ""),
        auth=source_of(("auth", token), auth[token]) if token else None,
        auth_kind=token or "refreshToken",
        variables={
            key: _as_text(document, (*base, "variables", key), given)
            for key, given in body.get("variables", {}).items()
        },
        rate=float(body.get("rate", DEFAULT_RATE)),
        applied=body.get("applied", "label"),
        secret_key=source_of(("secretKey",), body["secretKey"]) if "secretKey" in body else None,
        batch=_batch(body.get("batch", AUTO)),
        rules=root / body["rules"] if "rules" in body else None,
        updated_at_moves=body.get("updatedAtMoves", ""),
    )


def _batch(value: int | str) -> int | None:
    return value if isinstance(value, int) else None


def _as_text(document: Document, path: tuple[str, ...], value: Any) -> str:
    """A variable as the author wrote it: `1.10` is text here, not a number that lost its zero."""
    return document.written(path) or str(value)
