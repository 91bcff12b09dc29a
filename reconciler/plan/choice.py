"""Which of several equal objects is a resource's, where none has a place for a mark: a person says so."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput
from reconciler.model.hints import suggest
from reconciler.model.state import Desired


def choices(given: Iterable[str], desired: Desired) -> dict[Address, str]:
    """The ids that `--use ADDRESS=ID` gives, by address. Raises InvalidInput."""
    found: dict[Address, str] = {}
    for text in given:
        name, _, object_id = text.partition("=")
        address = next((one for one in desired.resources if str(one) == name), None)
        if address is None:
            hint = suggest(name, [str(one) for one in desired.resources])
            raise InvalidInput.of(
                "unknown-address", f'--use names "{name}", which no manifest declares', hint=hint
            )
        if not object_id:
            raise InvalidInput.of("wrong-value", f'--use "{text}" names no id', hint="write --use ADDRESS=ID")
        if all_kinds()[address.kind].marked:
            raise InvalidInput.of(
                "wrong-value",
                f"--use is not for {address}: such objects bear marks",
                hint=f"put the mark on the one that is meant: reconciler adopt {address} {object_id}",
            )
        found[address] = object_id
    return found
