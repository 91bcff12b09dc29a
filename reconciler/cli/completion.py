"""completion: what a shell needs to complete words of this program, printed or put where the shell looks."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import click

from reconciler.cli.settings import common, settings
from reconciler.cli.shapes import given_shape, shaped

_PROGRAM, _VARIABLE = "reconciler", "_RECONCILER_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")
_FORMATS = ("text",)
_OURS = "# written by reconciler completion --install: "


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.option("--install", is_flag=True, help="Write it where the shell looks for it.")
@common
def completion(shell: str, install: bool) -> None:
    """Print what SHELL needs to complete verbs, options, environments, kinds and addresses."""
    here = settings()
    given_shape("completion", _FORMATS, "text")
    script = _script(shell)
    if not install:
        here.out.out(script, highlight=False, end="")
        return
    path = _place(shell)
    _write(path, script)
    here.out.out(f"Written to {path}.", highlight=False)
    if shell == "zsh":
        here.out.out(f"Once, in ~/.zshrc before compinit: fpath=({path.parent} $fpath)", highlight=False)
    here.out.out("It works in shells that are started from now on.", highlight=False)


shaped(completion, _FORMATS, "text")


def _script(shell: str) -> str:
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(click.get_current_context().find_root().command, {}, _PROGRAM, _VARIABLE)
    # Not `source()`, which starts the shell to ask for its version.
    return f"{(made.source_template % made.source_vars()).rstrip()}\n"


def _place(shell: str) -> Path:
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "bash": data / f"bash-completion/completions/{_PROGRAM}",
        "zsh": data / f"zsh/site-functions/_{_PROGRAM}",
        "fish": config / f"fish/completions/{_PROGRAM}.fish",
    }[shell]


def _write(path: Path, script: str) -> None:
    """Puts the script there, with a last line by which it is known to be ours. Raises InvalidInput where
    anything else, or what somebody changed, stands there.
    """
    from reconciler.model.errors import InvalidInput, ReconcilerError

    try:
        found = path.read_text("utf-8", errors="surrogateescape") if os.path.lexists(path) else None
        if found is not None and found != _signed(found.rpartition(_OURS)[0]):
            raise InvalidInput.of(
                "file-exists",
                f"{path} exists already, and is not as this program wrote it",
                hint="move it away; without --install the script is printed",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_signed(script), "utf-8")
    except OSError as error:
        raise ReconcilerError(
            f"{error.filename or path} cannot be written: {(error.strerror or 'unknown').lower()}"
        ) from error


def _signed(script: str) -> str:
    digest = sha256(script.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{script}{_OURS}sha256:{digest}\n"
