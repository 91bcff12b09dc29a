"""Operations that are asked for at the same time travel in one request.

Whoever asks need not know: what several tasks ask for in the same moment is sent together, as wide as the
tenant has shown that it can bear. Each gets an answer or an error of its own.
"""

from __future__ import annotations

import copy
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Sized
from typing import Any

import anyio
import anyio.lowlevel
from msgspec import Struct, field

from reconciler.api.answers import result
from reconciler.api.background import Background
from reconciler.api.joined import Parted, joined, joins, parted
from reconciler.api.limits import QUICK
from reconciler.api.wire import UNREADABLE, Answer, opened
from reconciler.model.errors import ApiError, ReconcilerError, TooCostly, TransportError, Withdrawn
from reconciler.model.operation import FEW, MANY, Operation

log = logging.getLogger("reconciler.http")

_SLOW = 5.0  # seconds: whoever waits as long for one answer is better off with smaller ones
_TOO_MUCH = re.compile(r"\b(alias\w*|cost|complex\w*|too (many|large|big)|limit|413)\b", re.IGNORECASE)
_LISTS, _LOOKS = "lists", "looks"
_PATIENT = 3  # rounds of the event loop in which nobody else asks


class Width(Struct):
    """How many operations of a sort may travel together. It doubles while answers are quick, up to `most`,
    and halves where they are slow or refused; between what was answered and what was refused it is searched
    for. Where it is `fixed`, only refusals count.
    """

    now: int
    most: int
    fixed: bool = False
    searching: bool = False
    borne: int = 0
    """The most that got their answer together."""

    def answered(self, count: int, seconds: float) -> None:
        """So many got their answer, after so many seconds."""
        self.borne = max(self.borne, count)
        if seconds > _SLOW and not self.fixed:
            self.now = max(1, min(self.now, count) // 2)
            return
        if count >= self.now and (seconds <= QUICK or self.fixed):
            between = (self.now + self.most + 1) // 2
            near = self.most - self.now <= self.now // 4
            self.now = self.now if near else min(self.now * 2, between if self.searching else self.most)

    def refused(self, count: int, *, because_of_it: bool) -> None:
        """So many were not answered together."""
        if because_of_it:
            self.most = max(1, min(self.most, count - 1))
            self.searching = True
        self.now = max(1, min(self.now, self.most, count // 2))


class _Asked(Struct):
    """One operation that waits for its answer."""

    op: Operation
    ended: anyio.Event = field(default_factory=anyio.Event)
    value: Any = None
    error: Exception | None = None
    left: bool = False
    """Whether nobody waits any more."""


class Gathering:
    """Sends together what is asked for together. `send` sends one request, `alone` executes an operation in a
    request of its own; `heard` is told each answer with what it is to, `at_once` tells how many requests may
    be under way, `clock` gives seconds. `batch` is the width, None: that is found out, beginning with what
    was `learned` before.
    """

    def __init__(
        self,
        send: Callable[[Operation], Awaitable[Answer]],
        alone: Callable[[Operation], Awaitable[Any]],
        *,
        batch: int | None,
        heard: Callable[[Operation, Answer], None],
        at_once: Callable[[], int],
        clock: Callable[[], float],
        learned: Mapping[str, tuple[int, int]],
        background: Background,
    ) -> None:
        self._send, self._alone, self._heard, self._at_once = send, alone, heard, at_once
        self._clock = clock
        self._batch = batch
        self._widths: dict[str, Width] = {}
        if batch is None:
            self._widths = {sort: Width(now, most) for sort, (now, most) in learned.items()}
        self._waiting: dict[str, deque[_Asked]] = {}
        self._under_way = 0
        self._pumping = False
        self._ended = anyio.Event()
        self._background = background

    @property
    def most(self) -> int:
        """How many may travel together at most."""
        return self._batch or MANY

    @property
    def learned(self) -> dict[str, tuple[int, int]]:
        """How many of a sort travel together by now, and at most, as far as that was found out."""
        found = {sort: (width.now, width.most) for sort, width in self._widths.items()}
        return found if self._batch is None else {}

    @property
    def writes(self) -> int:
        """How many calls that write travel together by now."""
        known = [width.now for sort, width in self._widths.items() if sort not in (_LISTS, _LOOKS)]
        return max(known, default=self._batch or FEW)

    def takes(self, op: Operation) -> bool:
        """Whether an operation may travel with others."""
        return self._batch != 1 and (op.shares or not op.is_mutation) and joins(op)

    def withdraw(self) -> None:
        """Lets what waits for its request, and may be withdrawn, wait no longer."""
        for waiting in self._waiting.values():
            _withdraw(waiting)

    async def execute(self, op: Operation) -> Any:
        """What an operation gives, which it takes. Raises what the client does."""
        asked = _Asked(op)
        self._waiting.setdefault(_sort(op), deque()).append(asked)
        if not self._pumping:
            self._pumping = True
            self._background.start(self._pump)
        try:
            await asked.ended.wait()
        except BaseException:
            asked.left = True
            raise
        if asked.error is not None:
            raise asked.error
        try:
            return opened(asked.value, op.node)
        except UNREADABLE:  # a part that says nothing spoils no other: alone it is asked for as usual
            return await self._alone(op)

    def _width(self, sort: str) -> Width:
        if sort not in self._widths:
            first = self._batch or (1 if sort.startswith("deploy") else FEW)
            self._widths[sort] = Width(first, self.most, fixed=self._batch is not None)
        return self._widths[sort]

    async def _pump(self) -> None:
        """Sends what waits, the oldest first, until nothing does."""
        try:
            while await self._assembled():
                while self._under_way >= max(1, self._at_once()):
                    self._ended = anyio.Event()
                    await self._ended.wait()
                sort = self._next()
                waiting = self._waiting[sort]
                some: list[_Asked] = []
                while waiting and len(some) < self._width(sort).now:
                    if not (one := waiting.popleft()).left:
                        some.append(one)
                if not waiting:
                    del self._waiting[sort]
                if some:
                    self._under_way += 1
                    self._background.start(self._carried, sort, some)
        finally:
            self._pumping = False

    def _next(self) -> str:
        """The sort that is sent next: one of which a whole request waits, else the oldest."""
        full = (sort for sort, waiting in self._waiting.items() if self._is_full(sort, waiting))
        return next(full, None) or next(sort for sort, waiting in self._waiting.items() if waiting)

    def _is_full(self, sort: str, waiting: Sized) -> bool:
        """Whether a whole request of them waits, of a width that is known to be answered."""
        width = self._width(sort)
        return len(waiting) >= width.now <= width.borne

    async def _assembled(self) -> bool:
        """Gives others the time to ask, too, as long as no request is full; whether somebody waits."""
        count, quiet = -1, 0
        while quiet < _PATIENT:
            if any(self._is_full(sort, waiting) for sort, waiting in self._waiting.items()):
                return True
            await anyio.lowlevel.checkpoint()
            now = sum(map(len, self._waiting.values()))
            count, quiet = now, quiet + 1 if now == count else 0
        return count > 0

    async def _carried(self, sort: str, some: Sequence[_Asked]) -> None:
        try:
            await self._carry(sort, some)
        except Exception as error:  # whoever asked is told, whatever it is
            for one in some:
                one.error = one.error or error
                one.ended.set()
        finally:
            self._under_way -= 1
            self._ended.set()

    async def _carry(self, sort: str, some: Sequence[_Asked]) -> None:
        """Sends some together; where that is not answered as such, in halves."""
        width, began = self._width(sort), self._clock()
        if len(some) == 1:
            await self._carry_one(some[0], width)
            return
        order = _order(some)
        whole = joined([some[at].op for at in order])
        try:
            answer = await self._send(whole)
        except Withdrawn:
            await self._carry_on(sort, some)
            return
        except ReconcilerError as error:
            if not whole.is_mutation or _too_large(error):
                width.refused(len(some), because_of_it=_too_large(error))
                if isinstance(error, TransportError):
                    await self._halves(sort, some)
                    return
            elif isinstance(error, TransportError) and error.doubtful:
                width.now = 1
            self._fail(some, whole, error)
            return
        parts = parted(whole.parts, whole, answer)
        if parts is None:
            said = " ".join(fault.message for fault in answer.faults)
            width.refused(len(some), because_of_it=bool(_TOO_MUCH.search(said)))
            log.debug("%d operations are refused as one request, and go in halves", len(some))
            await self._halves(sort, some)
            return
        width.answered(len(some), self._clock() - began)
        place = dict(zip(order, parts, strict=True))
        await self._tell(sort, some, [place[at] for at in range(len(some))], whole)

    async def _carry_on(self, sort: str, some: Sequence[_Asked]) -> None:
        """Sends those of a withdrawn request that have to go."""
        _withdraw(some)
        if bound := [one for one in some if not one.op.withdrawable]:
            await self._carry(sort, bound)

    async def _carry_one(self, one: _Asked, width: Width) -> None:
        began = self._clock()
        try:
            one.value = await self._alone(one.op)
            width.answered(1, self._clock() - began)
        except ReconcilerError as error:
            if isinstance(error, TooCostly):  # that others travelled with it was not what was refused before
                width.most, width.searching = self.most, False
            one.error = error
        finally:
            one.ended.set()

    async def _halves(self, sort: str, some: Sequence[_Asked]) -> None:
        middle = (len(some) + 1) // 2
        for half in (some[:middle], some[middle:]):
            await self._carry(sort, half)

    async def _tell(
        self, sort: str, some: Sequence[_Asked], parts: Sequence[Parted], whole: Operation
    ) -> None:
        again = []
        for one, part in zip(some, parts, strict=True):
            if part.again:
                again.append(one)
                continue
            if part.answer is None:
                one.error = _perhaps_undone(one.op)
            else:
                self._heard(one.op, part.answer)
                self._value(one, part.answer, whole)
            one.ended.set()
        if again:
            await self._carry(sort, again)

    @staticmethod
    def _value(one: _Asked, answer: Answer, whole: Operation) -> None:
        try:
            # What a server says of one may repeat what any of them sent.
            one.value = result(one.op, answer, whole.variables)
        except ReconcilerError as error:
            one.error = error

    @staticmethod
    def _fail(some: Sequence[_Asked], whole: Operation, error: ReconcilerError) -> None:
        for one in some:
            own = copy.copy(error)
            own.message = error.message.replace(whole.name, one.op.name, 1)
            own.args, own.address = (own.message,), one.op.address
            if isinstance(own, ApiError):
                own.operation, own.unfinished = one.op.name, own.doubtful
            one.error = own
            one.ended.set()


def _withdraw(some: Iterable[_Asked]) -> None:
    """Ends those without an answer that may be withdrawn."""
    for one in some:
        if one.op.withdrawable:
            one.left, one.error = True, Withdrawn()
            one.ended.set()


def _order(some: Sequence[_Asked]) -> list[int]:
    """The order in which they stand in their request: the same questions make the same text, whichever was
    asked first.
    """
    order = list(range(len(some)))
    return order if some[0].op.is_mutation else sorted(order, key=lambda at: some[at].op.document)


def _sort(op: Operation) -> str:
    """What travels together: calls of one name, lists, and looks at single objects."""
    if op.is_mutation:
        return op.name
    rows = op.variables.get("first")
    return _LISTS if isinstance(rows, int) and rows > 1 else _LOOKS


def _too_large(error: ReconcilerError) -> bool:
    return isinstance(error, TransportError) and not error.doubtful and bool(_TOO_MUCH.search(error.message))


def _perhaps_undone(op: Operation) -> TransportError:
    return TransportError(
        f"{op.name}: another call of the same request was refused, which may have undone this one",
        operation=op.name,
        address=op.address,
        hint="the next plan shows",
        doubtful=True,
    )
