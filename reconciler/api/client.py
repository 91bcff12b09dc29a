"""The one door to a tenant: executes Operations, and answers with plain objects or our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import anyio
import httpx
import msgspec
from graphql import GraphQLSchema
from msgspec import Struct, structs

from reconciler.api.answers import result
from reconciler.api.auth import Credentials
from reconciler.api.gathering import Gathering
from reconciler.api.pages import LARGEST
from reconciler.api.readonly import is_query
from reconciler.api.retries import Patience
from reconciler.api.schema import (
    INTROSPECTION_HEADERS,
    introspection,
    schema_of,
    speaks_of_missing_fields,
    without_missing_fields,
    without_reported_fields,
)
from reconciler.api.transport import Stats, Transport
from reconciler.api.upload import Uploads
from reconciler.api.wire import Answer
from reconciler.model.errors import GraphQLError, NotAuthenticated, TransportError, WriteRefused
from reconciler.model.operation import Operation, Upload
from reconciler.model.tracing import Spans, untraced

_PAGE = "page "
"""What the size of a page is called among the widths."""
_IDENTITY = Operation(
    "authenticatedUser", "query Identity { authenticatedUser { email name tenantId org { id name } } }"
)


class Identity(Struct, frozen=True):
    """Whom the token belongs to, and which tenant it opens."""

    email: str
    name: str
    tenant: str
    organization: str
    organization_id: str


class Client:
    """A tenant's API. An asynchronous context manager; safe to share between tasks.

    `transport` replaces the network (the embedded sandbox, tests). `rate` is requests a second, None for
    no bound; `batch` is how many operations may travel in one request, None: that is found out, from what was
    `learned` on. With `read_only` nothing but queries leaves it. `notice` is told, in words, of waits that
    people would wonder about, `heard` each answer with what it is to, and `span` of each request.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        rate: float | None = 10,
        parallelism: int = 8,
        read_only: bool = False,
        batch: int | None = 1,
        learned: Mapping[str, tuple[int, int]] | None = None,
        patience: Patience | None = None,
        notice: Callable[[str], None] = lambda _: None,
        heard: Callable[[Operation, Answer], None] = lambda *_: None,
        span: Spans = untraced,
    ) -> None:
        patience, known = patience or Patience(), learned or {}
        self.sizes = {s.removeprefix(_PAGE): now for s, (now, _) in known.items() if s.startswith(_PAGE)}
        self._transport = Transport(
            base_url,
            credentials,
            inner=transport,
            rate=rate,
            parallelism=parallelism,
            read_only=read_only,
            patience=patience,
            notice=notice,
            span=span,
        )
        self._heard = heard
        self._gathering = Gathering(
            self._transport.send,
            self._alone,
            batch=batch,
            heard=heard,
            at_once=lambda: self._transport.concurrency,
            clock=patience.clock,
            learned={sort: pair for sort, pair in known.items() if not sort.startswith(_PAGE)},
            background=self._transport.background,
        )
        self._uploads = Uploads(transport, patience)
        self.base_url = str(self._transport.base)
        self.read_only = read_only
        self._identity: Identity | None = None
        self._schema: GraphQLSchema | None = None
        self._schema_asked = False
        self._schema_lock = anyio.Lock()
        self._fitted: dict[str, str] = {}

    @property
    def stats(self) -> Stats:
        """Counters: reads and writes."""
        return self._transport.stats

    @property
    def at_once(self) -> int:
        """How many operations may be asked for at once for each request that may be under way."""
        return self._gathering.most

    @property
    def learned(self) -> Mapping[str, tuple[int, int]]:
        """How many operations of a sort the tenant bears in one request, now and at most; and how many rows
        in a page of a list, where that is less than usual.
        """
        pages = {f"{_PAGE}{asked}": (size, LARGEST) for asked, size in self.sizes.items()}
        return {**self._gathering.learned, **pages}

    @property
    def writes_at_once(self) -> int:
        """How many calls that write travel together by now."""
        return self._gathering.writes

    def before_writing(self, do: Callable[[], None]) -> None:
        """Has something done right before each request leaves that may change anything; what it raises, the
        calls of that request end with, and nothing is sent.
        """
        self._transport.before_writing = do

    def withdraw(self) -> None:
        """Sends no more operation that may be withdrawn: those that wait end with Withdrawn. What may have
        been carried out already is not given up.
        """
        self._gathering.withdraw()
        self._transport.withdraw()

    @property
    def rotates_tokens(self) -> bool | None:
        """Whether the tenant gave another refresh token in an exchange; None where there was no exchange."""
        return self._transport.rotates_tokens

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def execute(self, op: Operation) -> Any:
        """A query's value at `op.name` (None if null), or a mutation's object at `op.result`.

        Raises PayloadError, GraphQLError, NotFound, NullObject, TransportError, Unreachable,
        NotAuthenticated, Withdrawn or WriteRefused; ApiErrors carry the operation's name and address.
        Optional fields that the tenant does not know are left out.
        """
        if (document := self._fitting(op.document)) is not op.document:
            op = structs.replace(op, document=document)
        return await (self._gathering.execute(op) if self._gathering.takes(op) else self._alone(op))

    async def upload(self, upload: Upload) -> None:
        """Puts a file to the address that a mutation's answer gave. Raises TransportError or WriteRefused."""
        if self.read_only:
            raise WriteRefused("a file is not sent while only reading", hint="nothing was sent")
        await self._uploads.put(upload)

    async def raw(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer to any document, `data` and `errors` as they came.

        Queries are repeated as usual, anything else only where it surely was not carried out. Raises as
        `execute` does, but leaves errors inside the answer to the caller.
        """
        reads = is_query(query)
        op = Operation("api", query, variables or {}, result="" if reads else "data", repeatable=reads)
        answer = await self._send(op)
        whole: dict[str, Any] = msgspec.json.decode(answer.body)
        return whole

    async def answer(self, op: Operation) -> Answer:
        """The answer to an operation as it came, status and all, for callers whom its form tells something.
        Raises as `raw` does.
        """
        return await self._send(op)

    async def identity(self) -> Identity:
        """Whose token this is; asked once. Raises NotAuthenticated where the tenant does not say."""
        if self._identity is None:
            try:
                user = await self.execute(_IDENTITY)
            except GraphQLError as error:
                raise NotAuthenticated(
                    f"{self.base_url} does not accept the token: {error.message}"
                ) from error
            if not isinstance(user, Mapping):
                raise NotAuthenticated(f"{self.base_url} does not say whose token this is")
            org = user.get("org")
            org = org if isinstance(org, Mapping) else {}
            self._identity = Identity(
                email=str(user.get("email") or ""),
                name=str(user.get("name") or ""),
                tenant=str(user.get("tenantId") or ""),
                organization=str(org.get("name") or ""),
                organization_id=str(org.get("id") or ""),
            )
        return self._identity

    async def check_tenant(self, expected: str | None) -> Identity:
        """The identity, if its tenant is the expected one (None: any). Raises NotAuthenticated otherwise."""
        identity = await self.identity()
        if expected and identity.tenant.lower() != expected.strip().lower():
            raise NotAuthenticated(
                f'the token opens tenant "{identity.tenant}" ({identity.organization}), not "{expected}"',
                hint="check the environment's tenant and its token",
            )
        return identity

    async def schema(self) -> GraphQLSchema | None:
        """The tenant's schema, asked for once; None where introspection is refused."""
        async with self._schema_lock:
            if not self._schema_asked:
                try:
                    answer = await self._send(introspection(), headers=INTROSPECTION_HEADERS)
                    self._schema = schema_of(answer)
                except TransportError:  # the errors' own texts do as well
                    self._schema = None
                self._schema_asked = True
        return self._schema

    def sends_whole(self, document: str) -> bool:
        """Whether nothing is left out of a document since the tenant does not know it."""
        return self._fitting(document) == document

    async def _alone(self, op: Operation) -> Any:
        """The same in a request of its own."""
        answer = await self._send(op)
        # Such errors come from validation, before anything ran, so that even a create may be sent again.
        if speaks_of_missing_fields(answer.faults) and not answer.data:
            fitted = await self._fit(op.document, answer)
            if fitted != op.document:
                answer = await self._send(structs.replace(op, document=fitted))
        return result(op, answer)

    async def _send(self, op: Operation, *, headers: Mapping[str, str] | None = None) -> Answer:
        answer = await self._transport.send(op, headers=headers)
        self._heard(op, answer)
        return answer

    def _fitting(self, document: str) -> str:
        """What is known to fit this tenant in place of `document`."""
        if document not in self._fitted and self._schema is not None:
            self._fitted[document] = without_missing_fields(document, self._schema)
        known = self._fitted.get(document, document)
        return self._fitted.get(known, known)

    async def _fit(self, document: str, answer: Answer) -> str:
        schema = await self.schema()
        fitted = without_missing_fields(document, schema) if schema else document
        if fitted == document:
            fitted = without_reported_fields(document, answer.faults)
        self._fitted[document] = fitted
        return fitted
