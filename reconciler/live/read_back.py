"""Reads the YAML in which the server gives a definition back.

Its scalars are quoted or tagged (definition format notes: "Read-back"), but another writer of YAML 1.2 may
stand behind a tenant one day, so plain scalars are read by the rules of 1.2 here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.2's core schema on libyaml."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def read_back(text: str) -> Mapping[str, Any]:
    """What a definition's text says; {} where it is empty or not a map, which no definition is."""
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        # What cannot be read differs from every manifest, and so is imported anew.
        return {"unreadable": text}
    return data if isinstance(data, Mapping) else {}
