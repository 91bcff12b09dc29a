"""What a tenant answered, kept as it was asked: a snapshot is made of it, and asked in the tenant's place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.api.wire import Answer
from reconciler.model.operation import Operation


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: the document and the variables that it is to, its HTTP status, and what its body says.
    `name` is the root field that was asked for.
    """

    name: str
    query: str
    variables: Mapping[str, Any]
    status: int
    body: Any = field(repr=False)

    @property
    def key(self) -> str:
        """What it is found by."""
        return asked(self.query, self.variables)


def asked(query: str, variables: Mapping[str, Any]) -> str:
    """A document with its variables, as one text."""
    return json.dumps([query, variables], sort_keys=True, ensure_ascii=False)


@dataclass(slots=True)
class Recording:
    """The newest answer to each question."""

    _known: dict[str, Heard] = field(default_factory=dict, repr=False)

    def take(self, op: Operation, answer: Answer) -> None:
        """Keeps an answer."""
        variables = json.loads(json.dumps(dict(op.variables)))
        heard = Heard(op.name, op.document, variables, answer.status, answer.content)
        self._known[heard.key] = heard

    def answers(self) -> Iterator[Heard]:
        """All of them, in an order that does not depend on when they came."""
        yield from (self._known[key] for key in sorted(self._known))
