"""The text for people: what it looks like at 80 columns, and what it must never do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import InvalidInput
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Action, Cause, Change, Verb
from reconciler.report import document, formats, lines, text, values
from reconciler.report.lines import longest
from reconciler.report.rows import Rows

from . import samples
from .rendering import GOLDEN, console, drift_of, outcome_of, plan_of, rendered, written

ERRORS = document.errors_document(
    [
        Diagnostic(
            "unknown-field",
            'the field "nmae" is not known to a Customer, and was perhaps meant to be "name" instead',
            Source("manifests/acme.yaml", 4, 3),
            "Customer/acme",
            'write "name"',
        ),
        Diagnostic("no-file", "there is no such file", Source("definitions/a.yml")),
        Diagnostic("odd", "is odd", severity="warning"),
    ]
)

GOLDENS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "plan": ("plan", plan_of(samples.PLAN), False),
    "plan-verbose": ("plan", plan_of(samples.PLAN), True),
    "plan-refused": ("plan", plan_of(samples.REFUSED), False),
    "plan-empty": ("plan", plan_of(samples.EMPTY), False),
    "outcome": ("outcome", outcome_of(samples.OUTCOME), False),
    "outcome-verbose": ("outcome", outcome_of(samples.OUTCOME), True),
    "drift": ("drift", drift_of(samples.PLAN), False),
    "drift-empty": ("drift", drift_of(samples.EMPTY), False),
    "errors": ("errors", ERRORS, False),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_looks_as_it_should(name: str) -> None:
    kind, doc, verbose = GOLDENS[name]
    assert rendered("text", kind, doc, verbose=verbose) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", GOLDENS)
@pytest.mark.parametrize("width", [40, 80])
def test_fits_the_width(name: str, width: int) -> None:
    kind, doc, verbose = GOLDENS[name]
    for line in rendered("text", kind, doc, verbose=verbose, width=width).splitlines():
        # What people copy stays whole: the terminal breaks it without a trace.
        assert len(line) <= width or longest(line.strip()) == len(line.strip())
        assert line == line.rstrip()


@pytest.mark.parametrize("name", GOLDENS)
def test_colours_change_nothing_else(name: str) -> None:
    kind, doc, verbose = GOLDENS[name]
    coloured = rendered("text", kind, doc, verbose=verbose, terminal=True)
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert bare == rendered("text", kind, doc, verbose=verbose)


def updated(*changes: Change, name: str = "acme", reason: str = "differs") -> dict[str, Any]:
    action = Action(
        f"Customer/{name}#update", Address("Customer", name), Verb.UPDATE, reason, changes=changes
    )
    return plan_of(replace(samples.EMPTY, actions=(action,)))


HOSTILE = "[red]x[/red]\x1b]0;owned\x07\x9b2J\r\n  - Customer/forged\u202e\u2066:smile:"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_hostile_name_is_shown_not_obeyed(terminal: bool) -> None:
    plan = updated(Change(HOSTILE, HOSTILE, HOSTILE + "2"), name=HOSTILE, reason=HOSTILE)
    plan["warnings"] = [{"message": HOSTILE, "file": HOSTILE, "line": 1, "address": HOSTILE, "hint": HOSTILE}]
    plan["refusals"] = plan["warnings"]
    plan["consequences"] = plan["orphans"] = [HOSTILE]
    plan["drift"] = [{"address": HOSTILE, "path": HOSTILE, "applied": HOSTILE, "live": 1, "cause": "drift"}]
    out = rendered("text", "plan", plan, width=400, verbose=True, terminal=terminal)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", out) if terminal else out
    assert bare.replace("\n", "").isprintable()
    assert not [line for line in bare.splitlines() if line.startswith("  - Customer/forged")]
    assert r"[red]x[/red]\x1b]0;owned\x07\x9b2J\r\n  - Customer/forged\u202e\u2066:smile:" in bare


def test_what_changed_is_seen_in_long_values() -> None:
    same = "line\n" * 200
    out = rendered("text", "plan", updated(Change("description", same + "old", same + "new")))
    assert "old" in out
    assert "new" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" in out


def test_verbose_shows_long_values_whole() -> None:
    value = "x" * 500
    assert value in rendered("text", "plan", updated(Change("name", None, value)), verbose=True, width=1000)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause.PENDING, ""),
        (Cause.DRIFT, "changed in the tenant"),
        (Cause.BOTH, "changed in git and in the tenant"),
        (Cause.UNKNOWN, "no record of what was applied"),
    ],
)
def test_the_cause_is_told_where_it_is_not_git_alone(cause: Cause, words: str) -> None:
    out = rendered("text", "plan", updated(Change("name", "a", "b", cause)))
    assert f'~ name: "a" → "b"{f"  ({words})" if words else ""}\n' in out


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, "a", '+ name: "a"'),
        ("a", None, '- name: "a"'),
        ("", "a", '~ name: "" → "a"'),
        (1, "1", '~ name: 1 → "1"'),
        (True, None, "- name: true"),
        ("(secret)", "(secret)", "~ name: (secret) → (secret)"),
        ("(digest only)", "x", '~ name: (digest only) → "x"'),
        (["a"], ["a", "b"], '~ name: ["a"] → ["a", "b"]'),
    ],
)
def test_a_change_tells_what_is_there_and_what_is_not(before: Any, after: Any, shown: str) -> None:
    assert f"      {shown}\n" in rendered(
        "text", "plan", updated(Change("name", before, after, Cause.PENDING))
    )


def test_an_ascii_console_gets_an_ascii_arrow() -> None:
    to = console()
    to.file = open("/dev/null", "w", encoding="ascii")  # noqa: SIM115
    with to.file, to.capture() as captured:
        text.render_plan(to, updated(Change("name", "a", "b", Cause.PENDING)))
    assert 'name: "a" -> "b"' in captured.get()


@pytest.mark.parametrize(
    ("verbs", "line"),
    [
        ([], "No changes. The tenant matches the manifests."),
        ([Verb.CREATE, Verb.DEPLOY], "Plan: 1 to create, 0 to update, 0 to delete; 120 unchanged."),
        ([Verb.PUBLISH, Verb.AVAILABILITY], "Plan: 0 to create, 1 to update, 0 to delete; 120 unchanged."),
        ([Verb.DISABLE, Verb.DELETE], "Plan: 0 to create, 0 to update, 1 to delete; 120 unchanged."),
        ([Verb.ADOPT], "Plan: 0 to create, 0 to update, 0 to delete, 1 to adopt; 120 unchanged."),
        ([Verb.TEST], "Plan: 0 to create, 0 to update, 0 to delete, 1 to test; 120 unchanged."),
        ([Verb.ADOPT, Verb.UPDATE], "Plan: 0 to create, 1 to update, 0 to delete; 120 unchanged."),
    ],
)
def test_the_last_line_counts_resources(verbs: list[Verb], line: str) -> None:
    actions = tuple(Action(f"Customer/acme#{verb.value}", samples.ACME, verb, "differs") for verb in verbs)
    out = rendered("text", "plan", plan_of(replace(samples.EMPTY, actions=actions)))
    assert out.splitlines()[-1] == line


def test_a_refusal_without_actions_does_not_claim_that_all_is_well() -> None:
    out = rendered("text", "plan", plan_of(replace(samples.REFUSED, actions=())))
    assert out.splitlines()[-1] == "Refused."
    assert "No changes" not in out


@pytest.mark.parametrize(
    ("path", "aside"), [("config", False), ("config.Channel", False), ("conf", True), ("name", True)]
)
def test_drift_that_is_mended_is_not_told_twice(path: str, aside: bool) -> None:
    plan = updated(Change("config.Channel", "a", "b", Cause.DRIFT))
    plan["drift"] = [
        {"address": "Customer/acme", "path": path, "applied": "b", "live": "a", "cause": "drift"}
    ]
    assert ("left alone" in rendered("text", "plan", plan)) is aside


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_an_orphan_that_is_deleted_is_not_listed_as_left(name: str) -> None:
    orphans = (samples.OLD, samples.ACME)
    out = rendered(name, "plan", plan_of(replace(samples.EMPTY, actions=(samples.DELETE,), orphans=orphans)))
    assert out.count("Instance/acme/old") == 1
    assert out.count("Customer/acme") == 1


def test_long_lists_are_cut_unless_asked_for() -> None:
    plan = plan_of(replace(samples.EMPTY, orphans=tuple(Address("Customer", f"c{i}") for i in range(30))))
    assert "… and 20 more (-v shows all)" in rendered("text", "plan", plan)
    assert "Customer/c29" in rendered("text", "plan", plan, verbose=True)


ROWS = [
    {"name": "Acme Inc", "id": "Q3VzdG9tZXI6MQ==", "labels": ["a", "b"], "enabled": True, "note": None},
    {"name": "日本\x1b[2J", "id": "2", "labels": [], "enabled": False, "config": {"a": 1}},
]


def test_what_an_interrupt_left_is_one_line() -> None:
    plan = samples.many(100)
    ends = [Result(plan.actions[0], Status.DONE)]
    ends += [Result(one, Status.SKIPPED, because="interrupted") for one in plan.actions[1:]]
    stopped = outcome_of(Outcome(plan, tuple(ends), interrupted=True))
    out = rendered("text", "outcome", stopped)
    assert out.count("skipped") == 2
    assert "  skipped 99 actions, not begun: interrupted (-v shows all)\n\nInterrupted: 1 done, 99" in out
    assert rendered("text", "outcome", stopped, verbose=True).count("skipped") == 100


def test_a_table_lines_up_and_keeps_a_row_on_a_line() -> None:
    to = console(20)
    text.render_table(to, ROWS, ["name", "id", "labels", "enabled", "note", "config"])
    assert written(to).splitlines() == [
        "NAME         ID                LABELS  ENABLED  NOTE  CONFIG",
        "Acme Inc     Q3VzdG9tZXI6MQ==  a, b    yes",
        r'日本\x1b[2J  2                         no             {"a": 1}',
    ]


def test_a_table_on_a_terminal_folds() -> None:
    to = console(30, terminal=True)
    text.render_table(to, ROWS, ["name", "id"])
    bare = re.sub(r"\x1b\[[0-9;]*m", "", written(to))
    assert all(len(line) <= 30 for line in bare.splitlines())
    assert bare.replace("\n", "").isprintable()


def test_an_empty_table_says_so() -> None:
    to = console()
    text.render_table(to, [], ["name"], empty="No customers.")
    assert written(to) == "No customers.\n"


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as caught:
        rendered("yaml", "plan", plan_of(samples.EMPTY))
    assert caught.value.diagnostics[0].hint == "choose one of text, json, markdown, junit, github, html"


@pytest.mark.parametrize("name", formats.FORMATS)
@pytest.mark.parametrize("kind", formats.KINDS)
def test_every_format_shows_every_kind(name: str, kind: str) -> None:
    doc = next(doc for found, doc, _ in GOLDENS.values() if found == kind)
    out = rendered(name, kind, doc)
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("name", "name"),
        ("config.Slack Connection.clientSecret", "config.Slack Connection.clientSecret"),
        ("definition.flows[A].steps[B].inputs.x", "definition › flows[A] › steps[B] › inputs.x"),
        ("definition.steps (order)[0]", "definition › steps (order)[0]"),
    ],
)
def test_readable_path(path: str, shown: str) -> None:
    assert values.readable_path(path) == shown


ID = "SW5zdGFuY2U6ZDU2N2E4OWItYTNhZC00NjQ5LWE1OTctZjFhNzA2Mzk3OTA3"
WHOLE = [
    ID,
    f"Instance/acme-of-the-far-north/{ID.lower()}",
    f"--use AlertGroup/ops={ID}",
    "--select Instance/some-customer-or-other/some-integration-or-other",
    f"reconciler adopt Customer/acme {ID} -e production --project /home/ada/the shop/reconciler.yaml",
    '"/home/ada/the project of the shop/definitions/orders of today.yml"',
    "`reconciler schema integration`",
]


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("width", [20, 40, 79, 80, 120])
@pytest.mark.parametrize("before", [0, 30, 66, 75])
def test_what_people_copy_is_never_broken(whole: str, width: int, before: int) -> None:
    to = console(width)
    said = ("words " * 20)[:before]
    lines.write(to, 2, ("hint: ", "cyan"), f"{said}: {whole}; and then go on with what there is to do")
    shown = written(to)
    assert whole in shown
    for line in shown.splitlines():
        assert len(line) <= max(width, 24) or longest(line.strip()) == len(line.strip())
    assert " ".join(shown.split()).startswith("hint: ")


def test_styles_go_on_behind_a_break() -> None:
    to = console(30, terminal=True)
    lines.write(to, 0, ("one two three four five six seven eight nine ten", "red"))
    assert written(to).count("\x1b[31m") == 2


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_a_table_on_a_terminal_breaks_no_id(width: int) -> None:
    rows = [
        {"id": ID, "name": "Orders for Acme of the Far North and its many friends", "number": n}
        for n in range(3)
    ]
    to = console(width, terminal=True)
    text.render_table(to, rows, ["id", "name", "number"])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", written(to))
    assert shown.count(ID) == 3
    for word in ("Orders", "friends", "NUMBER"):
        assert word in shown
    out = console(width, terminal=True)
    listed = Rows(out, "table", ["id", "name", "number"])
    for row in rows:
        listed.add(row)
    listed.close()
    assert written(out).count(ID) == 3
