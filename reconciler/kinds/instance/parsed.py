"""An instance of an answer as a LiveObject; what may be secret is wrapped before anything else sees it.

What instances of one version have alike, such as its variables and their types, is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern

from msgspec import Struct

from reconciler.kinds.instance.config_values import ALWAYS_SHOWN, NEVER_SHOWN, SHARED, ValueType
from reconciler.kinds.instance.facts import InstanceFacts
from reconciler.kinds.instance.flows import parse_flow
from reconciler.kinds.instance.node import Flow, FlowNode, InstanceNode, Required, VariableNode, each
from reconciler.kinds.instance.record import keys_of, recorded_on
from reconciler.kinds.nodes import every, known
from reconciler.kinds.table.absent import Doubtful, Place
from reconciler.kinds.table.labels import denied, people
from reconciler.model.secret import Secret, Unproven
from reconciler.model.state import LiveObject

_DOUBTFUL = Doubtful.of({name: name for name in ("description", "labels")})
_IN_PARTS = _CONNECTION, _SCHEDULE = "CONNECTION", "SCHEDULE"
"""The data types whose values are more than a text."""
_MAY = ("allowUpdate", "allowRemove", "allowDeploy", "allowUpdateConfigVariables")
"""What a token may do to an instance."""


class Variable(Struct, frozen=True):
    """A config variable of a version."""

    key: str
    kind: ValueType
    data: str
    """Its data type, as answers write it."""
    is_text: bool
    """Whether its values are texts that are shown."""
    may_be_secret: bool
    """Whether any value of it may be one."""


class Asked(Struct, frozen=True):
    """What a version asks of its instances: its variables, their types and what its definition gives them, by
    key; its flows' ids; and the keys that a record may say something of.
    """

    variables: tuple[Variable, ...]
    types: Mapping[str, ValueType]
    defaults: Mapping[str, str]
    flow_ids: Mapping[str, str]
    keys: tuple[str, ...]


@lru_cache(1_000)
def _asked(required: tuple[Required, ...], flows: tuple[Flow, ...]) -> Asked:
    """One object for all instances of a version."""
    variables = tuple(map(_variable, required))
    types = {one.key: one.kind for one in variables}
    flow_ids = {intern(one.name): one.id for one in flows}
    return Asked(
        variables=variables,
        types=types,
        defaults={one.key: one.default for one in required if isinstance(one.default, str)},
        flow_ids=flow_ids,
        keys=keys_of(types, flow_ids),
    )


def _variable(required: Required) -> Variable:
    kind = type_of_required(required)
    is_text = required.data_type not in _IN_PARTS and kind.data not in NEVER_SHOWN
    may_be_secret = kind.data not in ALWAYS_SHOWN or bool(kind.collection)
    return Variable(intern(required.key), kind, required.data_type, is_text, may_be_secret)


@lru_cache(1_000)
def _type(data: str, collection: str | None, language: str | None) -> ValueType:
    """One object for all variables of a type."""
    return ValueType.named(data, collection, language)


def type_of_required(required: Required) -> ValueType:
    """The type of a variable, as a version has it."""
    return _type(required.data_type, known(required.collection_type), known(required.code_language))


def parse_instance(kind: str, shown: InstanceNode) -> LiveObject:
    """The instance that an answer shows."""
    rows, flows = each(shown.config_variables), each(shown.flow_configs)
    asked = _asked(tuple([one.required_config_variable for one in rows]), tuple([one.flow for one in flows]))
    settings = [(intern(one.flow.name), *parse_flow(one)) for one in flows]
    labels = frozenset(map(intern, shown.labels or ()))
    customer, name = intern(shown.customer.id), intern(shown.name)
    return LiveObject(
        kind=kind,
        id=shown.id,
        fields={
            "customer": customer,
            "name": name,
            "description": intern(shown.description or ""),
            "enabled": shown.enabled,
            "labels": people(labels),
            "config": parse_variables(rows, asked),
            "flows": {name: found for name, found, _ in settings},
        },
        labels=labels,
        facts=_facts(shown, flows, asked, _absent(shown, settings)),
        record=recorded_on(labels, asked.keys, shown.id, customer, name),
        denied=_denied(shown),
    )


def _denied(shown: InstanceNode) -> tuple[str, ...]:
    may = (shown.allow_update, shown.allow_remove, shown.allow_deploy, shown.allow_update_config_variables)
    return denied(dict(zip(_MAY, may, strict=True))) if False in may else ()


def _facts(
    shown: InstanceNode, flows: Sequence[FlowNode], asked: Asked, absent: frozenset[Place]
) -> InstanceFacts:
    version = shown.integration
    return InstanceFacts(
        absent=absent,
        version_id=intern(version.id) if version else None,
        version_number=version.version_number if version else None,
        sequence=known(version.version_sequence_id) if version else None,
        deployed_version=known(shown.deployed_version),
        last_deployed_at=known(shown.last_deployed_at),
        needs_deploy=shown.needs_deploy,
        suspended=bool(shown.system_suspended),
        types=asked.types,
        defaults=asked.defaults,
        flow_ids=asked.flow_ids,
        flow_configs={intern(one.flow.name): one.id for one in flows if one.id},
    )


def _absent(
    shown: InstanceNode, settings: Sequence[tuple[str, object, frozenset[Place]]]
) -> frozenset[Place]:
    """What the tenant does not know of it, and of its flows' settings."""
    absent = _DOUBTFUL.unset(shown)
    places = [("flows", name, *place) for name, _, unset in settings for place in unset]
    return absent.union(places) if places else absent


def parse_variables(rows: Sequence[VariableNode], asked: Asked) -> dict[str, object]:
    """Config variables by key: text, Unproven where its type may hold secrets; for a connection `{"inputs":
    {…}}`, its values Secret or Hidden; for a shared one that is bound `{"customerConnection": ID}`; for a
    schedule `{"value", "scheduleType", "timeZone"}`.
    """
    return {one.key: _value(row, one) for row, one in zip(rows, asked.variables, strict=True)}


def _value(shown: VariableNode, variable: Variable) -> object:
    if shown.customer_config_variable:
        return {SHARED: shown.customer_config_variable.id}
    if variable.is_text:
        if not shown.value:
            return ""
        value = intern(shown.value)  # many instances have the same
        return _unproven(value) if variable.may_be_secret else value
    if variable.data == _CONNECTION:
        return {"inputs": {row.name: row.held for row in every(shown.inputs)}}
    if variable.data == _SCHEDULE:
        return {
            "value": shown.value or "",
            "scheduleType": (shown.schedule_type or "").lower(),
            "timeZone": shown.time_zone or "",
        }
    return Secret(shown.value, "live", sure=False) if shown.value else ""


@lru_cache(1_000)
def _unproven(value: str) -> Unproven:
    """One object for all that have the same."""
    return Unproven(value, "live", sure=False)
