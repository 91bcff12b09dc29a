"""Neutralises text from servers and files, so that a hostile name cannot steer a terminal, forge a line of
a report, ping people from a pull request or smuggle HTML into it.
"""

from __future__ import annotations

import re
import unicodedata

# Control characters, format characters (bidi marks, zero-width characters, tags), lone surrogates and line
# separators: nothing that shows, everything that can change what is shown.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What means something to Markdown or HTML: anywhere, after "www", or where a line begins (lists, rules).
_MARKUP = re.compile(r"[&<>`*_\[\]{}#|~\\@:$]|(?<=www)\.|\A[-+=\d]", re.IGNORECASE)
# After these, GitHub and GitLab look for names of people, issues, merge requests, labels, milestones and for
# addresses, and they do so in the finished text, where entities are decoded already: only a zero-width space
# stops them.
_REFERENCES = re.compile(r"([@#!~%$&])(?=\w)|(:)(?=//)")


def terminal(text: str) -> str:
    """`text` on one line, with everything that is not seen written as a visible escape (`\\x1b`)."""
    if text.isprintable():
        return text
    return "".join(_visible(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def markdown(text: str) -> str:
    """`text` as inert Markdown prose, also in a table or an HTML element: no markup, links or mentions."""
    broken = _REFERENCES.sub("\\g<0>\u200b", terminal(text))
    return _MARKUP.sub(_entity, broken).replace("\u200b", "&#8203;")


def code(text: str) -> str:
    """`text` in a monospaced span, inert also within a table, where backticks and pipes would not be."""
    return f"<code>{_MARKUP.sub(_entity, terminal(text))}</code>"


def fence(lines: list[str], language: str = "") -> str:
    """A fenced block that its own content cannot close."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    ticks = "`" * max(3, longest + 1)
    return "\n".join([ticks + language, *(terminal(line) for line in lines), ticks])


def json_text(text: str) -> str:
    """Finished JSON with unseen characters in its strings as JSON escapes: the same data, but safe to print.
    The line breaks of its layout stay.
    """
    return re.sub(r"[^\n\x20-\x7e]+", lambda run: "".join(map(_json_escape, run.group())), text)


def _visible(char: str) -> str:
    return _SHORT.get(char) or char.encode("unicode_escape").decode("ascii")


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"


def _json_escape(char: str) -> str:
    if unicodedata.category(char) not in _UNSEEN:
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
