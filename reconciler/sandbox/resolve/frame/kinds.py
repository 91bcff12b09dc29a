"""Why this exists: a type of the schema is a table: which row or object it shows, and what is special in it.

Of a kind with a table a field is the column that bears its name: as it stands, as truth where the schema says
Boolean, as the row that it refers to where the schema says an object. Only other fields are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .lists import Those
from .resolvers import Resolver

Field = Resolver | Those | str
"""How a field is answered: by a function, by a list of another kind's objects, or by the column named so."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the schema.

    lists makes a field that lists those of this kind. A kind that is a mapping has a key for
    every field; one without a table is an object with an id.
    """

    type: str
    table: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    lists: Callable[[Those], Resolver] | None = None
    mapping: bool = False
