"""Which files say nothing but what is not in the tenant any more."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.definition import Definition
from reconciler.model.address import Address
from reconciler.model.state import Resource
from reconciler.plan.match import Matched
from reconciler.plan.select import Selection
from reconciler.yaml12.text import parse


def files_of_absent(
    matched: Matched, selection: Selection, read: Callable[[str], str]
) -> dict[Address, tuple[str, ...]]:
    """The files of the resources that have no object, with their definitions: those in which nothing else
    stands, and which nothing else names.
    """
    resources = [one for one in matched.desired.resources.values() if one.part_of is None]
    absent = {one.address for one in resources if _is_absent(one, matched) and selection.about(one)}
    by_file: dict[str, list[Resource]] = {}
    for one in resources if absent else ():
        by_file.setdefault(one.source.file, []).append(one)
    found: dict[Address, tuple[str, ...]] = {}
    in_sets = _named_by_sets(resources, absent, read)
    for file, there in by_file.items():
        if (
            in_sets.isdisjoint(one.address for one in there)
            and all(one.address in absent for one in there)
            and _holds_only(read(file), there)
        ):
            found |= {one.address: (file,) for one in there[:1]}
            for one in there:
                definition = one.fields.get("definition")
                if not isinstance(definition, Definition) or definition.component is not None:
                    continue  # a bundle is a folder, which a build makes
                if _is_alone(definition.file, absent, resources):
                    found[one.address] = (*found.get(one.address, ()), definition.file)
    return found


def _named_by_sets(
    resources: list[Resource], absent: set[Address], read: Callable[[str], str]
) -> set[Address]:
    """The customers that sets of instances name: without their manifests these would be wrong."""
    files = {one.source.file for one in resources if one.fields.get("customer") in absent}
    found: set[Address] = set()
    for file in sorted(files):
        for document in parse(read(file), "")[0]:
            if isinstance(document.value, dict) and document.value.get("kind") == "InstanceSet":
                spec = document.value["spec"]
                names = (*spec["customers"].get("names", ()), *spec.get("overrides", ()))
                found |= {Address("Customer", name) for name in names}
    return found


def _is_absent(resource: Resource, matched: Matched) -> bool:
    address = resource.address
    return address not in matched.objects and address not in matched.unclear and address not in matched.odd


def _holds_only(text: str, there: list[Resource]) -> bool:
    """Whether each document of the file is one of these resources."""
    documents, _ = parse(text, "")
    said = [one for one in documents if one.value is not None]
    return len(said) == len(there) and not any(one.value.get("kind") == "InstanceSet" for one in said)


def _is_alone(file: str, absent: set[Address], resources: list[Resource]) -> bool:
    """Whether no other integration is made from the file."""
    definitions = ((one.address, one.fields.get("definition")) for one in resources)
    return bool(file) and all(
        address in absent for address, one in definitions if isinstance(one, Definition) and one.file == file
    )
