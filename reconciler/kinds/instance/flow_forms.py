"""The forms in which the settings of flows are compared, and enter a digest."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.instance.config_values import as_json, has_secret, text
from reconciler.kinds.instance.fields import Flows
from reconciler.model.secret import SHOWN, Hidden, Unproven


def flows_form(flows: Flows) -> dict[str, dict[str, object]]:
    """The form of the settings that goes into the record's digest; secrets count by their presence alone."""
    return {name: {k: setting_form(v) for k, v in settings.items()} for name, settings in flows.items()}


def keys_in(value: object) -> Sequence[object]:
    """The API keys of a flow: none where nothing is set."""
    return value if isinstance(value, list | tuple) else ()


def setting_form(value: object) -> object:
    """One setting: a secret counts by its presence alone."""
    plain = value.reveal() if isinstance(value, Unproven) else value
    return SHOWN if isinstance(plain, Hidden) or has_secret(plain) else as_json(text(plain))
