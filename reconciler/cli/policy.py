"""policy: test."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.groups import Words
from reconciler.cli.settings import common, reported, settings


@click.group(cls=Words)
@common
def policy() -> None:
    """The project's own rules, which stand in the project file under policy."""


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@reported
@common
def test(files: tuple[Path, ...]) -> int:
    """Ask the rules of small plans, and compare what they say with what is expected.

    FILES are files and folders of such tests; without any, those in the folder policy/ beside the project
    file. Nothing is asked of a tenant. Exits with 1 where a test fails.
    """
    from reconciler.report.policy_test import policy_test_document
    from reconciler.verbs.policy_test import policy_test

    here = settings()
    session = here.session()
    tested = policy_test(session, files)
    document = policy_test_document(
        session.project.name, [(one.name, one.source, one.findings, one.problems) for one in tested]
    )
    here.show("policytest", document)
    return 1 if document["summary"]["failed"] else 0
