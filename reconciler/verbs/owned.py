"""Which live instances addresses mean, by the mark alone: the manifests may be gone, or broken.

A handful of addresses takes a handful of queries, however large the tenant is; patterns take the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reconciler.apply.look import own_anywhere
from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy, Request
from reconciler.kinds.table.marks import owned_name
from reconciler.lists.lookups import is_id, type_of
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, NotFound, Refused
from reconciler.model.hints import suggest
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.plan.match import address_of_one, ambiguous, match
from reconciler.plan.select import fits
from reconciler.verbs.session import Session, load_desired

if TYPE_CHECKING:
    from reconciler.api import Client

INSTANCE, CUSTOMER = "Instance", "Customer"
_SHAPE = "write Instance/CUSTOMER/NAME, as plans list it, or an id"


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
    """The instances of these addresses, and of these ids, whether they bear a mark or not. `ADDRESS@ID` names
    one of several that bear one mark.

    Raises InvalidInput with all that name none, and Refused where an address names several.
    """
    chosen: dict[Address, LiveObject] = {}
    wrong: list[Diagnostic] = []
    refused: list[Refusal] = []
    search = _Search(client, desired)
    for text in dict.fromkeys(texts):
        if is_id(text):
            try:
                address, live = await search.identified(text)
            except InvalidInput as error:
                wrong += error.diagnostics
            else:
                other = chosen.setdefault(address, live)
                if other.id != live.id:
                    chosen[address_of_one(address, live.id)] = live
            continue
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


async def owned_at(client: Client, desired: Desired, address: Address) -> LiveObject:
    """The object that bears the mark of an address, an integration as its draft. Raises InvalidInput or
    Refused.
    """
    search = _Search(client, desired)
    found = await (search.instances if address.kind == INSTANCE else search.bearing)(address)
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

    async def identified(self, identifier: str) -> tuple[Address, LiveObject]:
        """The instance with this id, and its address: by the marks, where it bears ours, else by the id.
        Raises InvalidInput.
        """
        live = await self._with_id(INSTANCE, identifier)
        name = owned_name(live.labels, self._desired.project, INSTANCE)
        if name is None:
            return Address(INSTANCE, identifier), live
        customer = await self._with_id(CUSTOMER, live.fields["customer"])
        scope = owned_name(customer.labels, self._desired.project, CUSTOMER) or customer.id
        return Address(INSTANCE, f"{scope}/{name}"), live

    async def _with_id(self, kind_name: str, identifier: str) -> LiveObject:
        named = type_of(identifier)
        if named != kind_name:
            message = f'"{identifier}" is the id of a {named}, not of an {kind_name.lower()}'
            raise InvalidInput.of("address", message, hint=_SHAPE)
        kind = all_kinds()[kind_name]
        try:
            live = await self._tenant.read(kind, kind.get(identifier))
        except NotFound:
            live = None
        if live is None:
            message = f'no {kind_name.lower()} has the id "{identifier}"'
            raise InvalidInput.of("unknown-id", message, hint=f"see: reconciler get {kind_name.lower()}s")
        return live

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
            if found := await own_anywhere(self._tenant, kind, request):
                return found
        return []


def _id(ref: Ref, customer: str) -> str | Ref:
    return customer if type(ref) is Ref and customer else ref


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
