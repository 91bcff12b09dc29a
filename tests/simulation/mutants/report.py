"""The part of docs/reliability.md that tells which faults the simulation finds when they are put in."""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulation.mutants.hunt import Hunt

_LONGEST = 100
_INTRODUCTION = """\
A simulation that is always green may be blind. So faults are put into the product, each a stand-in for one
function of it, inside the process that plays the drills. Each seed is played without any, which shows in
which drills a fault could make a difference at all; those are played with it until one is red. Each must be
found within a hundred drills, one of them within three hundred; where only drills with a theme bring it
about, within a hundred of those.
`make mutants` does so for all of them, or for those whose words are given (`make mutants ARGS="lease mark"`),
and `ARGS=--write` writes this part of the page; the suite plays a few.

| fault | found by | in seed | drills |
|---|---|---:|---:|"""
_MISSED = """\

These are not found. That is not to say that the product has them, but that nothing would tell if it had:

| fault | it could act in | of drills | theme |
|---|---:|---:|---|"""


def render(hunts: Sequence[Hunt]) -> str:
    """The part, below its heading."""
    found = [
        f"| {one.mutant.words} | {_told(one.found[0])} | {one.seed} | {one.seeds} |"
        for one in hunts
        if one.found
    ]
    missed = [
        f"| {one.mutant.words} | {len(one.acts)} | {one.seeds} | {one.mutant.theme or 'any'} |"
        for one in hunts
        if not one.found
    ]
    text = "\n".join([_INTRODUCTION, *found])
    return "\n".join([text, _MISSED, *missed]) if missed else text


def _told(finding: str) -> str:
    """A finding as a cell."""
    text = finding.replace("|", "/")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
