"""Generated resources of the kinds that a table tells: with them a world has references across all kinds."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.state import Resource
from tests.kinds.cases import CASES

KINDS = {case.kind: case.drawn for case in CASES.values() if case.drawn}


@st.composite
def tabled(draw: st.DrawFn, core: Sequence[Resource]) -> list[Resource]:
    """Resources of up to two of these kinds, often of none, with those that they refer to."""
    most = draw(st.sampled_from((0, 0, 2)))
    chosen = set(draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=most)))
    chosen |= {needed for kind in chosen for needed in KINDS[kind].needs if needed in KINDS}
    there = {resource.kind: resource for resource in core}
    made: list[Resource] = []
    for kind in all_kinds():
        if kind in chosen and all(needed in there for needed in KINDS[kind].needs):
            drawn = KINDS[kind]
            fields = draw(st.fixed_dictionaries(drawn.must(there), optional=drawn.may(there)))
            there[kind] = Resource(Address(kind, kind.lower()), fields)
            made.append(there[kind])
    return made


@st.composite
def changed_tabled(draw: st.DrawFn, resource: Resource, core: Sequence[Resource]) -> Resource:
    """The resource with other values in the fields that it mentions."""
    there = {one.kind: one for one in core}
    drawn = KINDS[resource.kind]
    given = {name: st.just(value) for name, value in resource.fields.items()}
    other = {
        k: v
        for k, v in {**given, **drawn.must(there), **drawn.may(there)}.items()
        if k in given and k not in FIXED
    }
    return structs.replace(resource, fields={**resource.fields, **draw(st.fixed_dictionaries(other))})


FIXED = {"connection", "customer", "integration", "release", "instance", "users", "webhooks", "groups"}
"""What refers to others stays as it is."""
