"""Nobody but `definition/` reads into a definition. The sandbox is another program; probe writes its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import reconciler

PACKAGE = Path(reconciler.__file__).parent
READS = ("definition", "sandbox", "probe")
# Keys of the format that no answer of the API and no manifest has, too. For the others there is `tree`.
KEYS = frozenset(
    {"branches", "codeLanguage", "concurrencyLimit", "configPages", "configuration", "dedupeIdField"}
    | {"defaultInstanceProfile", "defaultValue", "definitionVersion", "eTag", "elements", "errorConfig"}
    | {"hasConfigurationInit", "importMetadata", "isTrigger", "onPremiseConnectionConfig"}
    | {"organizationApiKeys", "pickList", "preprocessFlowName", "queueConfig", "renameAttributes"}
    | {"requiredConfigVars", "retryConfig", "supplementalComponents", "triggerResolver"}
    | {"uniqueRequestIdField", "useScopedConfigVar", "userLevelConfigured"}
)
EXCEPTIONS = {
    ("manifests/manifest.py", "definitionVersion"),  # a definition where a manifest should stand
}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.split("/")[0] not in READS:
            yield from ((name, node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))


def test_the_keys_of_the_format_stand_nowhere_else() -> None:
    texts = {(name, node.value) for name, node in nodes() if isinstance(node, ast.Constant)}
    assert {(name, text) for name, text in texts if text in KEYS} == EXCEPTIONS


def test_the_tree_is_read_nowhere_else() -> None:
    """Such as definition.tree["flows"]."""
    found = [
        f"{name}:{node.lineno}"
        for name, node in nodes()
        if isinstance(node, ast.Attribute) and node.attr in ("tree", "says")
    ]
    assert found == []
