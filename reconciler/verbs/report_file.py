"""Reports that runs wrote with `--report json=FILE` or `--format json`, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconciler.model.errors import InvalidInput

_MOST = 256 * 1024 * 1024


def read(path: Path, *, what: str, hint: str) -> Any:
    """The JSON in a file. Raises InvalidInput that calls it no `what` where it is none."""
    try:
        with path.open("rb") as file:
            return json.loads(file.read(_MOST).decode())
    except OSError as error:
        reason = (error.strerror or "not a path").lower()
        raise InvalidInput.of("report-file", f'cannot read "{path}": {reason}', hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput.of("report-file", f'"{path}" is no {what}', hint=hint) from error
