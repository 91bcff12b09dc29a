"""What kinds hand out and the client executes, as data: GraphQL operations, and files to be uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

FEW, MANY = 4, 50
"""How many operations travel in one request before anything is known of a tenant, and at most."""


class Operation(Struct, frozen=True):
    """One GraphQL document with its variables.

    `name` is the root field that is asked for (`createCustomer`), used in messages and in reading the
    answer; `result` is the object's field in a mutation's payload (`customer`), empty for queries. A document
    may ask for a second one after it, of which only the refusal is heard.
    `repeatable` says that sending it twice does no harm: true for all queries.
    `shares` says that it may travel in one request with others of its name; queries may with any.
    `withdrawable` says that it may be given up as long as nobody can have carried it out.
    `parts` are the operations that travel in it, where it is made of several.
    `node` is the type of a list's nodes: where all are as the API describes them, they are given as such.
    `timeout` is how long an answer may take, in seconds; None: the client's default.
    """

    name: str
    document: str
    variables: Mapping[str, Any] = {}
    result: str = ""
    repeatable: bool = True
    address: str = ""
    timeout: float | None = None
    shares: bool = False
    withdrawable: bool = False
    parts: tuple[Operation, ...] = ()
    node: type[Struct] | None = None

    def __repr__(self) -> str:
        return f"Operation({self.name!r}, address={self.address!r})"

    @property
    def is_mutation(self) -> bool:
        """Whether it writes."""
        return bool(self.result)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for an address that a mutation's answer gave. The address is its own password: whoever has it
    may write there, so it is shown to nobody. `what` names the file in messages.
    """

    url: str = field(repr=False)
    content: bytes = field(repr=False)
    content_type: str
    what: str
    address: str = ""
