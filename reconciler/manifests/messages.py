"""What a JSON Schema finds, said in the words of whoever wrote the file, at the place where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.manifests import schemas
from reconciler.manifests.holes import HOLE, is_hole
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import closest, listed, suggest
from reconciler.model.problem import Where
from reconciler.yaml12.document import Document

# jsonschema's ValidationError. Its stubs make each attribute a union with "not set", which no error has that
# comes out of a validator.
Found = Any
Judge = Callable[[tuple[str | int, ...], str], bool]

_NOUNS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a map",
    "array": "a list",
    "null": "empty",
}
_TRUE, _FALSE = ("yes", "on", "y"), ("no", "off", "n")


def place(path: Sequence[str | int]) -> str:
    """`path` as people write it: `spec.strategy.waves[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def schema_problems(
    kind: str,
    document: Document,
    *,
    skip: Collection[tuple[str | int, ...]] = (),
    address: str = "",
    is_error: Judge | None = None,
    holes: Sequence[Where] = ((),),
) -> list[Diagnostic]:
    """What is wrong with `document` by the schema of `kind`, but for what lies at or below the paths in
    `skip`, which someone else explains. Where `is_error` is given, it says which demand (`type`, `required`)
    at which path must be met; the others are warnings, one for all places that the same demand is about.
    What is still to be filled in at or below `holes` is not judged yet.
    """
    translator = _Translator(document, address, is_error, holes)
    found: list[Diagnostic] = []
    for error in schemas.validator(kind).iter_errors(document.value):
        path = tuple(error.absolute_path)
        if not any(path[: len(other)] == other for other in skip):
            found.extend(translator.diagnostics(error))
    return [*found, *(and_more(one, count) for one, count in translator.doubts.values())]


def filled_problems(
    kind: str, document: Document, address: str, filled: Iterable[tuple[Where, Any]]
) -> Iterator[Diagnostic]:
    """What is wrong with the values that were filled in at these places of a manifest of `kind`."""
    translator = _Translator(document, address, None, ())
    for path, value in filled:
        known = schemas.at(kind, path)
        for error in known.iter_errors(value) if known else ():
            error.path.extendleft(reversed(path))
            for found in translator.diagnostics(error):
                yield replace(found, hint="correct what its ${…} stands for")


def and_more(first: Diagnostic, count: int) -> Diagnostic:
    """The first of `count` warnings that say the same of other places, as a warning about all of them."""
    more = f" and {count - 1} more places" if count > 2 else " and one more place" if count == 2 else ""
    return replace(first, message=f"{first.message}{more}", severity="warning")


class _Translator:
    def __init__(
        self, document: Document, address: str, is_error: Judge | None, holes: Sequence[Where]
    ) -> None:
        self.document = document
        self.holes = holes
        self.address = address
        self.is_error = is_error
        self.doubts: dict[tuple[int, str], tuple[Diagnostic, int]] = {}
        """Demands that need not be met, each by its place in the schema: the first such, and how many."""

    def diagnostics(self, error: Found) -> Iterator[Diagnostic]:
        """What `error` means; nothing where it is about text whose ${…} is not filled in yet."""
        path = tuple(error.absolute_path)
        inner = _inner(error)
        if inner:
            for cause in inner:
                yield from self.diagnostics(cause)
            return
        if "propertyNames" in error.absolute_schema_path:
            message = f'name "{error.instance}" in {place(path)} {_rule(error, "is not allowed")}'
            yield self._at("wrong-value", message, (*path, error.instance), "give it another name", key=True)
            return
        if error.validator == "additionalProperties":
            yield from self._unknown(error, path)
            return
        if self._waits(error, path):
            return
        demand = str(error.validator)
        found = _HANDLERS.get(demand, _Translator._other)(self, error, path)
        if self.is_error is None or self.is_error(path, demand):
            yield found
            return
        first, count = self.doubts.get((id(error.schema), demand), (found, 0))
        self.doubts[id(error.schema), demand] = first, count + 1

    def _waits(self, error: Found, path: Where) -> bool:
        """Whether this is about a text that is judged once its ${…} is filled in."""
        text = error.instance
        if not isinstance(text, str) or "${" not in text:
            return False
        above = next((one for one in self.holes if tuple(path[: len(one)]) == tuple(one)), None)
        if above is None:
            return False
        return error.validator != "type" or (bool(above) and is_hole(text) and _is_scalar(error))

    def _at(
        self, code: str, message: str, path: tuple[str | int, ...], hint: str = "", *, key: bool = False
    ) -> Diagnostic:
        source = self.document.source(path, key=key)
        return Diagnostic(code, message, source, address=self.address, hint=hint)

    def _unknown(self, error: Found, path: tuple[str | int, ...]) -> Iterator[Diagnostic]:
        known = error.schema.get("properties", {})
        where = f" in {place(path)}" if path else ""
        for name in error.instance:
            if name not in known:
                hint = suggest(name, [other for other in known if other not in error.instance])
                yield self._at(
                    "unknown-field", f'unknown field "{name}"{where}', (*path, name), hint, key=True
                )

    def _missing(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        name = next(name for name in error.validator_value if f"'{name}'" == error.message.split(" is a ")[0])
        where = f" in {place(path)}" if path else ""
        description = error.schema.get("properties", {}).get(name, {}).get("description", "")
        description = description.split(". ")[0].rstrip(".")
        hint = f"add it: {description[:1].lower()}{description[1:]}" if description else "add it"
        return self._at("missing-field", f'"{name}" is missing{where}', path, hint)

    def _type(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        nouns = "must be " + " or ".join(_NOUNS[w] for w in wanted if w != "null")
        # The message of a pattern is about text, which this is not.
        rule = nouns if "pattern" in error.schema else _rule(error, nouns)
        value, written = error.instance, self.document.written(path)
        hint = f"write {_NOUNS[wanted[0]]}"
        if value is None:
            rule += ", but it is empty"
            hint = (
                'write "" for an empty text, or remove the field'
                if "string" in wanted
                else "fill it in, or remove it"
            )
        elif "string" in wanted and written:
            rule += f", but {written} is {'a number' if not isinstance(value, bool) else 'true or false'}"
            hint = f'write it in quotes: "{written}"'
        elif "boolean" in wanted and isinstance(value, str) and value.lower() in _TRUE + _FALSE:
            hint = f"write {'true' if value.lower() in _TRUE else 'false'}"
        elif (
            isinstance(value, str) and {"integer", "number"} & set(wanted) and re.fullmatch(r"[0-9.]+", value)
        ):
            hint = "write it without quotes"
        elif isinstance(value, str) and HOLE.search(value) and {"array", "object"} & set(wanted):
            rule += ", and a variable stands for one text, never for a list or a map"
            hint = "write out the list, such as [${var.FIRST}, ${var.SECOND}]: each entry takes a variable"
            if "array" not in wanted:
                hint = "write out the map: each of its values takes a variable"
        elif "array" in wanted and not isinstance(value, dict):
            hint = "write it as a list, even if it has one entry"
        return self._at("wrong-type", f"{_named(path)} {rule}", path, hint)

    def _enum(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        allowed = [value for value in error.validator_value if value is not None]
        hint = "write one of them"
        if isinstance(error.instance, str):
            near = closest(error.instance, [str(value) for value in allowed])
            hint = f'did you mean "{near}"?' if near else hint
        return self._at("wrong-value", f"{_named(path)} must be one of {listed(allowed)}", path, hint)

    def _const(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        wanted = error.validator_value
        shown = wanted if isinstance(wanted, str) else json.dumps(wanted)
        quoted = f'"{shown}"' if isinstance(wanted, str) else shown
        return self._at("wrong-value", f"{_named(path)} must be {quoted}", path, f"write {shown}")

    def _pattern(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        rule = _rule(error, f"must match {error.validator_value}")
        slug = re.sub(r"[^a-z0-9]+", "-", error.instance.lower()).strip("-")
        fits = slug and re.search(error.validator_value, slug)
        hint = f'write "{slug}"' if fits and path[-1:] == ("name",) else _like(error)
        return self._at("wrong-value", f"{_named(path)} {rule}", path, hint)

    def _bound(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        least, most = error.schema.get("minimum"), error.schema.get("maximum")
        words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
        rule = f"must be {words[str(error.validator)]} {error.validator_value}"
        if least is not None and most is not None:
            rule = f"must be from {least} to {most}"
        return self._at("wrong-value", f"{_named(path)} {rule}", path, "write a number in that range")

    def _empty(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        hint = {"maxProperties": "keep one of them", "minProperties": "add one"}.get(
            str(error.validator), "give it a value"
        )
        # The words for a text are about what it must hold, if anything.
        otherwise = "must not be empty"
        rule = otherwise if error.validator == "minLength" else _rule(error, otherwise)
        return self._at("wrong-value", f"{_named(path)} {rule}", path, hint)

    def _other(self, error: Found, path: tuple[str | int, ...]) -> Diagnostic:
        written = self.document.written(path)
        hint = f'write it in quotes: "{written}"' if written else _like(error)
        rule = _rule(error, "is not as the schema wants it")
        return self._at("wrong-value", f"{_named(path)} {rule}", path, hint)


_Handler = Callable[[_Translator, Found, tuple[str | int, ...]], Diagnostic]
_HANDLERS: dict[str, _Handler] = {
    "required": _Translator._missing,
    "type": _Translator._type,
    "enum": _Translator._enum,
    "const": _Translator._const,
    "pattern": _Translator._pattern,
    "minimum": _Translator._bound,
    "maximum": _Translator._bound,
    "exclusiveMinimum": _Translator._bound,
    "minLength": _Translator._empty,
    "minItems": _Translator._empty,
    "minProperties": _Translator._empty,
    "maxProperties": _Translator._empty,
}


def _is_scalar(error: Found) -> bool:
    """Whether a number, or true or false, is wanted."""
    wanted = error.validator_value
    return bool({"boolean", "integer", "number"} & {*([wanted] if isinstance(wanted, str) else wanted)})


def _rule(error: Found, otherwise: str) -> str:
    """The schema's own words for what it wants, which editors show too."""
    return str(error.schema.get("errorMessage", otherwise))


def _like(error: Found) -> str:
    """A hint: an example from the schema."""
    examples = error.schema.get("examples")
    if not examples:
        return "compare it with the examples that `reconciler schema` prints"
    example = examples[0]
    return (
        f'write it like "{example}"' if isinstance(example, str) else f"write it like {json.dumps(example)}"
    )


def _named(path: tuple[str | int, ...]) -> str:
    if not path:
        return "the document"
    *parents, last = path
    if isinstance(last, int):
        return f'"{place(path)}"'
    return f'"{last}" in {place(parents)}' if parents else f'"{last}"'


def _inner(error: Found) -> list[Found]:
    """The errors of the one alternative that was meant, where `error` only says that none of them fits.

    An alternative was meant if the value is of its type; then what is wrong lies deeper.
    """
    branches: dict[Any, list[Found]] = {}
    for cause in error.context or ():
        branches.setdefault(cause.relative_schema_path[0], []).append(cause)
    if "required" in (cause.validator for causes in branches.values() for cause in causes if not cause.path):
        return []
    meant = [c for c in branches.values() if all(e.validator != "type" or e.path for e in c)]
    if len(meant) != 1 or ("errorMessage" in error.schema and not any(e.path for e in meant[0])):
        return []
    return meant[0]
