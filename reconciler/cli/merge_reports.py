"""merge-reports."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import common, reported, settings
from reconciler.cli.values import path


@click.command("merge-reports")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=path)
@reported
@common
def merge_reports(files: tuple[Path, ...]) -> int:
    """Make one report of several of plan, apply or drift.

    FILE is what a run wrote with --report json=FILE; all are of one kind, project and environment.
    """
    from reconciler.verbs.merge_reports import merge_reports as merge

    kind, document = merge(files)
    settings().show(kind, document)
    return 0
