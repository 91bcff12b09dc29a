"""What is known of an instance beside its fields: by the server, and by a run alone."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.instance.config_values import ValueType
from reconciler.model.state import Facts, LiveObject, Notes


class InstanceFacts(Facts, frozen=True, kw_only=True):
    """What an answer shows. Version and sequence are those that are assigned, `types` and `defaults` those of
    its variables; of its flows, `flow_ids` are the integration's own, `flow_configs` those of their settings.
    """

    version_id: str | None = None
    version_number: int | None = None
    sequence: str | None = None
    deployed_version: int | None = None
    last_deployed_at: str | None = None
    needs_deploy: bool = False
    suspended: bool = False
    types: Mapping[str, ValueType] = {}
    defaults: Mapping[str, str] = {}
    flow_ids: Mapping[str, str] = {}
    flow_configs: Mapping[str, str] = {}


class InstanceNotes(Notes, frozen=True):
    """What a run knows of it: the variables whose values it has written, and whether it has sent all that
    differed; what was `saved` and not deployed when it began to move the instance to another version, and
    whether a debt may be left though it has deployed it. `owed` says that this machine's journal tells of a
    deploy that did not take place.
    """

    overwritten: frozenset[str] = frozenset()
    configured: bool = False
    saved: Mapping[str, object] = {}
    unpaid: bool = False
    owed: bool = False


_NOTHING = InstanceNotes()


def facts_of(live: LiveObject) -> InstanceFacts:
    """The facts of an instance."""
    assert isinstance(live.facts, InstanceFacts)
    return live.facts


def notes_of(live: LiveObject | None) -> InstanceNotes:
    """What a run knows of it."""
    return live.notes if live and isinstance(live.notes, InstanceNotes) else _NOTHING


def overwritten(live: LiveObject | None) -> frozenset[str]:
    """The variables whose values this run has written."""
    return notes_of(live).overwritten
