"""Makes actions and edges of names that change hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Step
from reconciler.model.address import Address
from reconciler.model.plan import MAKE_WAY, Action, Cause, Change, Verb
from reconciler.model.state import LiveObject
from reconciler.plan.interim import interim
from reconciler.plan.match import listed
from reconciler.plan.mending import Mending
from reconciler.plan.names import Order
from reconciler.plan.tangle import Handover

NAME = "name"
"""What objects are called: the one field that has a value of its own for a moment."""


def action_of(address: Address, step: Step, after: tuple[str, ...], basis: str, target: str) -> Action:
    """The action that carries a step out."""
    name = step.name or step.verb.value
    return Action(
        f"{address}#{name}",
        address,
        step.verb,
        step.reason,
        after,
        step.changes,
        basis,
        target,
        reads=step.reads,
        writes=step.writes,
    )


def hand_over(order: Order, mending: Mending, chains: dict[Address, list[Action]]) -> None:
    """Lets each action that takes a name wait for the one that gives it up, and puts what makes way before
    all else that is done to its object.
    """
    freed = {one: _giving(one, order, chains) for one in order.handovers}
    for one, giver in freed.items():
        _wait(chains[one.taker], one.field, giver)
    for address in order.make_way:
        takers = sorted(one.taker for one in order.handovers if one.giver == address and one.field == NAME)
        if address in mending.matched.orphans:
            chains[address] = [_leaving(address, takers, mending)]
            continue
        action = _making_way(address, takers, mending, chains[address])
        _wait(chains[address], NAME, action.id)
        chains[address].insert(0, action)


def _giving(one: Handover, order: Order, chains: Mapping[Address, list[Action]]) -> str:
    """The id of the action after which the value is free."""
    if order.is_freed_early(one):
        return f"{one.giver}#{MAKE_WAY}"
    return chains[one.giver][_index(chains[one.giver], one.field)].id


def _wait(chain: list[Action], field: str, other: str) -> None:
    index = _index(chain, field)
    depends_on = tuple(dict.fromkeys((*chain[index].depends_on, other)))
    chain[index] = replace(chain[index], depends_on=depends_on)


def _index(chain: Iterable[Action], field: str) -> int:
    """Where in its chain a field is written."""
    return next(at for at, a in enumerate(chain) if any(one.path == field for one in a.changes))


def _making_way(address: Address, takers: list[Address], mending: Mending, chain: list[Action]) -> Action:
    change = next(c for c in chain[_index(chain, NAME)].changes if c.path == NAME)
    reason = f"gives its name to {listed(takers)} before it can have its own"
    live = mending.matched.objects[address]
    return _renaming(address, reason, change.after, live, mending.basis(address), mending)


def _leaving(address: Address, takers: list[Address], mending: Mending) -> Action:
    """What is to be deleted goes last, so that it can only make way."""
    reason = f"gives its name to {listed(takers)} before it is deleted"
    live = mending.matched.orphans[address]
    basis = all_kinds()[live.kind].basis(live, None)
    return _renaming(address, reason, str(live.fields[NAME]), live, basis, mending)


def _renaming(
    address: Address, reason: str, target: str, live: LiveObject, basis: str, mending: Mending
) -> Action:
    meanwhile = interim(mending.desired.project, address, target)
    change = Change(NAME, live.fields[NAME], meanwhile, Cause.PENDING)
    return action_of(address, Step(Verb.UPDATE, reason, (change,), MAKE_WAY), (), basis, live.id)
