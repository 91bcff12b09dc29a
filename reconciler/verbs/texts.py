"""Text files as people keep them: whatever is changed in one, its line ends and its first bytes stay."""

from __future__ import annotations

import codecs
from pathlib import Path

from msgspec import Struct

from reconciler.model.errors import ReconcilerError

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Form(Struct, frozen=True):
    """How the bytes of a file say its text: what they begin with, and whether its lines end as on Windows."""

    mark: bytes = b""
    encoding: str = "utf-8"
    crlf: bool = False

    def bytes_of(self, text: str) -> bytes:
        """The bytes that say a text in this form."""
        lines = text.replace("\n", "\r\n") if self.crlf else text
        return self.mark + lines.encode(self.encoding)


class TextFile(Struct, frozen=True):
    """What stands in a file: its text, with lines that end in a line feed alone, and the form of it."""

    text: str = ""
    form: Form = Form()


def text_file(path: Path) -> TextFile:
    """What stands in the file; nothing where there is none. Raises ReconcilerError."""
    try:
        return text_in(path.read_bytes())
    except FileNotFoundError:
        return TextFile()
    except (OSError, UnicodeDecodeError) as error:
        raise ReconcilerError(f"{path} cannot be read", hint="make it readable, as UTF-8") from error


def text_in(data: bytes) -> TextFile:
    """What these bytes say; lines of which some end in one way and some in another stay so.

    Raises UnicodeDecodeError.
    """
    mark, encoding = next(((m, e) for m, e in _MARKS.items() if data.startswith(m)), (b"", "utf-8"))
    text = data[len(mark) :].decode(encoding)
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n") == text.count("\r")
    return TextFile(text.replace("\r\n", "\n") if crlf else text, Form(mark, encoding, crlf))
