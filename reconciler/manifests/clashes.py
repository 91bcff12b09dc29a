"""What several manifests ask for although only one object can have it. A plan refuses it to these resources
alone, and goes on with others; whoever checks the files is told where each of them stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.kinds import all_kinds, unique
from reconciler.kinds.protocol import ignored
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.state import Resource

_CAPITAL = re.compile(r"(?=[A-Z])")


def clashes(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """An error for each resource that asks for what an earlier one asks for already, and a warning where
    only the case of letters differs.
    """
    resources = unique.wishing(resources)
    for wish, asking in unique.twice(resources):
        first, *others = [one for one in asking if not _leaves(one, wish.field)] or asking[:1]
        for other in others:
            yield _clash(wish.field, first, other)
    yield from _alike(resources)


def _leaves(resource: Resource, name: str) -> bool:
    """Whether a field stays as it is in the tenant, should the resource be there: the plan will know."""
    return all_kinds()[resource.kind].marked and ignored(resource, name)


def _clash(name: str, first: Resource, other: Resource) -> Diagnostic:
    kept, asked = (one.fields.get(name) for one in (first, other))
    message = f"{other.address} and {first.address} have the same {name}"
    if isinstance(asked, str):
        message += f' "{asked}"'
        message += f', but for blanks around it: "{kept}"' if asked != kept else ""
    hint = f"the other is at {_place(first, name)}: change one"
    field = _CAPITAL.sub("-", name).lower() if " " not in name else "key"
    return Diagnostic(f"duplicate-{field}", message, _place(other, name), str(other.address), hint)


def _alike(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    spelt: dict[tuple[str, str, str], tuple[str, Resource]] = {}
    for resource in resources:
        for wish in unique.wishes(resource):
            form = wish.written.strip()
            text, other = spelt.setdefault((resource.kind, wish.field, form.casefold()), (form, resource))
            if text != form:
                yield Diagnostic(
                    "similar-name",
                    f'{resource.address} and {other.address} have the {wish.field} "{form}" and "{text}": '
                    "whether a tenant tells them apart is not known",
                    _place(resource, wish.field),
                    str(resource.address),
                    f"the other is at {_place(other, wish.field)}: change one, unless both are meant",
                    "warning",
                )


def _place(resource: Resource, name: str) -> Source:
    return resource.positions.get(f"spec.{name.partition(' ')[0]}", resource.source)
