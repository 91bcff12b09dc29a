"""What `policy test` brought, as a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.policy import Finding
from reconciler.report.document import diagnostic_document
from reconciler.report.ruled import finding_document

FORMAT = "reconciler.policytest/v1"


def policy_test_document(
    project: str, tested: Iterable[tuple[str, Source, Iterable[Finding], tuple[str, ...]]]
) -> dict[str, Any]:
    """The tests as JSON: each with its name, its place, what the rules say and what of that is wrong, which
    stands among the errors, too.
    """
    tests: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for name, source, findings, problems in tested:
        tests.append(
            {
                "name": name,
                "file": source.file,
                "line": source.line,
                "passed": not problems,
                "problems": list(problems),
                "policy": [finding_document(one) for one in findings],
            }
        )
        errors += [
            diagnostic_document(Diagnostic("policy-test", f"{name}: {problem}", source))
            for problem in problems
        ]
    failed = sum(not one["passed"] for one in tests)
    return {
        "format": FORMAT,
        "project": project,
        "summary": {"tests": len(tests), "passed": len(tests) - failed, "failed": failed},
        "tests": tests,
        **({"errors": errors} if errors else {}),
    }
