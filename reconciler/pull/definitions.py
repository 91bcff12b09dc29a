"""The definition file of an integration: what the tenant holds, written for people, but for what only one
tenant understands and what must not be written.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.definition.portable import portable
from reconciler.definition.withheld import Inputs
from reconciler.kinds.telling import Untellable
from reconciler.manifests.definitions import check
from reconciler.model.secret import Secret
from reconciler.pull.text import block
from reconciler.yaml12.text import parse


class Written(Struct, frozen=True):
    """The text of a definition file, and the secrets that it names instead of holding them."""

    text: str
    secrets: Mapping[str, Secret]


def written(definition: Definition, newest: Mapping[tuple[str, bool], int] | None, inputs: Inputs) -> Written:
    """The definition for git. `newest` are the newest versions of the components of which older ones are
    used; None where there are none. Raises Untellable where a definition file could not say it.
    """
    for_git = portable(definition, newest or {}, inputs)
    text = "".join(f"{line}\n" for line in block(for_git.content))
    documents, problems = parse(text, "")
    if problems or len(documents) != 1 or documents[0].value != for_git.content:
        raise Untellable("its definition cannot be written as YAML")
    if why := refused(text):
        raise Untellable(why)
    lines = {documents[0].source(path).line: str(number) for path, number in for_git.numbers.items()}
    return Written(_annotated(text, lines), {name: Secret("", "definition") for name in for_git.secrets})


def refused(text: str) -> str:
    """Why a definition file with this text would be refused; empty where it would not."""
    documents, problems = parse(text, "")
    _, wrong = check(text, documents, "")
    error = next((one for one in (*problems, *wrong) if one.severity == "error"), None)
    return f"its definition would be refused: {error.message}" if error else ""


def _annotated(text: str, comments: Mapping[int, str]) -> str:
    """The text with comments at the ends of these lines."""
    lines = text.split("\n")
    for number, comment in comments.items():
        lines[number - 1] += f"  # {comment}"
    return "\n".join(lines)
