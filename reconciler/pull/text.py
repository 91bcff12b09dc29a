"""Writes plain data as YAML for people: block style, text in blocks, and a comment for what is withheld."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.kinds.table.schema import API_VERSION
from reconciler.model.address import Address
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.yaml12.scalars import Unreadable, plain

_PLAIN = re.compile(r"[A-Za-z0-9_./(+](?:[A-Za-z0-9 _./@()+,;=<>$-]|:(?! |$)|(?<! )#)*")
_ODD = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_WITHHELD = "not written, since it may be a secret: give --plain-config, or a secret's source"


class Gap(Struct, frozen=True):
    """A value that is not written: where it belongs, the environment variable that could give it, and whether
    the tenant gives it back; `proven` says that it is one, and not just a text that may be.
    """

    address: Address
    path: str
    variable: str
    readable: bool
    proven: bool = True


class Writer(Struct):
    """Writes one manifest, and notes what it withholds."""

    address: Address
    taken: set[str] = set()
    """The environment variables that stand for something else already."""
    gaps: list[Gap] = []
    whose: Callable[[tuple[str, ...]], tuple[Address, tuple[str, ...]]] | None = None
    """To which address a place of the spec belongs, and where it stands there; None: all to this one."""

    def manifest(
        self,
        spec: Mapping[str, object],
        schema: str,
        *,
        protect: bool = False,
        more: Mapping[str, object] | None = None,
    ) -> str:
        """The whole text of a file. `more` stands in its metadata, too."""
        lines = self._map({key: unfilled(one) for key, one in spec.items()}, ())
        return self.file(lines, schema, protect, more)

    def file(
        self, spec: Iterable[str], schema: str, protect: bool, more: Mapping[str, object] | None = None
    ) -> str:
        """The whole text of a file, of the lines of its spec."""
        name = self.address.leaf
        head = [f"# yaml-language-server: $schema={schema}"] if schema else []
        metadata = {"name": name, **({"protect": True} if protect else {}), **(more or {})}
        head += [f"apiVersion: {API_VERSION}", f"kind: {self.address.kind}", f"metadata: {flow(metadata)}"]
        return "\n".join([*head, "spec:", *(f"  {line}" if line else line for line in spec)]) + "\n"

    def entry(self, key: str, value: object, path: tuple[str, ...]) -> Iterator[str]:
        """The lines of one entry of a map."""
        here = (*path, key)
        if isinstance(value, Secret | Hidden):
            yield from self._withheld(key, value, here)
        elif isinstance(value, Mapping) and value:
            lines = list(self._map(value, here))
            if all(line.startswith("#") for line in lines):
                yield f"# {scalar(key)}:"
                yield from (f"#   {line[2:]}" for line in lines)
            else:
                yield f"{scalar(key)}:"
                yield from (f"  {line}" if line else line for line in lines)
        elif isinstance(value, str) and _is_block(value):
            yield f"{scalar(key)}: {_block_head(value)}"
            yield from (f"  {line}" if line else line for line in value.rstrip("\n").split("\n"))
        elif isinstance(value, list | tuple) and any(isinstance(one, Secret) for one in value):
            yield from self._withheld(
                key, next(one for one in value if isinstance(one, Secret)), here, listed=True
            )
        elif isinstance(value, list | tuple) and value and not all(map(_is_short, value)):
            yield f"{scalar(key)}:"
            for one in value:
                yield f"  - {flow(one)}"
        else:
            yield f"{scalar(key)}: {flow(value)}"

    def _map(self, value: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
        for key, inner in value.items():
            yield from self.entry(str(key), inner, path)

    def _variable(self, address: Address, path: Sequence[str]) -> str:
        first = name = variable_name(address, path)
        number = 2
        while name in self.taken:
            name, number = f"{first}_{number}", number + 1
        self.taken.add(name)
        return name

    def _withheld(
        self, key: str, value: Secret | Hidden, path: tuple[str, ...], *, listed: bool = False
    ) -> Iterator[str]:
        address, path = self.whose(path) if self.whose else (self.address, path)
        gap = Gap(
            address,
            ".".join(path),
            self._variable(address, path),
            readable=not isinstance(value, Hidden),
            proven=not isinstance(value, Unproven),
        )
        self.gaps.append(gap)
        source = f"{{secret: {{env: {gap.variable}}}}}"
        said = f"[{source}]" if listed else source if gap.proven else f"({_WITHHELD})"
        yield f"# {scalar(key)}: {said}"


def variable_name(address: Address, path: Sequence[str]) -> str:
    """The environment variable from which a value could be read: what it belongs to, and what it is."""
    words = [word for part in (address.name, *_telling(path)) for word in _words(part)]
    found = [word for index, word in enumerate(words) if not index or word != words[index - 1]]
    name = "_".join(found).upper() or "SECRET"
    return f"_{name}" if name[0].isdigit() else name


def _telling(path: Sequence[str]) -> Iterator[str]:
    """The parts of a path that tell something: not what all paths of its sort have."""
    yield from (part for part in path if part not in ("config", "inputs", "flows", "definitionSecrets"))


def _words(text: str) -> list[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


def entry(key: str, value: object) -> Iterator[str]:
    """One entry of a map, of nothing that is withheld."""
    yield from Writer(Address("", "")).entry(key, value, ())


def block(value: object) -> Iterator[str]:
    """A map or a list, one entry a line."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _headed(f"{scalar(str(key))}:", inner)
    elif isinstance(value, list) and value:
        for inner in value:
            lines = iter(_headed("-", inner)) if _is_flat(inner) else block(inner)
            first = next(lines)
            yield first if _is_flat(inner) else f"- {first}"
            yield from (line if _is_flat(inner) or not line else f"  {line}" for line in lines)
    else:
        yield flow(value)


def _headed(head: str, value: object) -> Iterator[str]:
    if isinstance(value, str) and _is_block(value):
        yield f"{head} {_block_head(value)}"
        yield from (f"  {line}" if line else line for line in value.rstrip("\n").split("\n"))
    elif _is_flat(value):
        yield f"{head} {scalar(value) if not isinstance(value, Mapping | list) else flow(value)}"
    else:
        yield head
        yield from (f"  {line}" if line else line for line in block(value))


def _is_flat(value: object) -> bool:
    return not isinstance(value, Mapping | list) or not value


def flow(value: object) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k), inside=True)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, inside=True)


def scalar(value: object, *, inside: bool = False, quoted: bool = False) -> str:
    """A scalar: text without quotes where it says just that."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    text = str(value)
    if (
        not quoted
        and _PLAIN.fullmatch(text)
        and not (inside and "," in text)
        and text[-1] != " "
        and _is_text(text)
    ):
        return text
    # JSON's pairs of escapes stand for no character in YAML.
    return _ODD.sub(lambda odd: f"\\U{ord(odd[0]):08x}", json.dumps(text, ensure_ascii=False))


def _is_text(text: str) -> bool:
    try:
        return bool(plain(text) == text)
    except Unreadable:
        return False


def unfilled(value: object) -> object:
    """A value in which no text of a manifest is taken for a variable."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: unfilled(inner) for key, inner in value.items()}
    return [unfilled(one) for one in value] if isinstance(value, list | tuple) else value


def _is_short(value: object) -> bool:
    return not isinstance(value, Mapping | list | tuple) and len(str(value)) < 60


def _is_block(value: str) -> bool:
    """Whether a text can stand as a block: each line as it is."""
    lines = value.split("\n")
    return (
        len(lines) > 1
        and bool(lines[0].strip())
        and not lines[0][0].isspace()
        and not _ODD.search(value)
        and "\t" not in value
        and all(line == line.rstrip() for line in lines)
        and not value.endswith("\n\n")
    )


def _block_head(value: str) -> str:
    return "|" if value.endswith("\n") else "|-"
