"""What every verb starts from: the project, the environment, its secrets, and a client for its tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct, structs

from reconciler.kinds.protocol import Policy
from reconciler.manifests import bundle_described, secrets
from reconciler.manifests import project as projects
from reconciler.manifests.load import in_order, load
from reconciler.manifests.project import SANDBOX, Environment, Project
from reconciler.manifests.sealed import SecretReader, unread, unsealed
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.hints import suggest
from reconciler.model.plan import Plan, Requests
from reconciler.model.secret import Secret
from reconciler.model.state import Desired
from reconciler.plan.cost import expected
from reconciler.plan.select import Selection
from reconciler.verbs.learned import keep, known
from reconciler.verbs.machine import Machine

if TYPE_CHECKING:
    import httpx

    from reconciler.api import Client, Credentials
    from reconciler.api.wire import Answer
    from reconciler.model.operation import Operation
    from reconciler.sandbox import Sandbox

STATE = ".reconciler"
NO_TOKEN = "none"
"""Of what answers in a tenant's place."""


class Options(Struct, frozen=True):
    """The command line's part in what a plan may do, and in which resources it is about."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    no_deps: bool = False
    changed_since: str | None = None
    """A revision of git: the run is about what the manifests ask for otherwise than there."""
    shard: str | None = None
    """The share of the project that the run is about, as `i/n`."""
    use: tuple[str, ...] = ()
    prune: bool = False
    overwrite_drafts: bool = False
    deploy_pending: bool = False
    send_secrets: bool = False
    configured_anew: bool = False
    allow_deletes: bool = False
    allow_updates: bool = False
    delete_strangers: bool = False
    all_or_nothing: bool = False
    refresh: str | None = None
    """How the tenant is read: `delta` is by what changed since it was read before; absent, in full."""
    parallelism: int = 8

    @property
    def selection(self) -> Selection:
        """What the run is about."""
        return Selection(self.select, self.exclude, not self.no_deps)


@dataclass(frozen=True, slots=True)
class Session:
    """One project and one of its environments. `environ` is the process's environment."""

    project: Project
    environment: Environment
    environ: Mapping[str, str] = field(repr=False)
    notice: Callable[[str], None] = field(default=lambda _: None, repr=False, compare=False)
    """Told, in words, of waits that people would wonder about."""
    say: Callable[[str], None] = field(default=lambda _: None, repr=False, compare=False)
    """Told what people are to know of a run, beside its results."""
    credentials: dict[str, Credentials] = field(default_factory=dict, repr=False, compare=False)
    """Those of the environment, once they were read: what they are exchanged for lasts for the run."""
    machine: Machine = field(default_factory=Machine, repr=False, compare=False)
    no_secrets: bool = False
    """Whether no secret is read: what depends on one is not compared."""
    replay: httpx.AsyncBaseTransport | None = field(default=None, repr=False, compare=False)
    """What answers in the tenant's place."""
    given: Desired | None = field(default=None, repr=False, compare=False)
    """What is asked for, in the place of what the manifests say."""
    kept: Path | None = None
    """Where the tool keeps what it does, if not in the project."""
    told: tuple[Diagnostic, ...] = ()
    """What a plan is to say of the project file that it was made with."""
    verb: str = ""
    """What was asked for, as the journal tells it."""
    heard: Callable[[Operation, Answer], None] = field(default=lambda *_: None, repr=False, compare=False)
    """Told each answer of the tenant, with what it is to."""

    @property
    def state(self) -> Path:
        """The folder for what the tool itself keeps: the embedded sandbox, the journal."""
        return self.kept or self.project.root / STATE


def open_session(
    project_file: Path | None,
    environment: str | None,
    environ: Mapping[str, str],
    folder: Path,
    trust: str | None = None,
    described: Path | None = None,
) -> Session:
    """The project that `project_file` names or that is found upwards from `folder`, with an environment:
    the named one, else the project's default. With `trust`, the project file is that of this revision of git.
    With `described`, this file says what bundles define, and none is run. Raises InvalidInput.
    """
    path = project_file or projects.find(folder)
    if path is None:
        raise InvalidInput.of(
            "no-project",
            f"there is no reconciler.yaml in {folder} or above it",
            hint="go to a project, give --project FILE, or start one with: reconciler init",
        )
    if path.is_dir():
        path = path / projects.FILE
    if not path.is_file():
        raise InvalidInput.of("no-project", f'project file "{path}" does not exist', hint="check --project")
    told: tuple[Diagnostic, ...] = ()
    if trust is not None:
        from reconciler.verbs.trust import trusted

        project, told = trusted(path.absolute(), trust, environ)
    else:
        read, problems = projects.load(path)
        if read is None:
            raise InvalidInput(problems)
        project = read
    if described is not None:
        project = replace(project, described=bundle_described.read(described))
    name = environment or project.default
    if name not in project.environments:
        raise InvalidInput.of(
            "unknown-environment",
            f'environment "{name}" does not exist in {path.name}',
            hint=suggest(name, list(project.environments)),
        )
    return Session(project, project.environments[name], environ, told=told)


Loaded = tuple[Desired, list[Diagnostic]]
"""What manifests ask for, and what is to be said of them."""


def load_desired(
    session: Session, secrets_of: Selection | None = None, reader: SecretReader | None = None
) -> Loaded:
    """What the manifests ask for, and warnings. Only the secrets of the resources that `secrets_of` names are
    read, by `reader` where one is given. Raises InvalidInput with all errors.
    """
    return opened(session, sealed(session), secrets_of, reader)


def sealed(session: Session) -> Loaded:
    """What the manifests ask for, before any secret is read, with warnings and errors."""
    if session.given is not None:
        return session.given, []
    return load(session.project, session.environment.name, environ=session.environ, resolve_secrets=False)


def opened(
    session: Session,
    loaded: Loaded,
    secrets_of: Selection | None = None,
    reader: SecretReader | None = None,
) -> Loaded:
    """The same with the secrets of those resources. Raises InvalidInput with all errors."""
    desired, diagnostics = loaded
    if session.given is not None:
        return loaded
    if session.no_secrets:
        desired = unread(desired)
    elif secrets_of is not None:
        named = {a for a in desired.sealed if secrets_of.about(desired.resources[a])}
        desired, wrong = unsealed(desired, reader or secret_reader(session), named)
        diagnostics = list(in_order([*diagnostics, *wrong]))
    if errors := [d for d in diagnostics if d.severity == "error"]:
        raise InvalidInput(errors)
    return desired, diagnostics


def secret_reader(session: Session) -> SecretReader:
    """Reads the secrets that the session's manifests name."""
    return SecretReader(session.project, session.environ)


def policy(session: Session, options: Options) -> Policy:
    """The project's policy, the environment's settings and the command line's options, as one."""
    configured, environment = session.project.policy, session.environment
    key = (
        secret(session, environment.secret_key) if environment.secret_key and not session.no_secrets else None
    )
    return Policy(
        prune=(configured.prune or options.prune) and not options.shard,
        guard_delete=configured.guard_delete,
        guard_update=configured.guard_update,
        guard_minimum=configured.guard_minimum,
        allow_delete=options.allow_deletes,
        allow_update=options.allow_updates,
        delete_strangers=options.delete_strangers,
        overwrite_drafts=options.overwrite_drafts,
        deploy_pending=options.deploy_pending,
        send_secrets=options.send_secrets,
        configured_anew=options.configured_anew,
        record=environment.applied != "none",
        secret_key=key,
    )


def policy_of_unread_secrets(session: Session, options: Options) -> Policy:
    """The same for verbs that read no secret: a digest of what was not read would say what is not so."""
    return structs.replace(policy(session, options), secret_key=None)


def secret(session: Session, source: secrets.SecretSource) -> Secret:
    """A secret of the project file. Raises InvalidInput where it cannot be read."""
    found = secrets.resolve(source, session.environ, session.project.root, session.project.allowed)
    if isinstance(found, Diagnostic):
        raise InvalidInput([found])
    return found


def state_folder(session: Session) -> Path:
    """The session's `state`, made where it is missing, and never to be committed: it may hold secrets.

    Raises ReconcilerError where it cannot be made.
    """
    ignore = session.state / ".gitignore"
    try:
        session.state.mkdir(parents=True, exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ReconcilerError(
            f'"{session.state}" cannot be written: {(error.strerror or "unknown").lower()}',
            hint="the journal is kept there: make it writable, or make room",
        ) from error
    return session.state


def open_sandbox(session: Session) -> Sandbox:
    """The project's embedded sandbox. To be closed by the caller."""
    from reconciler.sandbox import Sandbox  # loads a GraphQL server, which other environments do not need

    database = state_folder(session) / "sandbox.db"
    # It holds the secrets that were configured; SQLite gives its side files the same mode.
    database.touch(mode=0o600)
    return Sandbox(database)


@asynccontextmanager
async def connect(session: Session, *, read_only: bool, parallelism: int = 8) -> AsyncIterator[Client]:
    """A client for the environment's tenant, which was checked to be the one that is meant. With `read_only`
    its transport lets only queries pass. Raises InvalidInput, NotAuthenticated or Unreachable.
    """
    from reconciler.api import Client, Credentials

    environment = session.environment
    if session.replay is not None:
        from reconciler.live.replay import BASE_URL as NOWHERE

        async with Client(
            NOWHERE,
            Credentials(NOWHERE, access_token=Secret(NO_TOKEN, "snapshot")),
            transport=session.replay,
            rate=None,
            parallelism=parallelism,
            batch=environment.batch,
            read_only=read_only,
            patience=session.machine.patience(),
            notice=session.notice,
            span=session.machine.span,
        ) as client:
            yield client
        return
    if environment.embedded:
        from reconciler.sandbox import BASE_URL, transport

        sandbox = open_sandbox(session)
        try:
            credentials = Credentials(BASE_URL, access_token=Secret(sandbox.token, "sandbox"))
            async with Client(
                BASE_URL,
                credentials,
                transport=transport(sandbox),
                rate=None,
                parallelism=parallelism,
                batch=environment.batch,
                read_only=read_only,
                patience=session.machine.patience(),
                notice=session.notice,
                heard=session.heard,
                span=session.machine.span,
            ) as client:
                yield client
        finally:
            sandbox.close()
        return
    credentials = _credentials(session)
    async with Client(
        environment.url,
        credentials,
        transport=session.machine.wire,
        rate=environment.rate,
        parallelism=parallelism,
        batch=environment.batch,
        learned=known(session.state, environment.url),
        read_only=read_only,
        patience=session.machine.patience(),
        notice=session.notice,
        heard=session.heard,
        span=session.machine.span,
    ) as client:
        await client.check_tenant(environment.tenant or None)
        yield client
        keep(session.state, environment.url, client.learned)


def only_warnings(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those that do not stop anything."""
    return [d for d in diagnostics if d.severity != "error"]


class Pace(TypedDict):
    """Requests a second, and how many a plan will send."""

    rate: float
    sent: Requests


def pace(session: Session, plan: Plan) -> Pace:
    """What a plan costs in the session's environment; the embedded sandbox has no limit of its own."""
    environment = session.environment
    speed = 1000.0 if environment.embedded else environment.rate
    return Pace(rate=speed, sent=expected(plan, environment.batch))


def _credentials(session: Session) -> Credentials:
    from reconciler.api import Credentials

    environment = session.environment
    if environment.auth is None:
        raise InvalidInput.of(
            "no-token",
            f'environment "{environment.name}" names no token',
            hint="write auth: {refreshToken: {env: PRISM_REFRESH_TOKEN}} in reconciler.yaml",
        )
    if environment.name not in session.credentials:
        token = secret(session, environment.auth)
        refresh, access = (token, None) if environment.auth_kind == "refreshToken" else (None, token)
        tenant = environment.tenant or None
        session.credentials[environment.name] = Credentials(environment.url, refresh, access, tenant)
    return session.credentials[environment.name]


__all__ = [
    "SANDBOX",
    "Options",
    "Session",
    "connect",
    "load_desired",
    "only_warnings",
    "open_sandbox",
    "open_session",
    "pace",
    "policy",
    "secret",
    "secret_reader",
    "state_folder",
]
