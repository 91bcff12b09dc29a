"""The text of a set, and whether it says of each instance just what a manifest of its own would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from msgspec import Struct

from reconciler.manifests.manifest import Manifest, classify
from reconciler.manifests.messages import filled_problems
from reconciler.manifests.overrides import TEMPLATE, of_customer
from reconciler.manifests.variables import CustomerFacts, Scope
from reconciler.model.address import Address
from reconciler.pull.fold import INSTANCE, Customers, Member, Set
from reconciler.pull.leaves import key_of, spec_of
from reconciler.pull.text import Gap, Writer, block
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import parse

_OVERRIDES = "overrides"
_IN_A_LINE = 8
"""Names of customers that stand in one line; more stand below one another."""


def set_text(
    made: Set,
    customers: Customers,
    schema: str,
    taken: set[str],
    more: Mapping[str, object] | None = None,
) -> tuple[str, list[Gap]]:
    """The whole text of a set's file, and what stands in it as comments. `taken` are the environment
    variables that stand for something else already, and `more` stands in its metadata, too.
    """

    def whose(path: tuple[str, ...]) -> tuple[Address, tuple[str, ...]]:
        _, customer, *rest = path
        return Address(INSTANCE, f"{customer}/{made.address.leaf}"), tuple(rest)

    writer = Writer(made.address, taken, whose=whose)
    text = writer.file(_lines(made, customers, writer), schema, made.protect, more)
    return text, writer.gaps


def _lines(made: Set, customers: Customers, writer: Writer) -> Iterator[str]:
    chosen = customers.chosen([one.customer.key for one in made.members])
    names = chosen.get("names")
    if isinstance(names, list) and len(names) > _IN_A_LINE:
        yield from block({"customers": chosen})
    else:
        yield from writer.entry("customers", chosen, ())
    yield from writer.entry("template", spec_of(made.template), ())
    overrides = {one.customer.key: spec_of(said) for one in made.members if (said := made.override(one))}
    if overrides:
        yield from writer.entry(_OVERRIDES, overrides, ())


class Exactness(Struct):
    """Says whether a set's text, read and expanded, is what the instances' own manifests are."""

    environment: str
    customers: Customers
    _read: dict[Address, Manifest | None] = {}

    def __call__(self, made: Set, member: Member) -> bool:
        """Whether the set says just the same of a member."""
        if made.address not in self._read:
            self._read[made.address] = _manifest(set_text(made, self.customers, "", set())[0])
        manifest = self._read[made.address]
        own = _manifest(Writer(member.told.address).manifest(member.told.spec, "", protect=made.protect))
        if manifest is None or own is None:
            return False
        mine = of_customer(manifest, member.customer.key)
        expanded = self._filled(
            "instanceset", mine.document, mine.spec["template"], TEMPLATE, member.customer
        )
        alone = self._filled("instance", own.document, own.spec, ("spec",), member.customer)
        return (
            expanded is not None
            and alone is not None
            and key_of(expanded) == key_of(_without_customer(alone))
        )

    def _filled(
        self,
        kind: str,
        document: Document,
        spec: Mapping[str, Any],
        base: tuple[str, ...],
        customer: CustomerFacts,
    ) -> Mapping[str, Any] | None:
        """The spec with its holes filled in; None where one cannot be, or not so."""
        scope = Scope(kind, self.environment, {}, {}, document, "", customer)
        found = {key: scope.fill(value, (*base, key)) for key, value in spec.items()}
        wrong = next(filled_problems(kind, document, "", scope.filled), None)
        return None if scope.problems or wrong else found


def _without_customer(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "customer"}


def _manifest(text: str) -> Manifest | None:
    """The one manifest of a text, if nothing is wrong with it."""
    documents, problems = parse(text, "")
    if problems or len(documents) != 1:
        return None
    manifest, _ = classify(documents[0], File(), {})
    return manifest if manifest is not None and manifest.valid else None
