"""init, validate and schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.complete import SCHEMA
from reconciler.cli.settings import Settings, common, describing, reported, settings

if TYPE_CHECKING:
    from reconciler.verbs.init import Created


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="The service that plans on pull requests and applies on merge.",
)
@common
def init(folder: Path, ci: str) -> None:
    """Start a project that works on the sandbox at once.

    Existing files are never overwritten.
    """
    from reconciler.verbs.init import init as create

    here = settings()
    created = create(folder, ci)
    following = _following(folder)
    if here.format == "json":
        _json(here, {**_created(created), "next": following})
        return
    lines = [f'Created project "{created.name}" in {created.folder}:']
    lines += [f"  {path}" for path in created.files]
    lines += [f"  {path} (a line added)" for path in created.extended]
    lines += ["", "It plans and applies on the embedded sandbox, without a token:"]
    lines += [f"  {command}" for command in following]
    here.out.out("\n".join(lines), highlight=False)


@click.command()
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option(
    "--describe",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write down what the bundles define, for runs that are not to run them.",
)
@describing
@reported
@common
def validate(strict: bool, describe: Path | None) -> None:
    """Show all errors of manifests and definitions, offline.

    Every environment of the project is checked; with -e, that one alone. No secret is read.
    """
    from reconciler.report.document import errors_document
    from reconciler.verbs.validate import validate as check
    from reconciler.verbs.validate import write_down

    here = settings()
    session = here.session()
    found = check(session, [here.environment] if here.environment else [], strict=strict)
    warnings = errors_document(found.warnings).get("warnings", [])
    document: dict[str, Any] = {"valid": True, "resources": found.resources, "files": found.files}
    document |= {"environments": list(found.environments), "warnings": warnings}
    if here.format == "text" and warnings and not here.quiet:
        here.show("errors", {"errors": [], "warnings": warnings}, to_stderr=True)
    here.show("valid", document, told=("warnings",))
    if describe is not None:
        write_down(session, found.packages, describe)


@click.command()
@click.argument("kind", required=False, shell_complete=SCHEMA)
@common
def schema(kind: str | None) -> None:
    """Print the JSON Schema of KIND, or list the kinds that there are."""
    from reconciler.report.tables import render_table
    from reconciler.verbs.schema import kinds
    from reconciler.verbs.schema import schema as text_of

    here = settings()
    if kind is not None:
        here.out.out(text_of(kind).rstrip("\n"), highlight=False)
        return
    known = [{"kind": name, "description": description} for name, description in kinds()]
    if here.format == "json":
        _json(here, known)
        return
    render_table(here.out, known, ("kind", "description"))


def _created(created: Created) -> dict[str, Any]:
    return {
        "project": created.name,
        "folder": str(created.folder),
        "files": list(created.files),
        "extended": list(created.extended),
    }


def _following(folder: Path) -> list[str]:
    """The commands to go on with, for the shell that `init` was called in."""
    import shlex

    enter = [] if folder.resolve() == Path.cwd().resolve() else [f"cd {shlex.quote(str(folder))}"]
    return [*enter, "reconciler validate", "reconciler plan", "reconciler apply"]


def _json(here: Settings, document: Any) -> None:
    from reconciler.report.document import dumps

    here.out.out(dumps(document), highlight=False)
