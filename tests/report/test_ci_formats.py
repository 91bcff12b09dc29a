"""JUnit and GitHub annotations, from the same documents as all else."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from msgspec.structs import replace

from reconciler.model.plan import Cause, Drift

from . import samples
from .rendering import drift_of, outcome_of, plan_of, rendered

HOSTILE = 'x"]]>\x1b[31m<b>&\n::error::forged%0A\u202e'


def documents():
    return {
        "plan": plan_of(samples.PLAN),
        "outcome": outcome_of(samples.OUTCOME),
        "drift": drift_of(samples.PLAN),
        "errors": {"errors": [{"code": "bad", "message": HOSTILE, "file": "m.yaml", "line": 3, "column": 7,
                               "address": HOSTILE, "hint": "mend it"}]},
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["plan", "outcome", "drift", "errors"])
def test_junit_is_xml_whose_counts_are_those_of_its_cases(kind: str):
    suite = Xml.fromstring(rendered("junit", kind, documents()[kind]))[0]
    cases = suite.findall("testcase")
    assert cases
    assert int(suite.get("tests", "")) == len(cases)
    for count, ending in (("failures", "failure"), ("skipped", "skipped")):
        assert int(suite.get(count, "")) == sum(case.find(ending) is not None for case in cases)


def test_junit_fails_what_failed_and_tells_why():
    document = documents()["outcome"]
    suite = Xml.fromstring(rendered("junit", "outcome", document))[0]
    failed = {
        (case.get("classname"), case.get("name")): str(case.find("failure").text)
        for case in suite.findall("testcase")
        if case.find("failure") is not None
    }
    expected = [one for one in document["actions"] if one["status"] in ("failed", "stale")]
    assert expected
    for action in expected:
        assert action["error"] in failed[action["address"], action["id"].rpartition("#")[2]]


def test_a_drifted_field_is_a_failed_case():
    document = documents()["drift"]
    text = rendered("junit", "drift", document)
    assert text.count("<failure") == len(document["drift"]) > 0


@pytest.mark.parametrize("name", ["junit", "github", "markdown"])
def test_drift_is_not_laid_on_the_tenant_where_nothing_was_recorded(name: str):
    document = drift_of(
        replace(samples.PLAN, drift=(Drift(samples.OLD, "enabled", None, False, Cause.UNKNOWN),))
    )
    text = rendered(name, "drift", document)
    assert "no record of what was applied" in text
    assert "in the tenant" not in text


def test_without_drift_one_case_passes():
    document = drift_of(replace(samples.PLAN, drift=()))
    suite = Xml.fromstring(rendered("junit", "drift", document))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_an_annotation_stands_at_its_line():
    (line,) = rendered("github", "errors", documents()["errors"]).splitlines()
    assert line.startswith("::error file=m.yaml,line=3,col=7,title=")
    assert line.endswith("%0Amend it")


@pytest.mark.parametrize("kind", ["plan", "outcome", "drift", "errors"])
def test_nothing_from_outside_begins_a_command_of_its_own(kind: str):
    for line in rendered("github", kind, documents()[kind]).splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))
        assert line.isprintable()


def test_refusals_are_errors_and_the_plan_is_summed_up():
    lines = rendered("github", "plan", documents()["plan"]).splitlines()
    assert lines[-1].startswith("::notice title=reconciler plan::")
