"""`schema`: the JSON Schema of a kind of file, for editors and for whoever generates such files."""

from __future__ import annotations

from reconciler.manifests import schemas
from reconciler.model.errors import InvalidInput
from reconciler.model.hints import suggest

KINDS = schemas.KINDS


def schema(kind: str) -> str:
    """The schema of `kind` as it stands in its file; case does not matter. Raises InvalidInput."""
    name = kind.lower()
    if name not in KINDS:
        hint = suggest(name, KINDS, "list them with: reconciler schema")
        raise InvalidInput.of("unknown-kind", f'there is no schema of "{kind}"', hint=hint)
    return schemas.text(name)


def kinds() -> list[tuple[str, str]]:
    """All kinds, each with what its schema says that it is."""
    return [(kind, str(schemas.load(kind)["description"])) for kind in KINDS]
