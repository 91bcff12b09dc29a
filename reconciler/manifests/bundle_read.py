"""What a bundle defines, which only running it tells: with node, on a copy, cut off from all that is outside.

The copy holds just the bytes that are packed. Node's permissions keep it from other files and from starting
programs, the environment is empty, and the network is taken away. What is left is a guard against accidents,
not a wall: a bundle is code of the project's own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.manifests.program import output_of
from reconciler.model.problem import Unusable

SECONDS = 30
_MOST = 32 * 1024 * 1024
_SCRIPT = Path(__file__).with_name("bundle.js")
_BAD_OPTION = 9
_GUARDS = ("--permission", "--experimental-permission")  # by their names since node 23, and in 20 and 22
_NODE = "install node 20 or newer, and have it in the PATH"
_BUILD = "build it anew, and see that the official tool can import it"


class Described(Struct, frozen=True):
    """What a bundle says of itself: the key of its component, its definition as YAML, and the input of
    `publishComponent`.
    """

    key: str
    definition: str
    input: Mapping[str, Any]


def described(files: Mapping[str, bytes], environ: Mapping[str, str]) -> Described:
    """What the bundle with these files defines. Raises Unusable."""
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        raise Unusable("no-node", "cannot be read: node is needed, and is not here", _NODE)
    with tempfile.TemporaryDirectory(prefix="reconciler-bundle-") as name:
        # Links in the way to it (as on macOS) would not fit what node may read.
        root = Path(name).resolve()
        for file, content in files.items():
            path = root / "dist" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        script = root / "read.cjs"
        script.write_bytes(_SCRIPT.read_bytes())
        for guard in _GUARDS:
            words = [node, guard, f"--allow-fs-read={root}/*", "--no-warnings", str(script)]
            code, output = _run(words, root / "dist")
            if code != _BAD_OPTION:
                return _understood(code, output)
    raise Unusable("no-node", "cannot be read: the node that is here is too old", _NODE)


def _run(words: list[str], folder: Path) -> tuple[int, bytes]:
    try:
        code, output = output_of(words, folder=folder, environ={}, seconds=SECONDS, most=_MOST)
    except subprocess.TimeoutExpired:
        raise Unusable("bundle-broken", f"does not load within {SECONDS} seconds", _BUILD) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Unusable("no-node", f"cannot be read: node cannot be run: {reason}", _NODE) from error
    if len(output) > _MOST:
        raise Unusable("bundle-broken", f"prints more than {_MOST // 1024**2} MB", _BUILD)
    return code, output


def _understood(code: int, output: bytes) -> Described:
    try:
        answer = json.loads(output)
        if "error" in answer:
            said = " ".join(str(answer["error"]).split())[:300]
            raise Unusable("bundle-broken", f"cannot be loaded: {said}", _BUILD)
        return understood(answer)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unusable("bundle-broken", f"cannot be loaded: node ended with {code}", _BUILD) from None


def understood(answer: Any) -> Described:
    """What a bundle said of itself, as JSON has it. Raises Unusable, or what comes of other shapes, and of
    halves of characters.
    """
    json.dumps(answer, ensure_ascii=False).encode()
    found = Described(answer["key"], answer["definition"], answer["input"])
    display = found.input["definition"].get("display") or {}
    shown = (found.key, display.get("label"), display.get("description"))
    if not isinstance(found.definition, str) or not all(isinstance(text, str) and text for text in shown):
        raise Unusable(
            "bundle-broken", "has no key, no name or no description", "give it a name and a description"
        )
    return found
