"""The JSON documents: the contract's keys, nothing secret, the same bytes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import structs

from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import ApiError, InvalidInput, Refused, Stale
from reconciler.model.plan import Cause, Change, Drift, Refusal
from reconciler.model.secret import Hidden, Secret
from reconciler.report import document

from . import samples
from .rendering import drift_of, outcome_of, plan_of, rendered

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    "plan": plan_of(samples.REFUSED),
    "outcome": outcome_of(samples.OUTCOME),
    "drift": drift_of(samples.PLAN),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_fits_its_schema(kind: str) -> None:
    schema = json.loads((ROOT / "schemas" / f"{kind}.json").read_text())
    Draft202012Validator(schema).validate(DOCUMENTS[kind])


def test_empty_documents_fit_too() -> None:
    schema = json.loads((ROOT / "schemas" / "plan.json").read_text())
    Draft202012Validator(schema).validate(plan_of(samples.EMPTY))


def test_plan_has_the_contracts_keys() -> None:
    plan = plan_of(samples.PLAN)
    assert plan["format"] == "reconciler.plan/v1"
    assert plan["createdAt"] == samples.CREATED
    assert plan["actions"][2] == {
        "id": "Integration/slack-sync#publish",
        "address": "Integration/slack-sync",
        "verb": "publish",
        "reason": "release 1.4.0 is not published",
        "dependsOn": ["Integration/slack-sync#import"],
        "changes": [{"path": "release", "before": "1.3.0", "after": "1.4.0", "cause": "pending"}],
        "basis": "",
        "target": "",
        "content": "",
    }
    assert plan["warnings"][0] == {
        "code": "pinned-component",
        "message": "the definition names version 12 of component “slack”, which differs between tenants",
        "file": "definitions/slack-sync.yml",
        "line": 12,
        "column": 9,
        "address": "Integration/slack-sync",
        "hint": "write LATEST",
    }


def test_summary_counts_every_verb() -> None:
    summary = plan_of(samples.PLAN)["summary"]
    assert summary["actions"] == 5
    assert (summary["create"], summary["publish"], summary["delete"], summary["deploy"]) == (2, 1, 1, 0)
    assert (summary["unchanged"], summary["unmanaged"], summary["orphans"]) == (120, 4, 1)


@pytest.mark.parametrize(
    ("rate", "seconds"), [(10, 1.2), (1, 12.0), (7, 1.7), (0, 0.0)], ids=["ten", "one", "seven", "unlimited"]
)
def test_requests_cost_time_at_the_rate(rate: float, seconds: float) -> None:
    plan = document.plan_document(samples.PLAN, created_at=samples.CREATED, rate=rate)
    assert plan["requests"] == {"read": 7, "write": 5, "seconds": seconds}


def test_digests_name_their_algorithm_once() -> None:
    named = structs.replace(samples.PLAN, desired=f"sha256:{samples.DIGEST}")
    plan = plan_of(named)
    assert plan["desired"] == plan["live"] == plan["checksum"] == f"sha256:{samples.DIGEST}"


class Unforeseen:
    def __repr__(self) -> str:
        return samples.CANARY


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        (math.inf, "inf"),
        ("x" * 5000, "x" * 5000),
        (Secret(samples.CANARY), "(secret)"),
        (Hidden(), "(secret)"),
        (Hidden(present=False), None),
        (Ref(samples.ACME), "(known after apply)"),
        (samples.ACME, "Customer/acme"),
        ({"b": (Secret(samples.CANARY),), "a": 1}, {"a": 1, "b": ["(secret)"]}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (Unforeseen(), "(Unforeseen)"),
        (b"bytes", "(bytes)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain(value: Any, shown: Any) -> None:
    found = document.plain(value)
    assert found == shown
    assert type(found) is type(shown)


def test_a_definition_is_named_not_dumped() -> None:
    assert str(document.plain(samples.DEFINITION)).startswith("(definition) sha256:")
    assert document.plain(samples.DEFINITION) != document.plain(replace(samples.DEFINITION, text="other"))


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("name", ["text", "json", "markdown"])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_format_shows_a_secret(kind: str, name: str, verbose: bool) -> None:
    change = Change("definition", samples.DEFINITION, {"x": [Secret(samples.CANARY), Unforeseen()]})
    plan = structs.replace(
        samples.REFUSED, actions=(structs.replace(samples.IMPORT, changes=(change,)), *samples.PLAN.actions)
    )
    documents = {"plan": plan_of(plan), "outcome": outcome_of(samples.OUTCOME), "drift": drift_of(plan)}
    text = rendered(name, kind, documents[kind], verbose=verbose)
    assert samples.CANARY not in text
    if kind == "plan":
        assert "(secret)" in text


def test_outcome_says_how_each_action_ended() -> None:
    outcome = outcome_of(samples.OUTCOME)
    assert outcome["summary"] == {
        "actions": 5,
        "done": 2,
        "failed": 1,
        "stale": 1,
        "skipped": 1,
        "doubtful": 1,
        "unchanged": 120,
    }
    done, imported, failed, skipped, _ = outcome["actions"]
    assert (done["kept"], imported["kept"].rpartition("/")[2]) == (None, "Integration-slack-sync.yml")
    assert (done["status"], done["error"], done["because"]) == ("done", None, None)
    assert (done["startedAt"], done["seconds"]) == (samples.CREATED, 0.21)
    assert failed["doubtful"]
    assert (skipped["because"], skipped["startedAt"]) == ("Integration/slack-sync#publish", None)


def test_drift_counts_fields_and_resources() -> None:
    drift = drift_of(samples.PLAN)
    assert drift["summary"] == {
        "fields": 2,
        "resources": 2,
        "pending": 0,
        "drift": 1,
        "both": 1,
        "unknown": 0,
        "missing": 0,
        "unmanaged": 4,
        "orphans": 1,
    }
    assert drift["drift"][1] == {
        "address": "Instance/acme/old",
        "path": "enabled",
        "applied": True,
        "live": False,
        "cause": "drift",
    }


def test_what_was_applied_may_be_known_by_its_digest_only() -> None:
    lost = Drift(samples.ACME, "name", None, "a", Cause.BOTH)
    absent = Drift(samples.ACME, "note", None, "a", Cause.DRIFT)
    drift = drift_of(structs.replace(samples.EMPTY, drift=(lost, absent)))["drift"]
    assert [one["applied"] for one in drift] == ["(digest only)", None]


def entry(**known: Any) -> dict[str, Any]:
    nothing = {"file": None, "line": None, "column": None, "address": "", "hint": ""}
    return {"code": "", "message": "", **nothing, **known}


BAD = Diagnostic("bad", "is bad", Source("a.yaml", 3, 5), "Customer/acme", "mend it")
BAD_ENTRY = entry(
    code="bad", message="is bad", file="a.yaml", line=3, column=5, address="Customer/acme", hint="mend it"
)
DOUBT = Diagnostic("doubt", "is odd", Source("a.yaml"), severity="warning")


@pytest.mark.parametrize(
    ("problem", "entries"),
    [
        ([], []),
        ([BAD], [BAD_ENTRY]),
        (InvalidInput([BAD, BAD]), [BAD_ENTRY, BAD_ENTRY]),
        (
            Refused([Refusal("guard", "12 of 30", "Customer/a", "--allow-delete"), Refusal("protect", "no")]),
            [
                entry(code="guard", message="12 of 30", address="Customer/a", hint="--allow-delete"),
                entry(code="protect", message="no"),
            ],
        ),
        (Stale("changed", hint="plan again"), [entry(code="stale", message="changed", hint="plan again")]),
        (ExceptionGroup("tasks", [ApiError("a"), ExceptionGroup("inner", [Stale("b")])]), None),
        (ValueError("oops"), [entry(code="internal", message="ValueError: oops")]),
    ],
    ids=["nothing", "diagnostics", "invalid", "refused", "stale", "group", "internal"],
)
def test_errors_document(problem: Any, entries: list[dict[str, Any]] | None) -> None:
    found = document.errors_document(problem)
    if entries is None:
        assert [one["code"] for one in found["errors"]] == ["api", "stale"]
    else:
        assert found == {"errors": entries}


def test_warnings_stand_apart_from_errors() -> None:
    found = document.errors_document([DOUBT, BAD])
    assert found == {
        "errors": [BAD_ENTRY],
        "warnings": [entry(code="doubt", message="is odd", file="a.yaml")],
    }


HOSTILE = "\x1b[31m\x9b2J\u202e\u200b\U000e0041\ud800é→\x7f"


def test_dumps_is_the_same_data_and_harmless_on_a_terminal() -> None:
    text = document.dumps({"name": HOSTILE, "list": [1, {}]})
    assert json.loads(text) == {"name": HOSTILE, "list": [1, {}]}
    assert text.replace("\n", "").isprintable()
    assert "é→" in text
    text.encode("utf-8")


def test_same_bytes_under_every_hash_seed() -> None:
    program = (
        "from tests.report import samples as s; from reconciler.report import document as d;"
        "from msgspec.structs import replace; from reconciler.model.plan import Change;"
        "a = replace(s.IMPORT, changes=(Change('labels', frozenset('abcdef'), {'y': {1, 2}, 'x': 0}),));"
        "print(d.dumps(d.plan_document(replace(s.PLAN, actions=(a,)), created_at='', rate=1)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_addresses_of_unmanaged_kinds_are_text() -> None:
    plan = plan_of(structs.replace(samples.EMPTY, orphans=(Address("Customer", "a"),)))
    assert plan["orphans"] == ["Customer/a"]


def test_a_long_document_is_written_in_pieces_that_make_the_same_text() -> None:
    long = {"actions": [{"id": f"Customer/c{n}#create", "note": "a\u2028b"} for n in range(5_000)]}
    pieces = list(document.pieces(long))
    assert len(pieces) > 2
    whole = json.dumps(long, indent=2, ensure_ascii=False).replace("\u2028", "\\u2028")
    assert "".join(pieces) == whole == document.dumps(long)
    assert max(map(len, pieces)) < len(whole) / 2
