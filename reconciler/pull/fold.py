"""Which instances of an integration are the same but for what follows from their customers, and the sets that
say all of them at once: a template, and what single customers have otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.table.marks import is_protected, owned_name
from reconciler.manifests.variables import CUSTOMER_FIELDS, CustomerFacts
from reconciler.model.address import Address
from reconciler.model.state import Resource
from reconciler.pull.leaves import RUNNING, Forms, Path, holes_in, is_withheld, key_of, leaves
from reconciler.pull.names import slug
from reconciler.pull.objects import Told
from reconciler.pull.text import unfilled

INSTANCE, CUSTOMER, SET = "Instance", "Customer", "InstanceSet"
_NAME: Path = ("name",)


class Member(Struct, frozen=True, dict=True):
    """An instance that may be one of a set."""

    told: Told
    customer: CustomerFacts

    @cached_property
    def said(self) -> Mapping[Path, object]:
        """What its manifest says."""
        return {path: one for path, one in leaves(self.told.spec).items() if not is_withheld(one)}

    @cached_property
    def withheld(self) -> Mapping[Path, object]:
        """What stands in its manifest as a comment."""
        return {path: one for path, one in leaves(self.told.spec).items() if is_withheld(one)}

    @cached_property
    def forms(self) -> Mapping[Path, Mapping[str, object]]:
        """The ways to write each value."""
        ways = Forms(self.customer)
        return {path: ways.of(value) for path, value in self.said.items()}

    @cached_property
    def shape(self) -> frozenset[Path]:
        """What it says anything about."""
        return frozenset(self.said)

    def otherwise(self, template: Mapping[Path, object]) -> dict[Path, object]:
        """What it has otherwise than the template says, in the form without holes."""
        return {
            path: next(iter(forms.values()))
            for path, forms in self.forms.items()
            if path not in template or key_of(template[path]) not in forms
        }

    def is_like(self, template: Mapping[Path, object]) -> bool:
        """Whether a set saves more than it says of this one alone."""
        return len(self.otherwise(template)) * 2 <= len(self.said)


class Group(Struct, frozen=True):
    """The instances of one set, and what they have in common."""

    members: Sequence[Member]
    template: Mapping[Path, object]


class Customers(Struct, frozen=True):
    """The customers of an environment: what their manifests say, by name."""

    facts: Mapping[str, CustomerFacts]

    @classmethod
    def of(cls, told: Iterable[Told], resources: Mapping[Address, Resource]) -> Customers:
        """Those that are told, and those that manifests declare."""
        found = {
            address.name: CustomerFacts(address, _facts(one.fields), one.labels)
            for address, one in resources.items()
            if address.kind == CUSTOMER
        }
        for one in told:
            if one.address.kind == CUSTOMER:
                found[one.address.name] = CustomerFacts(one.address, _facts(one.spec), {})
        return cls(found)

    def chosen(self, names: Collection[str]) -> dict[str, object]:
        """How a set says that it is for these: all, those with a label, or by their names."""
        wanted = set(names)
        if wanted == set(self.facts):
            return {"all": True}
        labels = {pair for one in self.facts.values() for pair in one.labels.items()}
        for key, value in sorted(labels):
            if wanted == {name for name, one in self.facts.items() if one.labels.get(key) == value}:
                return {"labels": {key: value}}
        return {"names": sorted(wanted)}


def _facts(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: one for name in CUSTOMER_FIELDS if isinstance(one := fields.get(name), str)}


def members_of(told: Iterable[Told], customers: Customers) -> dict[tuple[str, bool], list[Member]]:
    """The instances whose customers are known, by integration, and whether they are protected."""
    found: dict[tuple[str, bool], list[Member]] = {}
    for one in sorted(told, key=lambda each: (str(each.address), each.live.id)):
        customer = customers.facts.get(str(one.spec.get("customer")))
        if one.address.kind == INSTANCE and customer is not None:
            key = (str(one.spec["integration"]), is_protected(one.live))
            found.setdefault(key, []).append(Member(one, customer))
    return found


def group(base: Sequence[Member], others: Sequence[Member]) -> Group | None:
    """The largest set that can be made of `base`, with those of `others` that fit it; None where no two are
    alike.
    """
    alike = _alike(base)
    if not alike:
        return None
    shape = alike[0].shape
    template = _template(alike, shape)
    taken = {one.customer.key for one in alike}
    members = list(alike)
    for one in others:
        if one.customer.key not in taken and shape <= one.shape and one.is_like(template):
            taken.add(one.customer.key)
            members.append(one)
    return Group(members, _template(members, shape)) if len(members) > 1 else None


def _alike(members: Sequence[Member]) -> list[Member]:
    """The most instances, one of each customer, that say the same things and are called alike."""
    found: dict[tuple[str, frozenset[Path]], dict[str, Member]] = {}
    for one in members:
        for form in one.forms[_NAME]:
            found.setdefault((form, one.shape), {}).setdefault(one.customer.key, one)
    if not found:
        return []
    best = min(
        found, key=lambda key: (-len(found[key]), holes_in(key[0]), len(key[1]), key[0], sorted(key[1]))
    )
    return list(found[best].values())


def _template(members: Sequence[Member], shape: Collection[Path]) -> dict[Path, object]:
    """What most of them say, field by field, in the order in which the first says it."""
    found: dict[Path, object] = {}
    for path in members[0].said:
        if path not in shape:
            continue
        votes: dict[str, int] = {}
        forms: dict[str, object] = {}
        for one in members:
            for form, value in one.forms[path].items():
                votes[form] = votes.get(form, 0) + 1
                forms[form] = value
        best = min(votes, key=lambda form: (-votes[form], holes_in(form), form))
        found[path] = forms[best]
    return found


class Naming(Struct):
    """Gives instances that can be one set the same name within their customers. What bears this project's
    mark keeps its name.
    """

    project: str
    resources: Mapping[Address, Resource]
    sets: Collection[str] = ()
    """The names of the sets that there are."""
    used: set[str] = set()

    def __post_init__(self) -> None:
        self.used = {a.leaf for a in self.resources if a.kind == INSTANCE} | set(self.sets)

    def is_free(self, leaf: str) -> bool:
        """Whether a new set may be called so."""
        return leaf not in self.used

    def __call__(self, told: Sequence[Told]) -> dict[Address, Address]:
        """The addresses that change."""
        customers = Customers.of(told, self.resources)
        taken = {one.address for one in told} | set(self.resources)
        given: set[str] = set()
        renamed: dict[Address, Address] = {}
        for (integration, _), members in members_of(told, customers).items():
            free = [one for one in members if self._owned(one) is None]
            marked: dict[str, list[Member]] = {}
            for one in members:
                if (leaf := self._owned(one)) is not None:
                    marked.setdefault(leaf, []).append(one)
            for leaf, some in sorted(marked.items(), key=lambda item: (-len(item[1]), item[0])):
                if self.is_free(leaf) and (found := group(some, free)) is not None:
                    given.add(leaf)
                    free = _named(found, leaf, free, taken, renamed)
            while (found := group(free, free)) is not None:
                leaf = self._leaf(found, integration, taken, given)
                given.add(leaf)
                free = _named(found, leaf, free, taken, renamed)
        return renamed

    def _owned(self, one: Member) -> str | None:
        return owned_name(one.told.live.labels, self.project, INSTANCE)

    def _leaf(self, found: Group, integration: str, taken: set[Address], given: set[str]) -> str:
        """What the set is called: like its integration, or like its instances."""
        named = str(found.template[_NAME]).partition("${customer.")
        own = {one.told.address for one in found.members}
        number, wanted = 1, [integration, slug(f"{named[0]} {named[2].partition('}')[2]}") or integration]
        while True:
            for leaf in wanted:
                there = {Address(INSTANCE, f"{one.customer.key}/{leaf}") for one in found.members}
                if self.is_free(leaf) and leaf not in given and not (there - own) & taken:
                    return leaf
            number += 1
            wanted = [f"{integration[: 60 - len(str(number))]}-{number}"]


def _named(
    found: Group, leaf: str, free: Sequence[Member], taken: set[Address], renamed: dict[Address, Address]
) -> list[Member]:
    """Those that are left when the instances of the group have its name."""
    done: set[Address] = set()
    for one in found.members:
        before = one.told.address
        after = Address(INSTANCE, f"{one.customer.key}/{leaf}")
        done.add(before)
        if after != before and after not in taken:
            renamed[before] = after
            taken.add(after)
    return [one for one in free if one.told.address not in done]


class Alone(Struct, frozen=True):
    """An instance that is in no set although others of its integration are there, and why."""

    address: Address
    why: str


class Set(Struct, frozen=True):
    """Instances as one manifest."""

    address: Address
    members: Sequence[Member]
    template: Mapping[Path, object]
    protect: bool

    def override(self, member: Member) -> dict[Path, object]:
        """What one customer has otherwise, with what is only a comment."""
        differs = member.otherwise(self.template)
        said = {path: differs.get(path, unfilled(one)) for path, one in leaves(member.told.spec).items()}
        return {path: one for path, one in said.items() if path in differs or path in member.withheld}

    @property
    def overridden(self) -> int:
        """For how many customers it says anything otherwise."""
        return sum(bool(one.otherwise(self.template)) for one in self.members)


class Folded(Struct):
    """The sets, and what stood in the way of the instances that are in none."""

    sets: list[Set] = []
    alone: list[Alone] = []


def fold(
    told: Sequence[Told],
    customers: Customers,
    is_free: Callable[[str], bool],
    is_exact: Callable[[Set, Member], bool],
) -> Folded:
    """The instances among `told` that can be sets, and those that cannot. `is_free` says whether a set may
    bear a name, and `is_exact` whether a set's text says of a member what its own manifest would.
    """
    found = Folded()
    for (_, protect), members in members_of(told, customers).items():
        by_leaf: dict[str, list[Member]] = {}
        for one in members:
            by_leaf.setdefault(one.told.address.leaf, []).append(one)
        made, left = list[Set](), list[tuple[Member, str]]()
        for leaf, some in by_leaf.items():
            if not is_free(leaf):
                left += [(one, f"{SET}/{leaf} is another set") for one in some]
                continue
            set_, out = _set(leaf, some, protect, is_exact)
            made += [set_] if set_ else []
            left += out
        found.sets += made
        if len(members) > 1:
            found.alone += [Alone(one.told.address, why or _why(one, made)) for one, why in left]
    return found


def _set(
    leaf: str, members: Sequence[Member], protect: bool, is_exact: Callable[[Set, Member], bool]
) -> tuple[Set | None, list[tuple[Member, str]]]:
    """The set of one name, and those that are not in it, with why where that is known."""
    grouped = group(members, members)
    if grouped is None:
        return None, [(one, "") for one in members]
    made = Set(Address(SET, leaf), grouped.members, grouped.template, protect)
    exact = [one for one in made.members if is_exact(made, one)]
    inside = {one.told.address for one in exact} if len(exact) > 1 else set()
    out = [(one, "") for one in members if one not in grouped.members]
    inexact = "a set would not say quite the same of it"
    out += [(one, inexact) for one in made.members if one.told.address not in inside]
    return (replace(made, members=exact) if inside else None), out


def _why(one: Member, sets: Sequence[Set]) -> str:
    """What stood in the way of an instance."""
    if not sets:
        return "no other instance of its integration is like it"
    largest = max(sets, key=lambda each: len(each.members))
    if any(member.customer.key == one.customer.key for member in largest.members):
        return f"its customer is in {largest.address} with another instance"
    missing = sorted(path for path in largest.template if path not in one.said)
    if missing:
        return f"it says nothing of {_shown(missing[0])}, as {largest.address} does"
    count = len(one.otherwise(largest.template))
    return f"it differs from {largest.address} in {count} of {len(one.said)} values"


def _shown(path: Path) -> str:
    return "release" if path == RUNNING else ".".join(path)


def unfolded(told: Iterable[Told], sets: Sequence[Set]) -> Iterator[Told]:
    """What still has a manifest of its own."""
    inside = {one.told.address for each in sets for one in each.members}
    yield from (one for one in told if one.address not in inside)
