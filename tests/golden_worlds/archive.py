"""What is kept of the recorded worlds: a summary that git shows line by line, and all texts, packed."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
SUMMARY, TEXTS = HERE / "summary.txt", HERE / "worlds.tar.xz"
WORLDS = range(1, 201)
SAID = "$ reconciler "
ERROR = re.compile(r'^      "code": "([\w-]+)"', re.MULTILINE)


def summary(seed: int, text: str) -> str:
    """A world in a few lines, each with the digest of what it stands for."""
    lines, given = [f"world {seed:03}"], ""
    for title, body in sections(text):
        if title.startswith(SAID):
            lines += [f"  {_digest(given)} given"] if given else []
            lines.append(f"  {_digest(body)} {title}".rstrip())
            lines += [f"    {fact}" for fact in _facts(body)]
            given = ""
        elif title.endswith(" as text"):
            lines.append(f"  {_digest(body)} {title}")
        else:
            given += title + body
    return "\n".join(lines) + "\n"


def sections(text: str) -> Iterable[tuple[str, str]]:
    """The parts of a world's text: a title and what stands below it."""
    parts = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]


def _facts(body: str) -> Iterable[str]:
    document, end = json.JSONDecoder().raw_decode(body) if body.startswith('{\n  "format"') else ({}, 0)
    yield f"{body.splitlines()[-1]}; {_counts(document.get('summary', {}))}"
    for action in document.get("actions", ()):
        if action.get("status") != "done":  # what is done, the plan before names
            yield f"{action.get('status', '')} {action['id']}".strip()
    for drift in document.get("drift", ()):
        yield f"{drift['cause']} {drift['address']} {drift['path']}"
    for refusal in document.get("refusals", ()):
        yield f"refused {refusal['address']} {refusal['code']}"
    for one in document.get("leftOut", ()):
        yield f"left out {one['address']}"
    yield from sorted(set(ERROR.findall(body[end:])))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"


def save(texts: Mapping[int, str]) -> None:
    """Writes both files; the same texts make the same bytes."""
    with tarfile.open(TEXTS, "w:xz", preset=9) as tar:
        for seed, text in texts.items():
            data = text.encode()
            entry = tarfile.TarInfo(_name(seed))
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    SUMMARY.write_text("".join(summary(seed, text) for seed, text in texts.items()), encoding="utf-8")


@cache
def summaries() -> Mapping[int, str]:
    """The kept summary of each world."""
    parts = re.split(r"^(?=world )", SUMMARY.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {int(part.split()[1]): part for part in parts}


def load(seeds: Iterable[int]) -> dict[int, str]:
    """The kept texts of some worlds."""
    names = {_name(seed): seed for seed in seeds}
    with tarfile.open(TEXTS) as tar:
        found = {names[entry.name]: tar.extractfile(entry) for entry in tar if entry.name in names}
        return {seed: file.read().decode() for seed, file in found.items() if file is not None}


def _name(seed: int) -> str:
    return f"{seed:03}.txt"
