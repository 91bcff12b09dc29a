"""Why this exists: one tenant that behaves as Prismatic does, as far as anybody outside knows.

Everything it remembers is in a file (or in memory), rules and counters included, so that a second process
that opens the file meets the same tenant.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
)

from .document import cut, names, parsed
from .faults import AUTH, Armed, Fault, Faults, Strike
from .limits import refusal
from .nature import Nature
from .prepared import Prepared, prepared
from .resolve.content.headless import configure
from .resolve.executable import schema, tables
from .resolve.frame.context import Context
from .resolve.frame.errors import NotFoundError, RefusedError
from .rules import Rules, check
from .somebody import shift_customers
from .store import Store

Answer = tuple[int, dict[str, Any], dict[str, str]]


class Sandbox:
    """A local Prismatic tenant."""

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        rules: Mapping[str, str] | None = None,
        component_shift: int = 0,
        version_shift: int = 0,
        nature: Nature | None = None,
    ) -> None:
        given = dict(Rules(rules).changed()) if rules else {}
        self._lock = threading.RLock()
        self._store = Store(path, tables(), nature)
        self._past: Sandbox | None = None
        settings = {}
        if rules is not None:
            settings["rules"] = json.dumps(given)
        if component_shift:
            settings["component_shift"] = str(component_shift)
        if version_shift:
            settings["version_shift"] = str(version_shift)
        if settings:
            self._set(settings)

    # requests

    def execute(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        allow_introspection: bool = False,
        user: str | None = None,
        *,
        part: int | None = None,
        undone: bool = False,
    ) -> Answer:
        """Answer one GraphQL request: HTTP status, body, headers. user is a role, such as guest.

        With part only that root field of it is carried out, with undone nothing of it stays.
        """
        with self._lock:
            self._store.count_up("requests")
            meta = self._store.meta()
            rules = _rules_of(meta)
            document, problems, introspects = parsed(query)
            if document is None or problems:
                return 400, {"errors": [problem.formatted for problem in problems]}, {}
            if rules["introspection"] == "off" and not allow_introspection and introspects:
                return 400, {"errors": [{"message": "GraphQL introspection is not allowed"}]}, {}
            operation = get_operation_ast(document, operation_name)
            if operation is None:
                message = "Must provide a valid operation name if query contains multiple operations."
                return 400, {"errors": [{"message": message}]}, {}
            if (too_much := refusal(schema(), document, operation, variables, rules)) is not None:
                return 400, {"errors": [{"message": too_much}]}, {}
            if operation.operation is OperationType.MUTATION:
                self._keep_past(meta)
            context = Context(self._store, rules, meta, user or meta.get("role", "owner"))
            known = prepared(query, operation_name) if part is None else None
            if part is not None:
                document, operation = cut(document, operation, part)
            result = self._run(known, document, variables, operation, context, undone=undone)
            return _answer(result, operation, rules)

    def _run(
        self,
        known: Prepared | None,
        document: DocumentNode,
        variables: dict[str, Any] | None,
        operation: OperationDefinitionNode,
        context: Context,
        *,
        undone: bool,
    ) -> ExecutionResult:
        """Execute in one transaction, so that a query sees one moment."""
        writes = operation.operation is OperationType.MUTATION
        name = operation.name.value if operation.name else None
        self._store.begin(write=writes)
        try:
            result = (
                known.answer(variables, context)
                if known
                else execute_sync(
                    schema(),
                    document,
                    context_value=context,
                    variable_values=variables,
                    operation_name=name,
                )
            )
            _raise_bugs(result)
        except BaseException:
            self._store.rollback()
            raise
        failed = context.failed or any(len(error.path or ()) == 1 for error in result.errors or ())
        if undone or (failed and context.rules["transaction_of_aliases"] == "all_or_nothing"):
            self._store.rollback()
        else:
            self._store.commit()
        return result

    @contextmanager
    def writing(self) -> Iterator[Context]:
        """A transaction of its own, for what comes in by other doors than GraphQL."""
        with self._lock, self._store.writing():
            meta = self._store.meta()
            yield Context(self._store, _rules_of(meta), meta, "owner")

    # faults

    @property
    def faults(self) -> Faults:
        """The faults that are armed, with their seed and counters; a copy."""
        return Faults.loads(self._setting("faults") or "")

    def set_faults(self, faults: Iterable[Fault], *, seed: int = 0) -> None:
        """Arm these and no others; every counter starts anew."""
        self._set({"faults": Faults.of(faults, seed).dumps()})

    def arm(self, fault: Fault) -> None:
        """Arm one more; the counters of the others go on."""
        with self._changing_faults() as faults:
            faults.armed.append(Armed(fault))

    def reseed(self, seed: int) -> None:
        """Start the same faults anew from this seed."""
        self.set_faults([armed.fault for armed in self.faults.armed], seed=seed)

    def clear_faults(self) -> None:
        """Arm nothing; the seed, and how often each kind was injected, are still known."""
        with self._changing_faults() as faults:
            faults.armed.clear()

    def injected(self) -> dict[str, int]:
        """How often each kind of fault struck since faults were last set."""
        return self.faults.injected

    def strike(self, query: str, operation_name: str | None = None) -> Sequence[Strike]:
        """The faults that befall this GraphQL request, which counts as one."""
        return self._strike(lambda: names(query, operation_name))

    def strike_auth(self) -> Sequence[Strike]:
        """The faults that befall this exchange of a refresh token, which counts as one."""
        return self._strike(lambda: {AUTH})

    def _strike(self, names: Callable[[], Collection[str]]) -> Sequence[Strike]:
        if not self.faults.armed:
            return ()
        with self._changing_faults() as faults:
            strikes = faults.strike(names(), has_past=self._past is not None)
            for strike in strikes:
                if strike.kind == "shifting_list":
                    shift_customers(self._store, strike.chance)
        return strikes

    @property
    def past(self) -> Sandbox | None:
        """The tenant as it was before the last mutation; kept only while stale reads are armed."""
        return self._past

    def _keep_past(self, meta: Mapping[str, str]) -> None:
        if not Faults.loads(meta.get("faults", "")).has("stale_read"):
            return
        self._past = self._past or Sandbox()
        self._store.copy_to(self._past.store)

    @contextmanager
    def _changing_faults(self) -> Iterator[Faults]:
        """The faults, to be changed; no other process can change them meanwhile."""
        with self._lock, self._store.writing():
            faults = self.faults
            yield faults
            self._set({"faults": faults.dumps()})

    # the tenant

    @property
    def rules(self) -> Rules:
        """Every rule with the value in force now."""
        return _rules(self._setting("rules") or "{}")

    def set_rule(self, name: str, value: str) -> None:
        """Change one rule from now on; ValueError lists what is valid."""
        check(name, value)
        self._set({"rules": json.dumps(Rules({**self.rules, name: value}).changed())})

    @property
    def role(self) -> str:
        """The role of whoever has the token: owner, or guest, who may only read."""
        return self._setting("role") or "owner"

    @role.setter
    def role(self, value: str) -> None:
        if value not in ("owner", "guest"):
            raise ValueError(f"unknown role {value!r}: use owner or guest")
        self._set({"role": value})

    def writes(self) -> int:
        """How many mutations were carried out: neither refused nor undone."""
        return int(self._setting("writes") or 0)

    def requests(self) -> int:
        """How many requests were made."""
        return int(self._setting("requests") or 0)

    @property
    def token(self) -> str:
        """The access token."""
        return self._setting("token") or ""

    @property
    def refresh_token(self) -> str:
        """The refresh token."""
        return self._setting("refresh_token") or ""

    @property
    def tenant_id(self) -> str:
        """The tenant's uuid."""
        return self._setting("tenant") or ""

    @property
    def org_name(self) -> str:
        """The organization's name."""
        return self._setting("org_name") or ""

    @org_name.setter
    def org_name(self, value: str) -> None:
        self._set({"org_name": value})

    def add_component(self, key: str, *, label: str = "", signature: str = "", **parts: Any) -> int:
        """A new version of a private component, without the upload that the API asks for; its number.

        parts are actions, connections and data_sources, described as in the catalogue.
        """
        with self._lock, self._store.writing():
            number = self._store.count("component", ["key = ?"], [key]) + 1
            body = {"key": key, "label": label or key, "description": "", "category": "", "public": False}
            body |= {"actions": [], "connections": [], "data_sources": [], **parts}
            signature = signature or sha1(f"{key}/{number}".encode()).hexdigest()
            self._store.add_component(key, number, signature, json.dumps(body))
            return number

    def configure(self, instance: str, value: Any, *, version: str | None = None) -> None:
        """Save the configuration of an instance of a headless integration, as a person does in the web app:
        for the version of the integration that it has, or for another. ValueError says what does not fit.
        """
        with self.writing() as context:
            try:
                configure(context, instance, value, version)
            except (RefusedError, GraphQLError) as refused:
                raise ValueError(str(refused)) from refused

    def reset(self) -> None:
        """Empty the tenant; its identity, tokens, shifts and rules stay."""
        with self._lock:
            with self._store.writing():
                self._store.clear()
            self._past = None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._store.close()
            if self._past is not None:
                self._past.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """The tables, for filling them in bulk."""
        return self._store

    @property
    def nature(self) -> Nature:
        """Where its time and its chance come from."""
        return self._store.nature

    def _setting(self, name: str) -> str | None:
        with self._lock:
            return self._store.setting(name)

    def _set(self, values: dict[str, str]) -> None:
        with self._lock:
            self._store.set_meta(values)


def _rules_of(meta: Mapping[str, str]) -> Rules:
    return _rules(meta.get("rules", "{}"))


@lru_cache(maxsize=64)
def _rules(text: str) -> Rules:
    return Rules(json.loads(text))


def _raise_bugs(result: ExecutionResult) -> None:
    """A resolver that breaks is the sandbox's fault; shown as an answer it would pass for the platform's."""
    for error in result.errors or ():
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error


def _answer(result: ExecutionResult, operation: OperationDefinitionNode, rules: Rules) -> Answer:
    """Status and body. Where nothing was found, data as a whole is null unless the rule wants both."""
    if any(error.path is None for error in result.errors or ()):  # the variables do not fit
        return 400, {"errors": [error.formatted for error in result.errors or ()]}, {}
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
        lost = any(isinstance(error.original_error or error, NotFoundError) for error in result.errors)
        both = operation.operation is OperationType.QUERY and rules["not_found"] == "both"
        if lost and not both and result.data and all(value is None for value in result.data.values()):
            body["data"] = None
    failed = bool(result.errors) or _refused(result.data)
    return (400 if failed and rules["error_status"] == "400" else 200), body, {}


def _refused(data: dict[str, Any] | None) -> bool:
    """Whether a mutation's payload holds errors that the client asked to see."""
    return any(isinstance(part, dict) and part.get("errors") for part in (data or {}).values())
