"""What a webhook is told of a state: a template that is filled in, and must come to JSON. It runs nothing:
what its author knows of the objects of Python leads nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.report.sanitize import terminal

SLACK = '{"text": {{ text | inert | tojson }}}'
"""What Slack's incoming webhooks take, and Mattermost's, Rocket.Chat's and Discord's `/slack`."""
LARGEST = 64 * 1024
"""Bytes of a message."""


class Unfit(ValueError):
    """A template that cannot be read or filled in, or does not come to JSON; `line` is 0 where not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Notification:
    """A template of Jinja2 for the body of a message. Raises Unfit where it cannot be read."""

    def __init__(self, source: str) -> None:
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        environment.filters["inert"] = inert
        # What is not defined says so, instead of that JSON has no form for it.
        environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": str}
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise Unfit(error.message or "it is no template", error.lineno) from None
        except Exception as error:  # what is constant in it is worked out here already
            raise Unfit(terminal(str(error)) or type(error).__name__) from None

    def body(self, text: str, event: Mapping[str, Any]) -> bytes:
        """The message about a turn: `text` is its sentence, `event` its document. Raises Unfit."""
        try:
            made = self._template.render(text=text, event=event)
        except Exception as error:  # whatever a template can have Python say
            raise Unfit(terminal(str(error)) or type(error).__name__) from None
        try:
            json.loads(made)
        except ValueError as error:
            raise Unfit("what it comes to is no JSON: put | tojson behind each value") from error
        found = made.encode("utf-8", "replace")
        if len(found) > LARGEST:
            raise Unfit(f"what it comes to is longer than {LARGEST:,} bytes")
        return found


def inert(text: object) -> str:
    """The text without what a chat takes for markup, or for the name of somebody to call."""
    escaped = terminal(str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u200b")
