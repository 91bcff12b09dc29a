"""From bytes and texts to documents: whatever they are, the answer is documents and diagnostics."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.yaml12 import alike
from reconciler.yaml12.build import Builder, Ended
from reconciler.yaml12.document import Document

MAX_BYTES = 10 * 1024 * 1024

_HINTS = (
    (
        "mapping values are not allowed",
        "put a value that holds a colon in quotes, or correct the indentation",
    ),
    ("cannot start any token", "put text that begins with @, ` or % in quotes"),
    ("tab character", "indent with spaces, not with tabs"),
    (
        "expected <block end>",
        "correct the indentation: the entries of a list or map must stand in one column",
    ),
    ("did not find expected key", "correct the indentation: the keys of a map must stand in one column"),
    ("could not find expected ':'", "write a colon and a space after the key"),
    ("unexpected end of stream", "close the quotes that are open"),
    ("expected ',' or ']'", "close the list with ]"),
    ("expected ',' or '}'", "close the map with }, and put text that holds ${…} or {…} in quotes"),
    ("block sequence entries are not allowed", "begin the list on a line of its own"),
    ("exceeded maximum nesting depth", "make it flatter"),
    (
        "invalid Unicode character escape",
        "write the character itself: JSON's pairs of escapes stand for no character in YAML",
    ),
    ("document start", "separate documents with a line that holds only ---"),
)


def decode(data: bytes, file: str) -> str | Diagnostic:
    """The text of `data`, which is UTF-8 (with or without a byte order mark) or UTF-16 (with one)."""
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        return Diagnostic("file-too-large", f"larger than {limit} MB", Source(file), hint="split the file")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-16" if utf16 else "utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = 1 if utf16 else len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        encoding = "UTF-16" if utf16 else "UTF-8"
        return Diagnostic(
            "not-text", f"not {encoding} text", Source(file, line, column), hint="save the file as UTF-8"
        )


def parse(text: str, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of `text`, and everything that is wrong with it as YAML."""
    documents: list[Document] = []
    above = 0
    parts = alike.parts(text)
    for part in parts:
        likeness = alike.Likeness(part)
        document = likeness.document(file, above)
        if document is None:
            read, problems = by_libyaml(part, file, above)
            if problems:
                # What is wrong is told as it is seen in the whole.
                return by_libyaml(text, file) if len(parts) > 1 else (read, problems)
            likeness.learn(read, above)
            documents += read
        else:
            documents.append(document)
        above += part.count("\n")
    return documents, []


def by_libyaml(text: str, file: str, above: int = 0) -> tuple[list[Document], list[Diagnostic]]:
    """The same, of all that it says itself; before it stand so many lines of the file."""
    builder = Builder(file, above)
    try:
        builder.run(CParser(text))
    except Ended:
        pass
    except yaml.YAMLError as error:
        builder.diagnostics.append(_syntax(error, text, file))
    return builder.documents, builder.diagnostics


def only_map(text: str) -> Mapping[str, Any] | None:
    """The map that `text` holds; None where it holds anything else, or anything is wrong with it."""
    documents, problems = parse(text, "")
    value = documents[0].value if len(documents) == 1 and not problems else None
    return value if isinstance(value, dict) else None


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context or "unreadable")
        hint = next((advice for part, advice in _HINTS if part in problem), "correct the YAML at this place")
        if mark and text[mark.index : mark.index + 1] == "\t":
            hint = "indent with spaces, not with tabs"
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        written = text.rstrip()
        if mark and mark.index >= len(written):
            # Where the file ends says little; where the thing begins that has no end says more.
            start = error.context_mark
            line, column = _end(written)
            if start and start.index < len(written):
                line, column = start.line + 1, start.column + 1
        return Diagnostic("yaml-syntax", f"not valid YAML: {problem}", Source(file, line, column), hint=hint)
    if isinstance(error, yaml.reader.ReaderError):
        before = text.encode("utf-8")[: error.position].decode("utf-8", "replace")
        source = Source(file, *_end(before))
        message = f"not valid YAML: character U+{_code_point(error):04X} is not allowed"
        return Diagnostic("yaml-syntax", message, source, hint="remove the control character")
    return Diagnostic("yaml-syntax", "not valid YAML", Source(file), hint="save it again as UTF-8")


def _end(text: str) -> tuple[int, int]:
    """The line and the column just behind `text`."""
    return text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1


def _code_point(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)
