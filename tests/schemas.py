"""`make schemas`: what is made from the rows of the kinds: schemas/ and the reference in docs/kinds.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.manifests.kinds import any_manifest, schemas

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "kinds.md"
_SECTION = re.compile(r"(?m)^(?=## )")
_TABLE = re.compile(r"(?m)^\| field \| meaning \|\n(?:\|.*\n)*")
_EXAMPLE = re.compile(r"(?ms)^```yaml\napiVersion: .*?^```\n")


def files() -> dict[Path, str]:
    """What each file should hold."""
    made = schemas()
    written = {
        ROOT / "schemas" / f"{kind.lower()}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for kind, schema in [*made.items(), ("manifest", any_manifest())]
    }
    return {**written, PAGE: page(PAGE.read_text("utf-8"), made)}


def page(text: str, made: Mapping[str, Mapping[str, Any]]) -> str:
    """The page with the table of each kind anew, and its example where the page shows it."""
    parts = _SECTION.split(text)
    return "".join(_section(part, made.get(part[3:].split("\n")[0])) for part in parts)


def _section(text: str, schema: Mapping[str, Any] | None) -> str:
    if schema is None:
        return text
    table, example = _table(schema["properties"]["spec"]), _example(schema["examples"][0])
    if not _TABLE.search(text):
        return f"{text.rstrip()}\n\n{table}\n{example}\n"
    return _EXAMPLE.sub(lambda _: example, _TABLE.sub(lambda _: table, text))


def _table(spec: Mapping[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_meaning(field)}{'; required' if name in spec.get('required', ()) else ''} |"
        for name, field in spec["properties"].items()
    ]
    return "\n".join(("| field | meaning |", "|---|---|", *rows, ""))


def _meaning(field: Mapping[str, Any]) -> str:
    doc = field["description"].rstrip(".")
    first = doc.split()[0]
    if first[1:].islower() or len(first) == 1:
        doc = doc[:1].lower() + doc[1:]
    untold = [word for word in field.get("enum", ()) if word not in doc]
    return f"{doc} ({', '.join(f'`{word}`' for word in field['enum'])})" if untold else doc


class _Lines(dict[str, Any]):
    """A map that is written with one line for each key, however short it is."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Lines, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=False)
)


def _example(example: Mapping[str, Any]) -> str:
    lines = _Lines({**example, "spec": _Lines(example["spec"])})
    text = yaml.dump(
        lines, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    return f"```yaml\n{text}```\n"


def main() -> None:
    """Writes them."""
    for path, text in files().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
