"""Why this exists: failures must be staged, so markers in texts say what runs and deploys end in.

A marker is ``sandbox:NAME``, ``sandbox:NAME=VALUE`` or, for some instances only, ``sandbox:NAME@WORD`` and
``sandbox:NAME@WORD=VALUE``. It may stand in the definition (the description of the flow; the name, the
description or an input of a step) or in a value of the instance's configuration. WORD is a label of the
instance or of its customer, the customer's external id, or a whole configured value: a version that fails for
three of two hundred instances bears ``sandbox:fail@legacy``, and three customers bear the label ``legacy``.

===================  ==================================================================================
``fail``             the execution ends in an error, at the step that has the marker or else the last one
``status=500``       the flow answers with this status
``body={"ok":true}`` the flow answers with this body, in place of the payload it was given
``polls=3``          the execution is over at the third request after the one that started it
``deploy-fails``     deploying is refused
===================  ==================================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...store import Row
from .. import definitions
from ..content.flows import Flow, flows_of
from ..frame.context import Context

_MARKER = re.compile(r"sandbox:(?P<name>[a-z]+(?:-[a-z]+)*)(?:@(?P<word>[^\s=]+))?(?P<given>=)?")
_WORD = re.compile(r"[^\s,;]*")


class Markers(dict[str, str]):
    """The markers that hold, by name; a name without a value has the empty text."""

    def number(self, name: str, default: int) -> int:
        """A value that should be a number."""
        value = self.get(name, "")
        return int(value) if value.isdecimal() else default


def texts(value: Any) -> Iterator[str]:
    """Every text in a value made of lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def _value(text: str, start: int) -> str:
    """What follows the equals sign: JSON as far as it goes, or a word."""
    if text[start : start + 1] in ("{", "[", '"'):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            pass
        else:
            return found if isinstance(found, str) else json.dumps(found)
    match = _WORD.match(text, start)
    return match.group() if match else ""


def markers_in(found: Iterable[str], words: frozenset[str]) -> Markers:
    """The markers of these texts that hold for whoever goes by these words."""
    markers = Markers()
    for text in found:
        if "sandbox:" not in text:
            continue
        for match in _MARKER.finditer(text):
            word = match["word"]
            if word is None or word.casefold() in words:
                markers[match["name"]] = _value(text, match.end()) if match["given"] else ""
    return markers


def words_of(context: Context, instance: Row | None) -> frozenset[str]:
    """What an instance goes by in ``@WORD``."""
    if instance is None:
        return frozenset()
    customer = context.row("customer", instance["customer"])
    labels = [*json.loads(instance["labels"]), *json.loads(customer["labels"])]
    found = [*labels, customer["external_id"] or "", *texts(json.loads(instance["config"]))]
    return frozenset(word.casefold() for word in found)


def of_flow(context: Context, flow: Flow, instance: Row | None) -> Markers:
    """What holds when this flow runs."""
    return _holding(context, flow.record, [flow], instance)


def of_deploy(context: Context, instance: Row) -> Markers:
    """What holds when this instance is deployed."""
    record = context.row("integration", instance["integration"])
    return _holding(context, record, flows_of(context, record), instance)


def _holding(context: Context, record: Row, flows: list[Flow], instance: Row | None) -> Markers:
    found = list(texts(json.loads(instance["config"]))) if instance else []
    if "sandbox:" in definitions.of(context, record).text:  # rarely so, and definitions are long
        for flow in flows:
            found += [flow.body["description"] or "", *texts(flow.body["steps"])]
    return markers_in(found, words_of(context, instance))
