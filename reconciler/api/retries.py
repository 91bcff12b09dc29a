"""When a request is sent again, how long that is put off, and when it is given up.

Every wait, clock and random number of the client comes from `Patience`, so that tests need no time.
"""

from __future__ import annotations

import os
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import anyio
import httpx
from msgspec import Struct, field

from reconciler.api.wire import Answer

T = TypeVar("T")
AWAY = (502, 503, 504)  # statuses that say: nobody is there to answer

# A request of which the server cannot have read a byte.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Patience(Struct, frozen=True):
    """How often and how long to try; `sleep`, `clock` (monotonic seconds), `now` (epoch) and `rng` for tests.

    `deadline` bounds what one operation takes with all its repetitions, the wait for its turn not counted:
    no attempt begins after it. `timeout` is how long one answer may take unless the operation says otherwise.
    Five are of the client as a whole (`Health` obeys them): it repeats no more than `reserve` requests and
    a `share` of those that it makes, and takes a tenant for down after `streak` failures in a row that span
    `outage` seconds, or after any that span the deadline; then one request every `probe` seconds looks
    whether somebody is there again.
    """

    attempts: int = 6
    deadline: float = 120.0
    timeout: float = 60.0
    base: float = 0.5
    cap: float = 15.0
    reserve: int = 50
    share: float = 0.2
    streak: int = 5
    outage: float = 30.0
    probe: float = 2.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    rng: random.Random = field(default_factory=random.Random)

    def delay(self, attempt: int, wait: float | None) -> float:
        """Seconds before the attempt after number `attempt`: full jitter, on top of a Retry-After."""
        if wait is not None:
            return wait + self.rng.uniform(0, self.base)
        return self.rng.uniform(0, min(self.cap, self.base * 2 ** (attempt - 1)))

    def until_back(self, attempt: int) -> float:
        """Seconds from the beginning of attempt number `attempt` to the next where nobody was there to
        answer: a restart takes its time, and all attempts together outlast one of twenty seconds.
        """
        return self.rng.uniform(0.75, 1) * min(self.cap, self.base * float(2**attempt))


class AttemptError(Exception):
    """One attempt that brought no usable answer. It never leaves this package.

    `sent` is False where the request surely was not carried out; `final` where repeating cannot help;
    `wait` is the server's Retry-After, `throttled` whether it came with a 429; `answer` a GraphQL answer that
    came with a status of failure. `tried` is False where nothing was sent at all.
    """

    def __init__(
        self,
        text: str,
        *,
        sent: bool,
        final: bool = False,
        reached: bool = True,
        wait: float | None = None,
        throttled: bool = False,
        answer: Answer | None = None,
        tried: bool = True,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.sent = sent
        self.final = final
        self.reached = reached
        self.wait = wait
        self.throttled = throttled
        self.answer = answer
        self.tried = tried

    @classmethod
    def of(cls, error: Exception, timeout: float) -> AttemptError:
        """The failure that a network error amounts to."""
        if isinstance(error, TimeoutError | httpx.ReadTimeout):
            return cls(f"no answer within {timeout:g} s", sent=True, reached=False)
        certificate = _certificate_error(error)
        text = certificate or _cause_of(error)
        return cls(text, sent=not isinstance(error, _NEVER_SENT), final=bool(certificate), reached=False)


class Trail(Struct):
    """What was tried for one operation: for the message, and for whether a write may have happened."""

    attempts: int = 0
    spent: float = 0.0  # seconds in attempts and between them
    doubtful: bool = False
    last: AttemptError | None = None
    ended: str = ""  # why it was not tried again, where that was not its own doing

    def note(self, failure: AttemptError) -> None:
        """Remembers a failed attempt; doubt, once there, stays."""
        self.attempts += failure.tried
        self.doubtful = self.doubtful or failure.sent
        self.last = failure

    def describe(self) -> str:
        """What was tried, in words: `6 attempts in 31 s, last: connection refused`."""
        if not self.attempts:
            return str(self.last)
        plural = "" if self.attempts == 1 else "s"
        told = f"{self.attempts} attempt{plural} in {self.spent:.0f} s, last: {self.last}"
        return f"{told}; {self.ended}" if self.ended else told


class Governor(Protocol):
    """What decides about repetitions for the client as a whole: `Health`."""

    def refusal(self, failure: AttemptError) -> str:
        """Why the request that failed so may not be repeated; empty where it may, which counts."""
        ...

    async def pause(self, seconds: float, failure: AttemptError) -> None:
        """Waits before a repetition. Raises the failure where waiting has lost its point meanwhile."""
        ...


async def persist(
    attempt: Callable[[], Awaitable[T]],
    patience: Patience,
    governor: Governor,
    trail: Trail,
    *,
    repeatable: bool,
    again: Callable[[float], None] = lambda _: None,
) -> T:
    """What `attempt` brings, made again as often as `patience` and `governor` allow. Raises the last
    AttemptError; `again` is told how long each wait before a repetition will be.

    Sources of what may be repeated: behaviour.md, point 5; transport.md, section 6.
    """
    number = 0
    while True:
        began = patience.clock()
        try:
            return await attempt()
        except AttemptError as error:
            failure, number = error, number + 1
        took = patience.clock() - began
        trail.note(failure)
        if failure.final or (failure.sent and not repeatable):
            raise failure
        delay = patience.delay(number, failure.wait)
        if not failure.reached and failure.wait is None:
            delay = max(delay, patience.until_back(number) - took)
        late = trail.spent + delay > patience.deadline
        if late and failure.wait:
            trail.ended = f"it asks to wait {failure.wait:.0f} s, which is too long"
        if late or number >= patience.attempts:
            raise failure
        trail.ended = governor.refusal(failure)
        if trail.ended:
            raise failure
        again(delay)
        began = patience.clock()
        try:
            await governor.pause(delay, failure)
        finally:
            trail.spent += patience.clock() - began


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, which is a number or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    try:
        return max(0.0, float(value)) if value.strip().isdigit() else _until(value, now)
    except (TypeError, ValueError):  # neither: as good as none
        return None


def told_at(value: str | None) -> datetime | None:
    """The moment in a Date header; None where there is none."""
    try:
        return _aware(value) if value else None
    except (TypeError, ValueError):
        return None


def _until(value: str, now: float) -> float:
    return max(0.0, _aware(value).timestamp() - now)


def _aware(value: str) -> datetime:
    moment: datetime = parsedate_to_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _cause_of(error: Exception) -> str:
    """What happened, in the system's words where there are some: the libraries' own say less."""
    for seen in _chain(error):
        if isinstance(seen, OSError) and seen.strerror:
            # Name resolution has numbers of its own, below zero, and only its text tells them.
            return (os.strerror(seen.errno) if seen.errno and seen.errno > 0 else seen.strerror).lower()
    return str(error) or type(error).__name__


def _certificate_error(error: BaseException) -> str:
    """The reason why the server's certificate was refused, empty if that is not what happened."""
    for seen in _chain(error):
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted: {getattr(seen, 'verify_message', seen)}"
    return "the server's certificate is not trusted" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
