"""The spec of an instance as its leaves: what a set's template and its overrides may say apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from json import dumps
from re import compile as compiled
from re import escape

from reconciler.kinds.instance.config_values import is_connection
from reconciler.manifests.variables import CustomerFacts
from reconciler.model.nested import leaves as all_leaves
from reconciler.model.secret import Hidden, Secret
from reconciler.pull.text import unfilled

Path = tuple[str, ...]
RUNNING: Path = ("running",)
"""What runs, a release or a version: either is instead of the other."""
_FOLLOWED = ("name", "externalId", "key")
"""The fields of a customer from which texts of its instances may follow."""


def leaves(spec: Mapping[str, object]) -> dict[Path, object]:
    """What the spec of an instance says, but for its customer, by where an override may say otherwise."""
    return dict(_leaves(spec))


def _leaves(spec: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    for name, value in spec.items():
        if name in ("release", "version"):
            yield RUNNING, {name: value}
        elif name == "config" and isinstance(value, Mapping):
            for key, one in value.items():
                if is_connection(one):
                    yield from (((name, key, "inputs", part), given) for part, given in one["inputs"].items())
                else:
                    yield (name, key), one
        elif name == "flows" and isinstance(value, Mapping):
            for flow, settings in value.items():
                yield from (((name, flow, setting), given) for setting, given in settings.items())
        elif name != "customer":
            yield (name,), value


def spec_of(found: Mapping[Path, object]) -> dict[str, object]:
    """The spec that says these leaves."""
    spec: dict[str, object] = {}
    for path, value in found.items():
        if path == RUNNING and isinstance(value, Mapping):
            spec |= value
            continue
        node = spec
        for part in path[:-1]:
            inner = node.setdefault(part, {})
            assert isinstance(inner, dict)
            node = inner
        node[path[-1]] = value
    return spec


def is_withheld(value: object) -> bool:
    """Whether a value is written as a comment."""
    return any(isinstance(leaf, Secret | Hidden) for _, leaf in all_leaves(value))


def key_of(value: object) -> str:
    """What a plain value is compared by: types count."""
    return dumps(value, sort_keys=True, ensure_ascii=False)


class Forms:
    """The ways to write values of one customer's instance so that they may be those of others, too."""

    def __init__(self, customer: CustomerFacts) -> None:
        facts = {**customer.fields, "key": customer.key}
        self._holes = {name: text for name in _FOLLOWED if (text := facts.get(name))}

    def of(self, value: object) -> dict[str, object]:
        """All forms by what they are compared by: the first has no holes, each next one more at least."""
        plain = unfilled(value)
        found = {key_of(plain): plain}
        present = [name for name in self._holes if any(self._holes[name] in text for text in _texts(value))]
        for count in range(1, len(present) + 1):
            for names in combinations(present, count):
                form = self._with_holes(value, names)
                found.setdefault(key_of(form), form)
        return found

    def _with_holes(self, value: object, names: tuple[str, ...]) -> object:
        """The value in which these fields of the customer are named instead of said."""
        if isinstance(value, Mapping):
            return {key: self._with_holes(inner, names) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._with_holes(one, names) for one in value]
        if not isinstance(value, str):
            return value
        named = {self._holes[name]: name for name in reversed(names)}
        texts = "|".join(escape(text) for text in sorted(named, key=len, reverse=True))
        pattern = compiled(rf"(?<!\$)(?:{texts})")  # behind a $ it would be none
        found, end = "", 0
        for match in pattern.finditer(value):
            found += f"{unfilled(value[end : match.start()])}${{customer.{named[match[0]]}}}"
            end = match.end()
        return f"{found}{unfilled(value[end:])}"


def _texts(value: object) -> Iterator[str]:
    yield from (leaf for _, leaf in all_leaves(value) if isinstance(leaf, str))


def holes_in(form: str) -> int:
    """How many fields of the customer a form names."""
    return form.count("${customer.")
