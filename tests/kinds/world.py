"""A folder that knows the cases of all kinds, and the person who changes objects behind its back."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import Sandbox
from tests.cli.projects import Folder
from tests.kinds.case import Case
from tests.kinds.cases import CASES, name_of, with_needs


class World(Folder):
    """Manifests of the cases, and changes to their objects."""

    def declare(self, kind: str, **changed: Any) -> None:
        """Writes the manifest of a kind, and those that it needs."""
        for case in with_needs(kind):
            spec = {**case.spec, **changed} if case.kind == kind else case.spec
            self.manifest(case.kind, name_of(case.kind), **spec)

    def withdraw(self, kind: str) -> None:
        """Deletes the manifest of a kind."""
        (self.root / "manifests" / f"{kind.lower()}-{name_of(kind)}.yaml").unlink()

    def run(self, *arguments: str, code: int = 0) -> str:
        """Runs the command line, which must end so; all that it said."""
        got, out, err = self(*arguments)
        assert got == code, (arguments, got, out, err)
        return out + err

    def apply(self, *arguments: str) -> str:
        """Applies; the plan must then be empty."""
        said = self.run("apply", "--yes", *arguments)
        return said + self.run("plan", "--detailed-exitcode")

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """The kind's objects: those of the case's name, the oldest first."""
        case = CASES[kind]
        field, _, _ = case.list.partition("(")
        found = self.ask(f"{{ {case.list} {{ nodes {{ id {case.key} }} }} }}")[field]["nodes"]
        wanted = case.called if case.called != "" else case.spec["name"]
        return [one for one in found if one[case.key] == wanted]

    def change(self, kind: str, object_id: str, values: dict[str, Any] | None = None) -> None:
        """Somebody else's update of an object."""
        case: Case = CASES[kind]
        self.mutate(case.update, {"id": object_id, **(case.edit if values is None else values)})

    def told(self, kind: str, object_id: str) -> str:
        """What the object says where marks are kept."""
        case = CASES[kind]
        return str(self.ask(f'{{ {case.one}(id: "{object_id}") {{ {case.marks} }} }}'))

    def stored(self, text: str) -> bool:
        """Whether the tenant holds this text somewhere."""
        folder = self.root / ".reconciler"
        return any(text.encode() in path.read_bytes() for path in folder.glob("sandbox.db*"))

    def tenant(self, **rules: str) -> None:
        """Makes the tenant, obeying these rules."""
        (self.root / ".reconciler").mkdir(exist_ok=True)
        Sandbox(self.root / ".reconciler" / "sandbox.db", rules=rules).close()
