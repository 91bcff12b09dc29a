"""`policy test`: the project's rules against small plans, which stand beside the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.manifests.messages import schema_problems
from reconciler.manifests.read import read
from reconciler.manifests.rules import vocabulary
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import InvalidInput
from reconciler.model.hints import suggest
from reconciler.model.plan import Verb
from reconciler.model.policy import Finding
from reconciler.verbs.policy import rule_failed, searched
from reconciler.verbs.session import Session
from reconciler.yaml12.document import Document

FOLDER = "policy"
"""Where the tests stand, beside the project file."""
MONDAY = "2024-01-01T12:00Z"
"""When a rule is asked that no test says the moment for."""
_FILES = (".yaml", ".yml")


class Tested(Struct, frozen=True):
    """One test: what the rules say, and what of it is not as expected."""

    name: str
    source: Source
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]


def policy_test(session: Session, paths: Sequence[Path] = ()) -> list[Tested]:
    """Asks the rules of the plans in these files and folders, or in the project's own. Raises InvalidInput
    with all that is wrong with the tests, and where a rule cannot be asked.
    """
    documents, wrong = _documents(session, paths)
    tested: list[Tested] = []
    for document in documents:
        found = [*schema_problems("policytest", document), *_names(session, document)]
        if not found:
            outcome = _tested(session, document)
            tested += [outcome] if isinstance(outcome, Tested) else []
            found = [outcome] if isinstance(outcome, Diagnostic) else []
        wrong += found
    if wrong:
        raise InvalidInput(wrong)
    return tested


def _documents(session: Session, paths: Sequence[Path]) -> tuple[list[Document], list[Diagnostic]]:
    root = session.project.root
    documents: list[Document] = []
    wrong: list[Diagnostic] = []
    for path in _found(paths or [root / FOLDER]):
        name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
        more, problems = read(path, name)
        documents += more
        wrong += problems
    if not documents and not wrong:
        message = "there is no test of the project's rules"
        hint = f"write one into {FOLDER}/, beside the project file; see: reconciler schema policytest"
        raise InvalidInput.of("no-policy-test", message, hint=hint)
    return documents, wrong


def _found(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in _FILES and one.is_file())
        elif path.is_file() or path.name != FOLDER:
            yield path


def _names(session: Session, document: Document) -> Iterator[Diagnostic]:
    """What an expectation names that there is not."""
    policy, value = session.project.policy, document.value
    names = [*(one.name for one in policy.rules), *(one.name for one in policy.freezes)]
    expected = value.get("expect") if isinstance(value, dict) else None
    for index, one in enumerate(expected if isinstance(expected, list) else ()):
        rule = one.get("rule") if isinstance(one, dict) else None
        if isinstance(rule, str) and rule not in names:
            source = document.source(("expect", index, "rule"))
            hint = suggest(rule, names, "see policy.rules and policy.freezes in the project file")
            yield Diagnostic("unknown-rule", f'there is no rule "{rule}"', source, hint=hint)


def _tested(session: Session, document: Document) -> Tested | Diagnostic:
    from reconciler.policy.rules import RuleFailed, findings
    from reconciler.policy.types import Misfit

    policy, value = session.project.policy, document.value
    try:
        now = datetime.fromisoformat(value.get("now", MONDAY))
    except ValueError:
        message = f'"{value["now"]}" does not exist'
        return Diagnostic("policy-test", message, document.source(("now",)), hint="correct the date")
    try:
        found = findings(vocabulary(), policy.rules, policy.freezes, _plan(session, value), now, exact=True)
    except Misfit as error:
        message = f'the plan of "{value["name"]}" cannot be read: {error}'
        hint = "see what there is with: reconciler schema plan"
        return Diagnostic("policy-test", message, document.source(("given",), key=True), hint=hint)
    except RuleFailed as error:
        return rule_failed(error.rule, error.address, error.why)
    problems = tuple(_problems(found, value["expect"]))
    return Tested(value["name"], document.source(("expect",), key=True), tuple(found), problems)


def _plan(session: Session, value: Mapping[str, Any]) -> dict[str, Any]:
    """The plan's document, with what follows from what is given."""
    given = value["given"]
    actions = given.get("actions", [])
    verbs = Counter(str(one.get("verb", "")) for one in actions)
    counted = {"actions": len(actions), **{verb.value: verbs[verb.value] for verb in Verb}}
    return {
        "project": session.project.name,
        **given,
        "environment": value.get("environment", session.environment.name),
        "summary": {**counted, **given.get("summary", {})},
        "resources": [_resource(one) for one in given.get("resources", ())],
    }


def _resource(given: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, name = str(given["address"]).partition("/")
    return {"kind": kind, "name": name, "text": searched(given.get("spec", {})), **given}


def _problems(found: Sequence[Finding], expected: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said = {one.rule: one for one in found}
    wanted = {one["rule"]: one.get("addresses") for one in expected}
    for rule, addresses in wanted.items():
        if rule not in said:
            yield f'the rule "{rule}" says nothing'
        elif addresses is not None and set(addresses) != set(said[rule].addresses):
            yield f'the rule "{rule}" is about {_listed(said[rule].addresses)}, not {_listed(addresses)}'
    for rule, one in said.items():
        if rule not in wanted:
            about = f" of {_listed(one.addresses)}" if one.addresses else ""
            yield f'the rule "{rule}" is not expected to say anything{about}'


def _listed(addresses: Sequence[str]) -> str:
    return ", ".join(sorted(addresses)) or "the plan as a whole"
