"""Whatever `validate` takes is read back without a difference, whether the tenant keeps blanks around texts
or not; all else is refused with its place.
"""

from __future__ import annotations

import io
import json
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox
from tests.cli.projects import DEFINITION, PROJECT

VARIABLES = """\
  - {key: Script, dataType: code, codeLanguage: xml, defaultValue: "<a/>"}
  - {key: Settings, dataType: code, codeLanguage: json, defaultValue: "{}"}
  - {key: Form, dataType: jsonForm, defaultValue: "{}"}
  - {key: Number, dataType: number, defaultValue: "1"}
  - {key: Sizes, dataType: number, collectionType: valuelist, defaultValue: "[]"}
  - {key: Names, dataType: string, collectionType: keyvaluelist, defaultValue: "[]"}
"""
ALPHABET = st.sampled_from(" \t\n\r,;:ab1é\u0301\u00a0\u0085\u2028\u3000\0\x7f\ufeff😀\"'\\{}[]$#&*!|>%@`")
TEXTS = st.text(ALPHABET, max_size=8) | st.sampled_from(
    ["x\n", " x", ", ", "1.0", "true", "null", "\r\nx\r\n", "{}\n"]
)
DIGITS = st.text("0123456789", min_size=1, max_size=24)
NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "+", "0x", "0o", "."]),
    DIGITS,
    st.sampled_from(["", ".0", ".5", ".10", "_000", ".12345678901234567890"]),
    st.sampled_from(["", "", "e5", "e400", "e-400", "E+2"]),
)
SCALARS = (
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False))
    | NUMBERS
    | st.sampled_from(["true", "null", "~"])
)
FULL = (
    st.builds("{}k{}".format, TEXTS, TEXTS).map(lambda text: json.dumps(text, ensure_ascii=False)) | NUMBERS
)
"""Where nothing may not stand: a blank name is none, and what is not configured cannot be deployed."""
NESTED = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(
            st.sampled_from(["a", "label", "key", "value", "${var.x}", "é"]), inner, max_size=3
        ).map(lambda parts: "{" + ", ".join(f'"{key}": {value}' for key, value in parts.items()) + "}")
    ),
    max_leaves=5,
)
HELD = NESTED.map(lambda inner: f"[{inner}]")
PLACE = re.compile(r"manifests/shop\.yaml:[0-9]+:[0-9]+")


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """An integration, a customer and an instance, of which some values are odd."""

    def odd(plain: str, values: st.SearchStrategy[str] = SCALARS) -> str:
        return draw(values) if draw(st.integers(0, 3)) == 0 else plain

    return f"""\
apiVersion: reconciler/v1
kind: Integration
metadata: {{name: orders}}
spec:
  definition: ../definitions/orders.yml
  name: {odd("Orders", FULL)}
  description: {odd("Of orders")}
  category: {odd("Shop")}
  release: 1.0.0
  comment: {odd("First")}
---
apiVersion: reconciler/v1
kind: Customer
metadata: {{name: acme}}
spec:
  name: {odd("Acme", FULL)}
  externalId: acme-1
  description: {odd("A customer")}
  labels: [{odd("a", FULL)}, b]
---
apiVersion: reconciler/v1
kind: Instance
metadata: {{name: orders}}
spec:
  customer: acme
  integration: orders
  name: {odd("Orders for Acme", FULL)}
  description: {odd("Theirs")}
  config:
    Channel: {odd("x", FULL)}
    Script: {odd("<a/>", FULL)}
    Settings: {odd("{}", HELD)}
    Form: {odd("{}", HELD)}
    Number: {odd("1", NUMBERS)}
    Sizes: [{odd("1", NUMBERS)}]
    Names: {{a: {odd("b", FULL)}}}
    Shop: {{inputs: {{apiKey: {odd("k-1", FULL)}}}}}
"""


def reconciler(root: Path, *arguments: str) -> tuple[int, str]:
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        code = run(["--project", str(root / "reconciler.yaml"), *arguments])
    return code, told.getvalue()


@pytest.mark.parametrize("rule", ["as_sent", "trimmed"])
@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a run of the whole takes long
)
@given(text=manifests())
def test_what_is_taken_is_read_back_without_a_difference(rule: str, text: str) -> None:
    with TemporaryDirectory() as folder, patch.dict("os.environ", {"COLUMNS": "400", "NO_COLOR": "1"}):
        root = Path(folder)
        for name, content in (
            ("reconciler.yaml", PROJECT),
            ("definitions/orders.yml", DEFINITION + VARIABLES),
            ("manifests/shop.yaml", text),
        ):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(content.encode())
        (root / ".reconciler").mkdir()
        Sandbox(root / ".reconciler" / "sandbox.db", rules={"texts_read_back": rule}).close()
        code, told = reconciler(root, "validate")
        if code != 0:
            assert (code, bool(PLACE.search(told))) == (3, True), told
            return
        code, told = reconciler(root, "apply", "--yes")
        assert code == 0, told
        code, told = reconciler(root, "plan", "--detailed-exitcode")
        assert code == 0, told
        code, told = reconciler(root, "drift", "--detailed-exitcode")
        assert code == 0, told
