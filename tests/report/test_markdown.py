"""The pull request comment: never too long, never steered by a name."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Action, Change, Drift, Plan, Refusal, Verb
from reconciler.report import document, markdown, sanitize

from . import samples
from .rendering import drift_of, outcome_of, plan_of, rendered


def test_a_plan_has_a_table_details_and_its_checksum() -> None:
    out = markdown.plan(plan_of(samples.REFUSED))
    assert "| kind | create | update | delete |" in out
    assert "| <code>Integration</code> | 0 | 1 | 0 |" in out
    assert "**Plan: 2 to create, 1 to update, 1 to delete; 120 unchanged.**" in out
    assert "<details open><summary>Refused: 1</summary>" in out
    assert '      release: "1.3.0" → "1.4.0"' in out
    assert samples.DIGEST in out


def test_no_changes_is_short() -> None:
    out = markdown.plan(plan_of(samples.EMPTY))
    assert "**No changes. The tenant matches the manifests.**" in out
    assert "<details" not in out


def test_five_thousand_actions_fit_and_both_kinds_are_seen() -> None:
    plan = plan_of(samples.many(5_000))
    out = rendered("markdown", "plan", plan)
    assert markdown.size(out) <= markdown.LIMIT
    assert len(out) > 55_000  # the room is used
    assert out.count("resources left out here") == 3  # the single ones, and addresses of two groups
    assert "Customer/c1\n" in out
    assert "Instance/c0\n" in out
    shown = len(re.findall(r"^[+!] (?:Customer|Instance)/", out, re.MULTILINE))
    left = sum(int(n.replace(",", "")) for n in re.findall(r"… ([\d,]+) resources left out", out))
    assert shown + left == 5_000
    assert out.count("<details") == out.count("</details>")
    assert out.count("\n```") % 2 == 0


NASTY = "`" * 200 + "\U000e0041" * 200 + "|</details><img src=x>@all" + "😀" * 200


def overflowing() -> Plan:
    """A plan with too much of everything, in names that grow when they are escaped."""
    changes = tuple(Change(NASTY + str(i), NASTY + "a", NASTY + "b") for i in range(12))
    actions = tuple(
        Action(f"{kind}/{NASTY}{i}", Address(kind, f"{NASTY}{i}"), Verb.UPDATE, NASTY, changes=changes)
        for kind in ("Customer", "Integration", "Instance")
        for i in range(20)
    )
    return Plan(
        NASTY,
        NASTY,
        samples.DIGEST,
        samples.DIGEST,
        actions=actions,
        drift=tuple(Drift(action.address, NASTY, NASTY, NASTY + "x") for action in actions),
        warnings=tuple(Diagnostic("w", NASTY, Source(NASTY, 1, 1), NASTY, NASTY) for _ in range(100)),
        refusals=tuple(Refusal("r", NASTY, NASTY, NASTY) for _ in range(100)),
        consequences=(NASTY,) * 100,
        orphans=tuple(action.address for action in actions) * 2,
        checksum=samples.DIGEST,
    )


def test_the_limit_holds_whatever_it_is_full_of() -> None:
    plan = overflowing()
    results = tuple(
        Result(action, status, error=NASTY, hint=NASTY, because=NASTY, doubtful=True)
        for status in Status
        for action in plan.actions
    )
    for out in (
        markdown.plan(plan_of(plan)),
        markdown.outcome(outcome_of(Outcome(plan, results))),
        markdown.drift(drift_of(plan)),
        markdown.errors(document.errors_document(numbered(plan.warnings))),
    ):
        assert markdown.size(out) <= markdown.LIMIT
        assert out.count("<details") == out.count("</details>")
        assert "left out here" in out
        assert "<img" not in outside_fences(out)


def numbered(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """No two alike, since those are told once."""
    return [replace(one, message=f"{number}: {one.message}") for number, one in enumerate(diagnostics)]


def outside_fences(text: str) -> str:
    return re.sub(r"^(`{3,})diff\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)


HOSTILE = (
    "x | y</code></details><b>`](http://evil.example) @octocat #issue !3 www.evil.example ```\n# Title\x1b[1m"
)


def test_a_hostile_name_stays_text() -> None:
    action = Action(
        "i", Address("Customer", HOSTILE), Verb.UPDATE, HOSTILE, changes=(Change(HOSTILE, 1, HOSTILE),)
    )
    plan = replace(
        samples.EMPTY,
        project=HOSTILE,
        actions=(action,),
        warnings=(Diagnostic("w", HOSTILE, Source(HOSTILE), HOSTILE, HOSTILE),),
        refusals=(Refusal("r", HOSTILE, HOSTILE, HOSTILE),),
        orphans=(Address("Customer", HOSTILE),),
    )
    out = markdown.plan(plan_of(plan))
    around = outside_fences(out)
    assert "\x1b" not in out
    assert set(re.findall(r"<[^>]*>", around)) == {
        *("<code>", "</code>", "<details>", "<details open>", "</details>", "<summary>", "</summary>")
    }
    for live in ("@octocat", "#issue", "](", "http://", "www.", "```"):
        assert live not in around
    assert "\n# Title" not in out
    assert out.count("<details") == out.count("\n</details>") == 4


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "- item",
        "1. item",
        "===",
        "a_b_c",
        "*a*",
        "~~a~~",
        "$a$",
        ":smile:",
        "&lt;",
        "@a @b",
        "plain",
    ],
)
def test_prose_reads_the_same_and_marks_nothing(text: str) -> None:
    out = sanitize.markdown(text)
    assert html.unescape(out).replace("\u200b", "") == sanitize.terminal(text)
    bare = re.sub(r"&#\d+;", "x", out)
    assert not re.search(r"[<>`*_\[\]{}#|~\\@:$]|\A[-+=\d]", bare)


@pytest.mark.parametrize("ping", ["@octocat", "#12", "!12", "~label", "%milestone", "$snippet", "&epic"])
def test_references_are_broken_even_when_decoded(ping: str) -> None:
    assert ping not in html.unescape(sanitize.markdown(f"see {ping}"))


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert sanitize.fence(["a ````` b", "c\nd"]).splitlines() == ["``````", "a ````` b", r"c\nd", "``````"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode 日本 😀", "plain ünïcode 日本 😀"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b\x85\x7f\x00", r"\x9b\x85\x7f\x00"),
        ("\u202e\u2066\u200e\u061c\ufeff\u2028", r"\u202e\u2066\u200e\u061c\ufeff\u2028"),
        ("\U000e0041\ud800", r"\U000e0041\ud800"),
        ("a\xa0b\u3000c", "a\xa0b\u3000c"),
    ],
)
def test_terminal(text: str, shown: str) -> None:
    assert sanitize.terminal(text) == shown
