"""`${…}` in the strings of manifests: variables, the process's environment, and the customer's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from typing import Any

from msgspec import Struct

from reconciler.manifests.barred import HINT, WITHHELD, withheld_message
from reconciler.manifests.holes import HOLE, is_hole, takes_text
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import suggest
from reconciler.model.problem import Where
from reconciler.yaml12.document import Document
from reconciler.yaml12.scalars import Unreadable, plain

_PLAIN = "for a plain ${ write $${"
CUSTOMER_FIELDS = ("key", "name", "externalId", "description")


class _Hole(Struct, frozen=True):
    """What is to be filled in."""

    name: str
    is_closed: bool


@lru_cache(10_000)
def _parts_of(text: str) -> tuple[str | _Hole, ...]:
    """A text as what stays and what is filled in: a set has the same texts for thousands of instances."""
    parts: list[str | _Hole] = []
    end = 0
    for match in HOLE.finditer(text):
        escaped, name, closed = match.groups()
        parts.append(text[end : match.start()])
        parts.append(match.group()[1:] if escaped else _Hole(name, bool(closed)))
        end = match.end()
    return (*parts, text[end:])


class CustomerFacts(Struct, frozen=True):
    """What `${customer.FIELD}` can name: `key` is metadata.name; None where the manifest does not say."""

    address: Address
    fields: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def key(self) -> str:
        """The customer's metadata.name."""
        return self.address.name


Own = tuple[str | Callable[[CustomerFacts], str | None], ...]
"""A text as what stays, and what each customer has in its place."""


def own_parts(text: str) -> Own | None:
    """The parts of a text, of a place that takes texts, in which nothing but a customer's own is filled in;
    None for another one.
    """
    found = [part if isinstance(part, str) else _of_customer(part) for part in _parts_of(text)]
    return None if None in found else tuple(part for part in found if part)


def _of_customer(hole: _Hole) -> Callable[[CustomerFacts], str | None] | None:
    group, _, name = hole.name.strip().partition(".")
    if group != "customer" or not hole.is_closed:
        return None
    if name == "key":
        return attrgetter("key")
    if name.startswith("labels."):
        label = name.removeprefix("labels.")
        return lambda customer: customer.labels.get(label)
    return (lambda customer: customer.fields.get(name)) if name in CUSTOMER_FIELDS else None


def filled(parts: Own, customer: CustomerFacts) -> str | None:
    """The text of a customer; None where it lacks something of it."""
    text = ""
    for part in parts:
        found = part if isinstance(part, str) else part(customer)
        if found is None:
            return None
        text += str(found)
    return text


class Scope(Struct):
    """The names that holes may use in one document. Without `customer`, `${customer.…}` is an error."""

    kind: str
    environment: str
    variables: Mapping[str, str]
    environ: Mapping[str, str]
    document: Document
    address: str
    customer: CustomerFacts | None = None
    withheld: frozenset[str] = frozenset()
    """The variables of the process that no manifest sees."""
    problems: list[Diagnostic] = []
    filled: list[tuple[Where, Any]] = []
    """What was filled in, and where."""

    def fill(self, value: Any, path: tuple[str | int, ...]) -> Any:
        """`value`, which stands at `path`, with all holes of its strings filled in, as a new plain value."""
        if isinstance(value, str):
            return self._string(value, path) if "${" in value else value
        if isinstance(value, dict):
            self._keys(value, path)
            return {key: self.fill(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner, (*path, index)) for index, inner in enumerate(value)]
        return value

    def _keys(self, value: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
        for key in value:
            for escaped, name, _ in HOLE.findall(key) if "${" in key else ():
                if not escaped:
                    message = f'"${{{name}}}" stands in a key, where nothing is filled in'
                    source = self.document.source((*path, key), key=True)
                    hint = "write the key out; where environments differ, give each a manifest of its own"
                    self.problems.append(Diagnostic("variable-in-key", message, source, self.address, hint))

    def _string(self, text: str, path: tuple[str | int, ...]) -> Any:
        """The text filled in; where a hole is all of it and no text may stand there, what it is in YAML."""
        found: Any = self._text(text, path)
        if is_hole(text) and not takes_text(self.kind, path):
            with suppress(Unreadable):
                found = plain(found)
        self.filled.append((path, found))
        return found

    def _text(self, text: str, path: tuple[str | int, ...]) -> str:
        return "".join(part if isinstance(part, str) else self._put(part, path) for part in _parts_of(text))

    def _put(self, hole: _Hole, path: tuple[str | int, ...]) -> str:
        if hole.is_closed:
            return self._value(hole.name.strip(), path)
        message = f'"${{{hole.name}" is not closed'
        return self._wrong("variable-syntax", message, path, f"add }}; {_PLAIN}")

    def _value(self, name: str, path: tuple[str | int, ...]) -> str:
        group, _, rest = name.partition(".")
        if group == "customer" and rest:  # most are: that of each instance of a set
            return self._customer(rest, path)
        lookups: dict[str, Callable[[str, tuple[str | int, ...]], str]] = {
            "var": self._variable,
            "env": self._environ,
        }
        if group in lookups and rest:
            return lookups[group](rest, path)
        hint = f"write ${{var.NAME}}, ${{env.NAME}} or ${{customer.FIELD}}; {_PLAIN}"
        return self._wrong("unknown-variable", f'"${{{name}}}" is not a variable', path, hint)

    def _variable(self, name: str, path: tuple[str | int, ...]) -> str:
        if name in self.variables:
            return self.variables[name]
        message = f'environment "{self.environment}" has no variable "{name}"'
        add = f"add it under spec.environments.{self.environment}.variables of the project file"
        return self._wrong("unknown-variable", message, path, suggest(name, list(self.variables), add))

    def _environ(self, name: str, path: tuple[str | int, ...]) -> str:
        if name in self.environ:
            value = self.environ[name]
            try:
                value.encode()
            except UnicodeEncodeError:
                message = f'environment variable "{name}" is not text in UTF-8'
                return self._wrong("not-text", message, path, "set it anew, in a shell that speaks UTF-8")
            return value
        if name in self.withheld:
            return self._wrong(WITHHELD, withheld_message(name), path, HINT)
        # The names of the process's environment are not listed: they tell more than a message should.
        return self._wrong("unknown-variable", f'environment variable "{name}" is not set', path, "set it")

    def _customer(self, name: str, path: tuple[str | int, ...]) -> str:
        customer = self.customer
        if customer is None:
            message = f'"${{customer.{name}}}" stands where there is no customer'
            return self._wrong(
                "unknown-variable", message, path, "use it in an Instance or an InstanceSet's template"
            )
        if name == "key":
            return customer.key
        if name.startswith("labels."):
            return self._label(customer, name.removeprefix("labels."), path)
        if name not in CUSTOMER_FIELDS:
            names = [*CUSTOMER_FIELDS, *(f"labels.{key}" for key in customer.labels)]
            message = f'a customer has no field "{name}"'
            return self._wrong("unknown-variable", message, path, suggest(name, names))
        if name not in customer.fields:
            message = f'customer "{customer.key}" has no "{name}" in its manifest'
            return self._wrong("unknown-variable", message, path, "add it to the Customer's spec")
        return customer.fields[name]

    def _label(self, customer: CustomerFacts, key: str, path: tuple[str | int, ...]) -> str:
        if key in customer.labels:
            return customer.labels[key]
        message = f'customer "{customer.key}" has no label "{key}"'
        add = "add it to the Customer's metadata.labels"
        return self._wrong("unknown-variable", message, path, suggest(key, list(customer.labels), add))

    def _wrong(self, code: str, message: str, path: tuple[str | int, ...], hint: str) -> str:
        source = self.document.source(path)
        self.problems.append(Diagnostic(code, message, source, address=self.address, hint=hint))
        return ""
