"""`history --restore`: puts a draft back that an import replaced. It is a plan like any other: the draft is
looked at first, what it holds now is kept, and the journal tells of it.
"""

from __future__ import annotations

from hashlib import sha256

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.kinds.integration.steps import RELABEL, RESTORE
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.labels import people
from reconciler.model import digest
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, NotFound
from reconciler.model.plan import Action, Plan, Verb
from reconciler.model.state import Desired, Live, Resource
from reconciler.plan.seal import sealed
from reconciler.verbs.history import Kept, Past
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session, connect


def choose(run: Past, address: str) -> Kept:
    """The draft that the run replaced at the address, or its only one. Raises InvalidInput."""
    found = [kept for kept in run.drafts if address in ("", kept.address)]
    if len({kept.address for kept in found}) > 1:
        names = ", ".join(sorted({kept.address for kept in found}))
        raise InvalidInput.of(
            "no-draft", f"this run replaced several drafts: {names}", hint="name one: --restore ADDRESS"
        )
    if not found:
        of = f" of {address}" if address else ""
        raise InvalidInput.of(
            "no-draft",
            f'run "{run.id}" keeps no draft{of}',
            hint=f"see what it keeps with: reconciler history {run.id}",
        )
    return found[-1]


async def plan_restore(session: Session, kept: Kept) -> Planned:
    """The plan that brings the kept text back. Only reads. Raises InvalidInput where the text is not what
    was kept, or where the integration is gone.
    """
    from reconciler.live.read_back import read_back
    from reconciler.live.tenant import Tenant

    text = _text(kept)
    address = Address.parse(kept.address)
    kind = all_kinds()[address.kind]
    async with connect(session, read_only=True) as client:
        try:
            live = await Tenant(client).read(kind, kind.get(kept.target))
        except NotFound:
            live = None
    if live is None:
        raise InvalidInput.of(
            "no-object",
            f"{address} is gone: there is no integration with the id {kept.target}",
            hint=f"its draft's text stands in {kept.path}",
        )
    definition = Definition(text, read_back(text))
    # The text alone decides what is there afterwards: nothing else is left to people.
    said = {"description": "", "category": "", **definition.own_fields, "labels": people(live.labels)}
    resource = Resource(address, {**said, "definition": definition})
    basis = kind.basis(live, resource)
    restore, relabel = f"{address}#{RESTORE}", f"{address}#{RELABEL}"
    actions = (
        Action(restore, address, Verb.IMPORT, "as it was before", basis=basis, target=live.id),
        Action(
            relabel, address, Verb.UPDATE, "an import resets labels", (restore,), basis=basis, target=live.id
        ),
    )
    project, environment = session.project.name, session.environment.name
    sides = digest.sha256(kept.digest), digest.sha256(basis)
    plan = Plan(project, environment, *sides, actions=actions)
    desired = Desired(project, environment, {address: resource})
    return Planned(sealed(plan), desired, Live("", {kind.name: (live,)}), {address: live}, Policy())


def _text(kept: Kept) -> str:
    data = kept.path.read_bytes()
    if f"sha256:{sha256(data).hexdigest()}" != kept.digest:
        raise InvalidInput.of(
            "draft-changed",
            f"{kept.path} is not the text any more that was kept",
            hint="import it by hand, if its change is meant",
        )
    return data.decode("utf-8", "surrogatepass")
