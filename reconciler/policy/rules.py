"""The project's rules, checked against what they may name, and asked of a plan's document. No I/O: the moment
is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional
from msgspec import Struct

from reconciler.model.policy import ACTION, RESOURCE, WHOLE, Effect, Finding, Freeze, Rule
from reconciler.policy.freeze import is_frozen
from reconciler.policy.types import PACKAGE, Schema, Types, filled

_WRONG = re.compile(r"<input>:(\d+):(\d+): (.*)")
_TYPE = re.compile(rf"'?{PACKAGE}\.([A-Z]\w*)'?")
_UNKNOWN = re.compile(r"undefined field '(.*)' not found in struct '(.*)'")
_PATIENCE = "Iteration budget exceeded"

Document = Mapping[str, Any]


class Wrong(NamedTuple):
    """What is wrong with an expression, and where in it: line and column from 1."""

    message: str
    line: int
    column: int
    named: str = ""
    """The field that there is not."""
    known: tuple[str, ...] = ()
    """Those that there are."""


class RuleFailed(Exception):
    """A rule could not be asked of a plan: that is never taken for a no."""

    def __init__(self, rule: Rule, address: str, why: str) -> None:
        super().__init__(why)
        self.rule, self.address, self.why = rule, address, why


class Vocabulary(Struct, frozen=True):
    """The schemas of what rules are about: the plan, with its actions and resources, and each kind."""

    plan: Schema
    kinds: Mapping[str, Schema]

    def __hash__(self) -> int:
        return id(self.plan)


def wrong(vocabulary: Vocabulary, rule: Rule) -> Iterator[Wrong]:
    """All that is wrong with a rule's expression."""
    try:
        made = _env(vocabulary, rule.each).compile(rule.when)
    except RuntimeError as error:
        for line, column, message in _WRONG.findall(str(error)) or [(1, 1, str(error))]:
            if unknown := _UNKNOWN.match(message):
                kind = _types(vocabulary).pool.FindMessageTypeByName(unknown[2])
                message = f'{kind.name.replace("_", ".")} has no field "{unknown[1]}"'
                yield Wrong(message, int(line), int(column), unknown[1], tuple(kind.fields_by_name))
            else:
                yield Wrong(_reworded(message), int(line), int(column))
        return
    if made.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
        yield Wrong(f"it is neither true nor false, but {made.return_type().name()}", 1, 1)


def _reworded(message: str) -> str:
    """CEL's words, without what only its authors look for."""
    short = re.sub(r" expecting \{.*", "", _TYPE.sub(r"\1", message))
    return short.replace("Syntax error", "syntax error").replace(" (in container '')", "").replace("'", '"')


def findings(
    vocabulary: Vocabulary,
    rules: Sequence[Rule],
    freezes: Sequence[Freeze],
    document: Document,
    now: datetime,
    *,
    exact: bool = False,
) -> list[Finding]:
    """What the rules and the freezes say of a plan's document, in their order. With `exact` nothing may stand
    in it that rules cannot name. Raises RuleFailed, and Misfit where the document is no plan's.
    """
    environment = str(document.get("environment", ""))
    found = [
        Finding(one.name, Effect.DENY, one.message)
        for one in freezes
        if _concerns(one, environment) and document.get("actions") and is_frozen(one, now)
    ]
    asked = [rule for rule in rules if _concerns(rule, environment)]
    known = {"project": str(document.get("project", "")), "environment": environment, "now": now}
    values = _values(
        vocabulary, {rule.each for rule in asked} | ({WHOLE} if exact else set()), document, exact
    )
    for rule in asked:
        program = _asking(rule.each).compile(rule.when)
        hits = [
            address
            for address, value in values[rule.each]
            if _is_true(rule, program, address, {**known, **value})
        ]
        if hits:
            addresses = tuple(dict.fromkeys(address for address in hits if address))
            found.append(Finding(rule.name, rule.effect, rule.message, addresses, rule.approvals))
    return found


def _concerns(one: Rule | Freeze, environment: str) -> bool:
    return not one.environments or environment in one.environments


def _is_true(rule: Rule, program: cel.Expression, address: str, values: Mapping[str, Any]) -> bool:
    try:
        answer: object = program.eval(data=values).value()
    except (RuntimeError, ValueError, TypeError) as error:
        answer = error
    if isinstance(answer, bool):
        return bool(answer)
    why = re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", str(answer)) if answer is not None else "it is null"
    if _PATIENCE in why:
        why = "it goes through more than 10,000 things; ask it of each action or resource, with each"
    raise RuleFailed(rule, address, why)


Values = list[tuple[str, dict[str, Any]]]


def _values(
    vocabulary: Vocabulary, wanted: set[str], document: Document, exact: bool
) -> Mapping[str, Values]:
    """By what rules are asked of, the values that they see, each with the address that it is about."""
    schemas = _schemas(vocabulary)
    resources: dict[str, Document] = {
        str(one.get("address", "")): one for one in document.get("resources", ())
    }

    def read(name: str, value: Document) -> Any:
        return filled(schemas[name], value, name.lower(), exact=exact)

    def its(action: Document) -> Document:
        return resources.get(str(action.get("address", "")), {})

    found: dict[str, Values] = {}
    for each in sorted(wanted):
        if each == WHOLE:
            found[each] = [("", {"plan": read("Plan", document)})]
        elif each == ACTION:
            found[each] = [
                (
                    str(one.get("address", "")),
                    {"action": read("Action", one), "resource": read("Resource", its(one))},
                )
                for one in document.get("actions", ())
            ]
        else:
            found[each] = [
                (address, {"resource": read(_named(each), one)})
                for address, one in resources.items()
                if each in (RESOURCE, address.partition("/")[0])
            ]
    return found


def _named(each: str) -> str:
    return "Resource" if each == RESOURCE else each


@cache
def _schemas(vocabulary: Vocabulary) -> Mapping[str, Schema]:
    """What is read, by the names of its types."""
    properties = vocabulary.plan["properties"]
    resource = properties["resources"]["items"]
    return {
        "Plan": vocabulary.plan,
        "Action": properties["actions"]["items"],
        "Resource": resource,
        **{name: _with_spec(resource, schema) for name, schema in vocabulary.kinds.items()},
    }


@cache
def _types(vocabulary: Vocabulary) -> Types:
    return Types(_schemas(vocabulary))


def _with_spec(resource: Schema, kind: Schema) -> Schema:
    """The schema of a resource of one kind. Of its fields the texts, the lists of texts and the maps are
    empty where a manifest does not say them; whatever else is null, as it is neither of its values then.
    """
    spec = kind["properties"]["spec"]["properties"]
    fields = {name: one if _is_plain(one) else {} for name, one in spec.items()}
    properties = {**resource["properties"], "spec": {"type": "object", "properties": fields}}
    return {"type": "object", "properties": properties}


def _is_plain(field: Schema) -> bool:
    kind = field.get("type")
    if kind == "array":
        items: Schema = field.get("items", {})
        return bool(items.get("type") == "string")
    return kind == "string" or (kind == "object" and "properties" not in field)


def names(each: str) -> tuple[str, ...]:
    """What the expression of a rule can begin with that is asked of this."""
    return (*_about(each), "project", "environment", "now")


def _about(each: str) -> Mapping[str, str]:
    known = {WHOLE: {"plan": "Plan"}, ACTION: {"action": "Action", "resource": "Resource"}}
    return known.get(each, {"resource": _named(each)})


@cache
def _env(vocabulary: Vocabulary, each: str) -> cel.Env:
    """Where an expression is checked."""
    types = {name: cel.Type(f"{PACKAGE}.{kind}") for name, kind in _about(each).items()}
    return cel.NewEnv(
        descriptor_pool=_types(vocabulary).pool, variables={**_SAID, **types}, extensions=_EXTENSIONS
    )


@cache
def _asking(each: str) -> cel.Env:
    """Where a checked expression is asked: of plain values, which are quick to hand over."""
    types = dict.fromkeys(_about(each), cel.Type.DYN)
    return cel.NewEnv(variables={**_SAID, **types}, extensions=_EXTENSIONS)


_SAID = {"project": cel.Type.STRING, "environment": cel.Type.STRING, "now": cel.Type.TIMESTAMP}
_EXTENSIONS = [ext_optional.ExtOptional()]
