"""What comes of an experiment: an answer with its evidence, or why there is none."""

from __future__ import annotations

from msgspec import Struct


class Finding(Struct, frozen=True):
    """The answer to one rule and what it rests on; with `value` None, `evidence` says why there is none."""

    rule: str
    value: str | None
    evidence: str


class Unclear(Exception):
    """An experiment came out as no answer has it, or cannot be done; the text says why."""


def unclear(rule: str, why: str) -> Finding:
    """No answer, though it was tried."""
    return Finding(rule, None, f"not found out: {why}")


def untried(rule: str, why: str) -> Finding:
    """No answer, since finding it out would cost or endanger something."""
    return Finding(rule, None, f"not tried: {why}")


def either(rule: str, outcome: bool, *, yes: str, no: str, evidence: str) -> Finding:
    """The answer `yes` or `no`, by the outcome."""
    return Finding(rule, yes if outcome else no, evidence)
