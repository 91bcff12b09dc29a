"""What bundles define, in a file: written where nothing is at stake, so that a run with a token runs none of
their code.

The digest of a package tells whose description it is: what was built anew has none.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec.structs import asdict

from reconciler.manifests.bundle_read import Described, described, understood
from reconciler.model.errors import InvalidInput
from reconciler.model.problem import Unusable

FORMAT = "reconciler.bundles/v1"
_MOST = 256 * 1024 * 1024
_HINT = "write it anew: reconciler validate --describe FILE"


def digest_of(package: bytes) -> str:
    """What a package is known by."""
    return f"sha256:{sha256(package).hexdigest()}"


def describe(packages: Iterable[bytes], environ: Mapping[str, str]) -> dict[str, Described]:
    """What bundles define, each of which is run. Raises Unusable."""
    return {digest_of(package): described(_unpacked(package), environ) for package in packages}


def written(found: Mapping[str, Described]) -> bytes:
    """The file's content."""
    bundles = {digest: asdict(one) for digest, one in sorted(found.items())}
    return json.dumps({"format": FORMAT, "bundles": bundles}, indent=1).encode()


def read(file: Path) -> dict[str, Described]:
    """What a file says. It is data, whoever wrote it. Raises InvalidInput."""
    try:
        if file.stat().st_size > _MOST:
            raise _wrong(file, f"is larger than {_MOST // 1024**2} MB")
        document = json.loads(file.read_bytes())
        if document["format"] != FORMAT:
            raise _wrong(file, f"is not of the format {FORMAT}")
        return {str(digest): understood(one) for digest, one in document["bundles"].items()}
    except OSError as error:
        raise _wrong(file, f"cannot be read: {(error.strerror or 'not a file').lower()}") from error
    except (Unusable, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _wrong(file, "does not say what bundles define") from error


def _wrong(file: Path, what: str) -> InvalidInput:
    return InvalidInput.of("described-file", f'"{file}" {what}', hint=_HINT)


def _unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
