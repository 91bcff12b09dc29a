"""Short words for kinds whose mutations are alike: create, change, delete, list."""

from __future__ import annotations

from typing import Any

from test_core_world import ERRORS, World


class Things(World):
    """A world in which any mutation is called by name, with the field that its payload shows."""

    def make(self, mutation: str, result: str, fields: str = "id", **given: Any) -> Any:
        """What a mutation makes, which must not be refused."""
        payload = self.send(mutation, result, fields, **given)
        assert payload["errors"] == []
        return payload[result]

    def no(self, mutation: str, result: str, **given: Any) -> str:
        """The field that a refusal blames."""
        payload = self.send(mutation, result, "id", **given)
        assert payload[result] is None
        (error,) = payload["errors"]
        assert error["messages"]
        return str(error["field"])

    def send(self, mutation: str, result: str, fields: str, **given: Any) -> Any:
        kind = mutation[0].upper() + mutation[1:]
        shown = f"{result} {{ {fields} }} {ERRORS}"
        return self.ask(f"mutation ($i: {kind}Input!) {{ m: {mutation}(input: $i) {{ {shown} }} }}", i=given)[
            "m"
        ]

    def nodes(self, field: str, fields: str = "name", **variables: Any) -> list[Any]:
        found: list[Any] = self.ask(f"{{ {field} {{ nodes {{ {fields} }} }} }}", **variables)
        nodes: list[Any] = found[field.partition("(")[0]]["nodes"]  # type: ignore[call-overload]
        return nodes
