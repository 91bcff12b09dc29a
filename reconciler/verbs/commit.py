"""What a CI system says of the commit, for the attributes of a published version."""

from __future__ import annotations

from collections.abc import Mapping

SOURCES = {
    "commitHash": ("GITHUB_SHA", "CI_COMMIT_SHA"),
    "pullRequestUrl": ("CI_MERGE_REQUEST_PROJECT_URL",),
    "repoUrl": ("CI_PROJECT_URL",),
}


def commit_attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """commitHash, commitUrl, repoUrl and pullRequestUrl, as far as GitHub Actions or GitLab CI name them."""
    found = {
        name: next(_text(environ[v]) for v in variables if environ.get(v))
        for name, variables in SOURCES.items()
        if any(environ.get(v) for v in variables)
    }
    server, repository = (_text(environ.get(f"GITHUB_{part}", "")) for part in ("SERVER_URL", "REPOSITORY"))
    if server and repository:
        found["repoUrl"] = f"{server}/{repository}"
    if "repoUrl" in found and "commitHash" in found:
        found["commitUrl"] = f"{found['repoUrl']}/commit/{found['commitHash']}"
    return dict(sorted(found.items()))


def _text(value: str) -> str:
    """A variable's value; where its bytes are not UTF-8, with a mark in their place: no request carries them,
    and nothing is worth stopping for here.
    """
    return value.encode(errors="replace").decode()
