"""How many requests a plan will cost, where calls for different resources travel together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import may_share
from reconciler.model.address import Address
from reconciler.model.operation import FEW, MANY
from reconciler.model.plan import Action, Plan, Requests, Verb


def expected(plan: Plan, batch: int | None) -> Requests:
    """What carrying the plan out is expected to send, reading what it was made from included. `batch` is how
    many operations travel together; None: that is found out on the way, from few to many.
    """
    alone = plan.requests
    if batch == 1 or not plan.actions:
        return alone
    reads, writes = Counter[tuple[str, str, int]](), Counter[tuple[str, str, int]]()
    looked: set[Address] = set()
    levels = _levels(plan.actions)
    left = alone
    for action in plan.actions:
        shares = may_share(all_kinds()[action.address.kind], action.verb)
        if not shares and action.verb is not Verb.DELETE:
            continue
        sort = (action.address.kind, action.verb.value, levels[action.id])
        looks = int(action.address not in looked)
        looked.add(action.address)
        reads[sort] += action.reads + looks
        writes[sort] += action.writes if shares else 0
        left = Requests(left.read - action.reads - looks, left.write - action.writes * shares)
    return Requests(
        max(1, left.read) + sum(_sent(count, batch, FEW) for count in reads.values()),
        left.write
        + sum(
            _sent(count, batch, 1 if verb == Verb.DEPLOY.value else FEW)
            for (_, verb, _), count in writes.items()
        ),
    )


def _sent(count: int, batch: int | None, width: int) -> int:
    """In how many requests so many operations travel, that may be asked for at the same time."""
    if batch is not None:
        return -(-count // batch)
    return sum(1 for _ in _growing(count, width))


def _growing(count: int, width: int) -> Iterator[int]:
    """The first answers let it grow before all that could have left at that width has."""
    while count > 0:
        for _ in range(2):
            if count > 0:
                yield min(width, count)
                count -= width
        width = min(MANY, width * 2)


def _levels(actions: Sequence[Action]) -> Mapping[str, int]:
    """How many actions come before each, one after another; the plan has them in an order that fits."""
    levels: dict[str, int] = {}
    for action in actions:
        levels[action.id] = 1 + max((levels.get(other, 0) for other in action.depends_on), default=0)
    return levels
