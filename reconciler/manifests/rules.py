"""`policy.rules` and `policy.freezes` of the project file: read, and checked against what a plan can say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from reconciler.manifests import schemas
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.hints import listed, suggest
from reconciler.model.policy import DAYS, WHOLE, Effect, Freeze, Rule
from reconciler.policy.freeze import is_zone
from reconciler.yaml12.document import Document

if TYPE_CHECKING:
    from reconciler.policy.rules import Vocabulary

_RULES, _FREEZES = ("spec", "policy", "rules"), ("spec", "policy", "freezes")
_DATE = len("2026-01-31")
_QUOTES, _BLOCKS = "\"'", "|>"


@cache
def vocabulary() -> Vocabulary:
    """What rules can name, by the schemas of the plan and of the kinds."""
    from reconciler.manifests.kinds import KINDS  # the checker is for those who have rules
    from reconciler.policy.rules import Vocabulary

    kinds = {kind: schemas.load(kind.lower()) for kind in KINDS if kind != "InstanceSet"}
    return Vocabulary(schemas.load("plan"), kinds)


def rules_of(document: Document, policy: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a project file that is as its schema says."""
    return tuple(
        _rule(one, document.source((*_RULES, index, "when"))) for index, one in _entries(policy, "rules")
    )


def freezes_of(policy: Mapping[str, Any]) -> tuple[Freeze, ...]:
    """The freezes of a project file in which `problems` found nothing."""
    return tuple(_freeze(one) for _, one in _entries(policy, "freezes"))


def problems(
    document: Document, policy: Mapping[str, Any], environments: Collection[str], text: str
) -> Iterator[Diagnostic]:
    """What is wrong with rules and freezes that are as the schema says. `text` is that of the file."""
    if (policy.get("rules") or policy.get("freezes")) and find_spec("cel_expr_python") is None:
        # Not a hard dependency: it is native code, which not every platform has a wheel of.
        message = "the project has rules, and the library that asks them is not installed"
        source = document.source(_RULES if policy.get("rules") else _FREEZES)
        yield Diagnostic(
            "rules-need-cel", message, source, hint='install it: pip install "reconciler[policy]"'
        )
        return
    seen: set[str] = set()
    for base, name in ((_RULES, "rules"), (_FREEZES, "freezes")):
        for index, one in _entries(policy, name):
            here = (*base, index)
            if one["name"] in seen:
                message = f'two rules or freezes are called "{one["name"]}"'
                source = document.source((*here, "name"))
                yield Diagnostic("duplicate-rule", message, source, hint="give each a name of its own")
            seen.add(one["name"])
            for number, named in enumerate(one.get("environments", ())):
                if named not in environments:
                    source = document.source((*here, "environments", number))
                    message, hint = (
                        f'environment "{named}" does not exist',
                        suggest(named, list(environments)),
                    )
                    yield Diagnostic("unknown-environment", message, source, hint=hint)
            if name == "rules":
                yield from _expression(_rule(one, document.source((*here, "when"))), text.split("\n"))
            elif found := _time_problem(one):
                key, message = found
                zone = "write one such as Europe/Berlin; a machine that knows none needs the package tzdata"
                hint = zone if key == "zone" else 'write from: 2026-12-20T18:00, or days: [fri] and "16:00"'
                yield Diagnostic("bad-freeze", message, document.source((*here, key)), hint=hint)


def _entries(policy: Mapping[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(policy.get(name, ()))


def _rule(given: Mapping[str, Any], source: Source) -> Rule:
    effect = next(one for one in Effect if one.value in given)
    approvals = given[effect.value] if effect is Effect.NEEDS_APPROVAL else 0
    return Rule(
        name=given["name"],
        effect=effect,
        message=given["message"] if approvals else given[effect.value],
        when=given["when"],
        each=given.get("each", WHOLE),
        approvals=approvals,
        environments=tuple(given.get("environments", ())),
        source=source,
    )


def _freeze(given: Mapping[str, Any]) -> Freeze:
    days = tuple(DAYS.index(day) for day in given.get("days", ()))
    begins, ends = given["from"], given["to"]
    return Freeze(
        name=given["name"],
        message=given["message"],
        zone=given["zone"],
        begins=time.fromisoformat(begins) if days else datetime.fromisoformat(begins),
        ends=time.fromisoformat(ends) if days else _end(ends),
        days=days,
        environments=tuple(given.get("environments", ())),
    )


def _end(text: str) -> datetime:
    """A date is over when its day is."""
    return datetime.fromisoformat(text) + timedelta(days=len(text) == _DATE)


def _time_problem(given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key of what is wrong with a freeze's times, and what it is."""
    if not is_zone(given["zone"]):
        return "zone", f'there is no time zone "{given["zone"]}" on this machine'
    for key in ("from", "to"):
        if ("days" in given) == ("-" in given[key]):
            wanted = "a time of the day, as it has days" if "days" in given else "a date, as it has no days"
            return key, f'"{key}" of the freeze "{given["name"]}" must be {wanted}'
        try:
            (time if "days" in given else datetime).fromisoformat(given[key])
        except ValueError:
            return key, f'"{given[key]}" does not exist'
    freeze = _freeze(given)
    if (
        isinstance(freeze.begins, datetime)
        and isinstance(freeze.ends, datetime)
        and freeze.ends <= freeze.begins
    ):
        return "to", f'the freeze "{freeze.name}" ends before it begins'
    return None


def _expression(rule: Rule, lines: Sequence[str]) -> Iterator[Diagnostic]:
    from reconciler.policy.rules import names, wrong

    for found in wrong(vocabulary(), rule):
        message = f'the rule "{rule.name}" cannot be understood: {found.message}'
        source = _place(rule.source, lines, found.line, found.column)
        fields = "see what there is with: reconciler schema plan"
        words = f"asked of {rule.each} it can name {listed(names(rule.each))}; {fields}"
        hint = suggest(found.named, found.known, fields) if found.named else words
        yield Diagnostic("bad-rule", message, source, hint=hint)


def _place(start: Source, lines: Sequence[str], line: int, column: int) -> Source:
    """Where in the file a place within a text is that begins at `start`; its beginning where that cannot be
    said, as it is folded.
    """
    text = lines[start.line - 1] if 0 < start.line <= len(lines) else ""
    first = text[start.column - 1 : start.column]
    if first == _BLOCKS[0]:
        below = lines[start.line :]
        indent = next((len(one) - len(one.lstrip()) for one in below if one.strip()), 0)
        return Source(start.file, start.line + line, indent + column)
    at = start.column + column - 1 + (first != "" and first in _QUOTES)
    if line > 1 or at > len(text) + 1 or first == _BLOCKS[1]:
        return start
    return Source(start.file, start.line, at)
