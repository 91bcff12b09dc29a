"""Texts that would do harm where they are shown as they are, and a tenant that puts them everywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from markdown_it import MarkdownIt

from reconciler.sandbox import Sandbox

TEXTS = {
    "title": "a\x1b]0;owned\x07b",
    "link of a terminal": "a\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\b",
    "clipboard": "a\x1b]52;c;ZXZpbA==\x07b",
    "clear": "a\x1b[2J\x1b[H\x1b[31mred\x1b[0m",
    "C1": "a\x9b2J\x9d0;owned\x9cb\x85c\x90d",
    "back": "a\x08\x08\x7f\rb",
    "turned": "a\u202egnp.exe\u202c\u2066b\u2069",
    "unseen": "a\u200bb\u200d\u2060c\ufeffd\U000e0041\u00ad",
    "lines": "a\nFORGED: Plan: 0 to create\r\nFORGED\u2028FORGED\u2029FORGED\x0bFORGED\x0cFORGED",
    "html": "</details></code><img src=x onerror=alert(1)><script>a</script><!-- &lt;",
    "markdown": "[a](http://evil.example) ![b](http://evil.example/x.png) **c** `d` ``` | e | <http://evil.example>",
    "blocks": "```\n# FORGED\n| a | b |\n|---|---|\n- [ ] x\n> y\n    z\n~~~\n---",
    "mentions": "@everyone @octocat #1 !2 GH-1 octo/cat#3 ~label %milestone :tada: www.evil.example $x$",
    "yaml": "a: [&b *c !d {e}] #f 'g \"h % @i ` - ? | > ~",
    "rich": "[bold red]a[/] [link=http://evil.example]b[/link] [/]",
    "actions": "::error file=x::owned %0A##[command]x",
    "formula": '=HYPERLINK("http://evil.example")+\'a',
    "wide": "漢字🔑Ünï" * 8,
    "long": "long" * 400,
}
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\??[0-9]*[AKJlhG]|\x1b\[2K")
_TAGS = {*("<details>", "<details open>", "</details>", "<summary>", "</summary>", "<code>", "</code>")}
_CALLS = re.compile(r"(?:^|\s)[@#!~%]\w+|www\.\w+|https?://\w+")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def harmless(text: str) -> list[str]:
    """What of `text` could steer a terminal or forge a line of a report."""
    found = [f"{char!r}" for char in text if char != "\n" and unicodedata.category(char) in _UNSEEN]
    return found + [line for line in text.split("\n") if line.strip().startswith("FORGED")]


def harmless_on_a_terminal(text: str) -> list[str]:
    """The same, where colours and the movements of a progress bar are ours."""
    return harmless(_OURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def harmless_as_markdown(text: str) -> list[str]:
    """What of a comment is markup that we do not write, or calls for people."""
    found = harmless(text)
    for token in _MARKDOWN.parse(text):
        for one in (token, *(token.children or ())):
            if one.type in ("link_open", "image"):
                found.append(f"{one.type}: {one.attrs}")
            elif one.type in ("html_block", "html_inline"):
                found += [tag for tag in re.findall(r"<[^>]*>?", one.content) if tag not in _TAGS]
            elif one.type == "text":
                found += _CALLS.findall(one.content)
    return found


class Poison(Sandbox):
    """A tenant in whose answers every name, cursor and message ends in a hostile text."""

    _FIELDS = (
        "name", "email", "orgName", "endCursor", "startCursor", "description", "comment", "category",
        "message", "label", "versionNumber", "avatarUrl", "configState", "tenantId", "url", "awsRegion",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def execute(self, query: str, *rest: Any, **named: Any) -> Any:
        """The answer, poisoned; mutations are refused with a poisoned message."""
        if query.lstrip().startswith("mutation"):
            name = query.partition("{")[2].strip().partition("(")[0]
            errors = [{"field": self._text, "messages": [self._text, self._text]}]
            return 200, {"data": {name: {"errors": errors}}}, {}
        if "nonsense" in f"{query}{rest}{named}":
            return (
                200,
                {"data": None, "errors": [{"message": f"nonsense {self._text}", "path": [self._text]}]},
                {},
            )
        status, answer, headers = super().execute(query, *rest, **named)
        return status, self._poisoned(answer), headers

    def _poisoned(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._poisoned(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._poisoned(inner, key) for inner in value]
        if isinstance(value, str) and value and key in self._FIELDS:
            return value + self._text
        return value
