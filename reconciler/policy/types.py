"""What an expression may name: the types of CEL's checker, made from the JSON Schemas of what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2

PACKAGE = "reconciler"
_Field = descriptor_pb2.FieldDescriptorProto
_ANY, _MAP, _LIST = (f".google.protobuf.{name}" for name in ("Value", "Struct", "ListValue"))
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "integer": _Field.TYPE_INT64,
    "boolean": _Field.TYPE_BOOL,
    "number": _Field.TYPE_DOUBLE,
}

Schema = Mapping[str, Any]


class _Type(NamedTuple):
    """A field's type; `message` names one that is no scalar."""

    number: _Field.Type.ValueType
    message: str = ""


class Types:
    """The types of some schemas, by name: `pool` holds them all."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._file = descriptor_pb2.FileDescriptorProto(
            name="reconciler.proto",
            package=PACKAGE,
            syntax="proto3",
            dependency=[struct_pb2.DESCRIPTOR.name],
        )
        for name, schema in schemas.items():
            self._message(name, schema["properties"])
        self.pool = descriptor_pool.DescriptorPool()
        known = descriptor_pb2.FileDescriptorProto()
        struct_pb2.DESCRIPTOR.CopyToProto(known)
        self.pool.Add(known)
        self.pool.Add(self._file)

    def _message(self, name: str, properties: Mapping[str, Schema]) -> None:
        made = self._file.message_type.add(name=name)
        for number, (key, schema) in enumerate(properties.items(), 1):
            is_list = _names(schema) == {"array"}
            kind = self._type(f"{name}_{key}", schema["items"] if is_list else schema)
            if is_list and kind.message == _ANY:
                is_list, kind = False, _Type(_Field.TYPE_MESSAGE, _LIST)
            made.field.add(
                name=key,
                json_name=key,
                number=number,
                type=kind.number,
                type_name=kind.message or None,
                label=_Field.LABEL_REPEATED if is_list else _Field.LABEL_OPTIONAL,
            )

    def _type(self, name: str, schema: Schema) -> _Type:
        names = _names(schema)
        if names == {"object"} and "properties" in schema:
            self._message(name, schema["properties"])
            return _Type(_Field.TYPE_MESSAGE, f".{PACKAGE}.{name}")
        if names == {"object"}:
            return _Type(_Field.TYPE_MESSAGE, _MAP)
        if len(names) == 1 and (scalar := _SCALARS.get(next(iter(names)))):
            return _Type(scalar)
        return _Type(_Field.TYPE_MESSAGE, _ANY)


def _names(schema: Schema) -> set[str]:
    """The JSON types of what is there: null is as good as absent."""
    if "const" in schema or "enum" in schema:
        return {"string"}
    named = schema.get("type", ())
    return {named} if isinstance(named, str) else set(named) - {"null"}


class Misfit(Exception):
    """A value has a field that its schema does not know."""


def filled(schema: Schema, value: Any, where: str, *, exact: bool) -> Any:
    """A value with all that its schema knows and it does not say: empty, or null where it may be anything.
    What is not known is left out, or with `exact` raises Misfit.
    """
    names = _names(schema)
    if names == {"object"} and "properties" in schema and isinstance(value or {}, Mapping):
        known, given = schema["properties"], value or {}
        if exact and (odd := next((key for key in given if key not in known), None)):
            raise Misfit(f'{where} has no field "{odd}"')
        return {key: filled(one, given.get(key), f"{where}.{key}", exact=exact) for key, one in known.items()}
    if names == {"array"} and isinstance(value, list | tuple):
        return [filled(schema["items"], one, where, exact=exact) for one in value]
    return _EMPTY[next(iter(names))] if value is None and len(names) == 1 else value


_EMPTY: Mapping[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0.0,
    "boolean": False,
    "object": {},
    "array": [],
}
