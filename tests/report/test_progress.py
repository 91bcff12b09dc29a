"""Progress: live on a terminal, plain lines elsewhere, nothing where it is switched off."""

from __future__ import annotations

import re

import pytest

from reconciler.model.address import Address
from reconciler.model.outcome import Ended, Event, Result, Started, Status, Waiting
from reconciler.model.plan import Action, Verb
from reconciler.report.progress import Progress

from . import samples
from .rendering import console, written


def events() -> list[Event]:
    found: list[Event] = []
    for result in samples.OUTCOME.results:
        found += [Started(result.action), *[Waiting(result.action, "the version")] * 3, Ended(result)]
    return found


def played(told: list[Event], *, terminal: bool = False, enabled: bool = True, width: int = 80) -> str:
    to = console(width, terminal=terminal)
    actions = list({event.action.id: event.action for event in told if isinstance(event, Started)}.values())
    with Progress(to, actions, enabled=enabled) as progress:
        for event in told:
            progress(event)
    return written(to)


def test_plain_lines_elsewhere_each_wait_once() -> None:
    assert played(events()).splitlines() == [
        "waiting create Customer/acme: the version",
        "done    create Customer/acme (0.2 s)",
        "waiting import Integration/slack-sync: the version",
        "done    import Integration/slack-sync (1.5 s)",
        "waiting publish Integration/slack-sync: the version",
        "failed  publish Integration/slack-sync (0.4 s): the server refused it: comment is too long",
        "waiting create Instance/acme/slack-sync: the version",
        "skipped create Instance/acme/slack-sync: because of Integration/slack-sync#publish",
        "waiting delete Instance/acme/old: the version",
        "stale   delete Instance/acme/old (0.0 s): it was changed at 12:00 by someone else",
    ]


def test_live_on_a_terminal() -> None:
    out = played(events(), terminal=True)
    assert "applying" in out
    assert "done    \x1b[0mcreate Customer/acme (0.2 s)" in out


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_when_it_is_switched_off(terminal: bool) -> None:
    assert played(events(), terminal=terminal, enabled=False) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_names_are_shown_not_obeyed(terminal: bool) -> None:
    action = Action("x", Address("Customer", "[bold]a\x1b]0;owned\x07\nb"), Verb.CREATE, "")
    told: list[Event] = [
        Started(action),
        Waiting(action, "\x9b[/]"),
        Ended(Result(action, Status.DONE, "\x1bc")),
    ]
    out = played(told, terminal=terminal)
    assert r"create Customer/[bold]a\x1b]0;owned\x07\nb" in out
    assert "\x1b]0" not in out
    assert "\x1bc" not in out
    assert "\x9b" not in out


def test_many_in_flight_stay_within_the_screen() -> None:
    actions = [Action(f"c{i}", Address("Customer", f"c{i}"), Verb.CREATE, "") for i in range(100)]
    out = played([Started(action) for action in actions], terminal=True)
    assert len(set(re.findall(r"create Customer/c\d+", out))) == 8


def test_what_turned_out_to_be_needed_on_the_way_is_counted() -> None:
    to = console(100, terminal=True)
    names = ("x#delete", "x#create")
    actions = [Action(name, Address("AlertGroup", "x"), Verb(name[2:]), "") for name in names]
    with Progress(to, actions[:1]) as progress:
        for action in actions:
            progress(Started(action))
            progress(Ended(Result(action, Status.DONE)))
    assert "applying 2/2" in written(to)
