"""Which live instances addresses mean, by the mark alone: the manifests may be gone, or broken.

A handful of addresses takes a handful of queries, however large the tenant is; patterns take the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Policy, Request
from reconciler.manifests.messages import suggest
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, Refused
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.plan.match import ambiguous, match
from reconciler.plan.select import fits
from reconciler.verbs.lookups import is_id
from reconciler.verbs.session import Session, load_desired

if TYPE_CHECKING:
    from reconciler.api import Client

INSTANCE, CUSTOMER = "Instance", "Customer"
_SHAPE = "write Instance/CUSTOMER/NAME, as plans list it"


def as_written(session: Session) -> tuple[Desired, list[Diagnostic]]:
    """What the manifests ask for, without their secrets. Where they are wrong they have no say, and a warning
    tells so: what must be done at once does not wait for them.
    """
    try:
        desired, _ = load_desired(session)
    except InvalidInput as error:
        message = f"the manifests are not valid ({error.message}), so what they ask for is not known"
        warning = Diagnostic("manifests", message, hint="see: reconciler validate", severity="warning")
        return Desired(session.project.name, session.environment.name, {}), [warning]
    return desired, []


async def addressed(client: Client, desired: Desired, texts: Sequence[str]) -> dict[Address, LiveObject]:
    """The instances of these addresses. `ADDRESS@ID` names one of several that bear one mark.

    Raises InvalidInput with all addresses that name none, and Refused where one names several.
    """
    chosen: dict[Address, LiveObject] = {}
    wrong: list[Diagnostic] = []
    refused: list[Refusal] = []
    search = _Search(client, desired)
    for text in dict.fromkeys(texts):
        customer, _, name = text.removeprefix(f"{INSTANCE}/").partition("/")
        if not text.startswith(f"{INSTANCE}/") or not name:
            wrong.append(Diagnostic("address", f'"{text}" is not the address of an instance', hint=_SHAPE))
            continue
        address = Address(INSTANCE, f"{customer}/{name}")
        found = await search.instances(address)
        if len(found) > 1:
            refused.append(ambiguous(address, {obj.id: obj for obj in found}))
        elif found:
            chosen[address] = found[0]
        else:
            wrong.append(_not_owned(text, desired))
    if wrong:
        raise InvalidInput(wrong)
    if refused:
        raise Refused(refused)
    return chosen


async def integration_of(client: Client, desired: Desired, address: Address) -> LiveObject:
    """The integration of an address, as its draft. Raises InvalidInput or Refused."""
    found = await _Search(client, desired).bearing(address)
    if len(found) > 1:
        raise Refused([ambiguous(address, {obj.id: obj for obj in found})])
    if not found:
        raise InvalidInput([_not_owned(str(address), desired)])
    return found[0]


async def selected(client: Client, desired: Desired, patterns: Iterable[str]) -> dict[Address, LiveObject]:
    """The instances of this project that any of the patterns names, as `--select` does. Raises InvalidInput
    with the patterns that name none.
    """
    from reconciler.live.fetch import fetch

    kinds = all_kinds()
    matched = match(desired, await fetch(client, [kinds[CUSTOMER], kinds["Integration"], kinds[INSTANCE]]))
    owned = {a: o for a, o in matched.objects.items() if a not in matched.adopting} | matched.orphans
    labels = {address: resource.labels for address, resource in desired.resources.items()}
    chosen: dict[Address, LiveObject] = {}
    empty: list[Diagnostic] = []
    for pattern in patterns:
        found = {a: o for a, o in owned.items() if a.kind == INSTANCE and fits(a, labels.get(a, {}), pattern)}
        chosen |= found
        if not found:
            empty.append(Diagnostic("selects-nothing", f'"{pattern}" selects no instance of this project'))
    if empty:
        raise InvalidInput(empty)
    return chosen


class _Search:
    """Finds objects by mark, under the present and the earlier names of their manifests."""

    def __init__(self, client: Client, desired: Desired) -> None:
        from reconciler.live.tenant import Tenant

        self._tenant, self._desired = Tenant(client), desired
        self._customers: dict[str, str] = {}

    async def instances(self, address: Address) -> list[LiveObject]:
        """The instances of the address; several where they bear one mark."""
        name, at, identifier = address.leaf.partition("@")
        customer = await self._customer(address.name.partition("/")[0])
        if not customer:
            return []
        whole = Address(INSTANCE, f"{address.name.partition('/')[0]}/{name}")
        found = await self.bearing(whole, customer)
        return [obj for obj in found if not at or obj.id == identifier]

    async def _customer(self, named: str) -> str:
        """The customer's id; "" where there is none. One that is not ours is spoken of by its id."""
        if is_id(named):
            return named
        if named not in self._customers:
            found = await self.bearing(Address(CUSTOMER, named))
            self._customers[named] = found[0].id if found else ""
        return self._customers[named]

    async def bearing(self, address: Address, customer: str = "") -> list[LiveObject]:
        """The objects that bear the mark of an address; an instance's within its customer, by whose id."""
        kind = all_kinds()[address.kind]
        written = self._desired.resources.get(address)
        fields = {"customer": Address(CUSTOMER, customer)} if customer else {}
        for name in (address.leaf, *(written.was if written else ())):
            resource = Resource(Address(address.kind, name), fields)
            request = Request(self._desired.project, resource, None, lambda ref: _id(ref, customer), Policy())
            found = [o for o in await self._tenant.find(kind, kind.find(request)) if kind.is_own(o, request)]
            if found:
                return found
        return []


def _id(ref: Ref, customer: str) -> str | Ref:
    return customer if ref.field == "id" and customer else ref


def _not_owned(text: str, desired: Desired) -> Diagnostic:
    address = Address.parse(text)
    kind = address.kind.lower()
    if address in desired.resources:
        message, hint = f"no {kind} bears the mark of {text}", "apply it first: reconciler apply"
        return Diagnostic("not-owned", message, desired.resources[address].source, text, hint)
    written = [str(other) for other in desired.resources if other.kind == address.kind]
    owned = f"see what there is: reconciler get {kind}s --label-contains reconciler:{desired.project}/"
    message = f'no {kind} of this project has the address "{text}"'
    return Diagnostic("unknown-address", message, address=text, hint=suggest(text, written, owned))
