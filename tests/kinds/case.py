"""What a kind's tests and the generated worlds need to know of it, and the words in which that is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from reconciler.model.secret import Secret
from reconciler.model.state import Resource

SECRET = {"secret": {"env": "KIND_SECRET"}}


Fields = dict[str, st.SearchStrategy[Any]]
There = dict[str, Resource]
"""One resource of each kind that is there already, by kind."""


@dataclass(frozen=True)
class Drawn:
    """What the fields of a drawn resource must be, and what they may be, beside what is there already: of the
    kinds in `needs` one must be.
    """

    must: Callable[[There], Fields]
    may: Callable[[There], Fields]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One kind. `edit` is what somebody else's update mutation says beside the id, `path` the field that a
    plan then names, `needs` the cases whose manifests must be there; `changed` is a spec of another value.
    """

    kind: str
    spec: dict[str, Any]
    edit: dict[str, Any] = field(default_factory=dict)
    path: str = ""
    changed: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    update: str = ""
    list: str = ""
    marks: str = ""
    """The fields of the answer in which marks are kept."""
    key: str = "name"
    """The field of the answer by which the object is found."""
    called: str | int | bool = ""
    drawn: Drawn | None = None
    """Its part in generated worlds."""

    @property
    def one(self) -> str:
        """The query for one object."""
        return self.update.removeprefix("update")[:1].lower() + self.update.removeprefix("update")[1:]


def drawn_secret(text: str = "canary") -> Secret:
    return Secret(text, "env KEY")


def named(there: There, *kinds: str) -> dict[str, Any]:
    """Lists that name those of these kinds that are there, as a group's `users`."""
    return {f"{kind.lower().removeprefix('alert')}s": st.just([there[kind].address]) for kind in kinds}


def texts(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


INPUTS = st.fixed_dictionaries(
    {"clientId": texts("1", "2")}, optional={"clientSecret": st.just(drawn_secret())}
)
HEADERS = st.dictionaries(texts("X-Key", "x-other"), st.just(drawn_secret()), max_size=2)
