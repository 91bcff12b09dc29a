"""The pages in a browser: at a desk and on a telephone, by day and by night, with keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.plan import Action, Cause, Change, Plan, Rollout, Touched, Verb
from reconciler.model.watching import Board
from reconciler.report import document
from reconciler.report.html import html
from reconciler.report.html.watch import status_page
from tests.browser import PROGRAM, Browser, browser

from . import samples
from .rendering import drift_of, outcome_of, plan_of

pytestmark = pytest.mark.skipif(not PROGRAM, reason="no browser is installed")
LONG = "a-name-without-any-place-to-break-it-that-is-as-long-as-names-may-be"
BESIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def full() -> Plan:
    """A plan with all that a page can show, and names that are too long for it."""
    place = "definition.flows[Receive order].steps[Post]"
    code = [f"const a{n} = {n};" for n in range(20)]
    changes = (
        Change(f"{place}.inputs.channel.value", "#a", LONG * 3, Cause.BOTH),
        Change(f"{place}.inputs.code.value", "\n".join(code), "\n".join(code[3:]), Cause.PENDING),
        Change("definition.requiredConfigVars[Old]", {"dataType": "string"}, None, Cause.PENDING),
    )
    waves = tuple(Address("Instance", f"c{n}/{LONG}") for n in range(6))
    deploys = [
        Action(f"{one}#deploy", one, Verb.DEPLOY, "is behind", (samples.PUBLISH.id,)) for one in waves[2:]
    ]
    drift = samples.PLAN.drift[0]
    touched = Touched(drift.address, samples.CREATED, ((f"Eve changed {LONG}", "Eve", samples.CREATED),))
    return replace(
        samples.REFUSED,
        actions=(*samples.PLAN.actions, *deploys, replace(samples.IMPORT, id="x#import", changes=changes)),
        rollouts=(Rollout("orders", (waves[:3], waves[3:]), 1),),
        touched=(touched,),
        project=LONG,
    )


def pages() -> Iterator[tuple[str, str]]:
    yield "plan", html("plan", plan_of(full()))
    yield "drift", html("drift", drift_of(full()))
    yield "outcome", html("outcome", outcome_of(replace(samples.OUTCOME, plan=full())))
    yield "errors", html("errors", document.errors_document(samples.PLAN.warnings))
    now = datetime.fromisoformat(samples.CREATED).astimezone(UTC)
    yield "watch", status_page(Board(LONG, "staging", now), now)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, dict[str, Path]]]:
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{name}.html" for name, _ in pages()}
    for name, text in pages():
        found[name].write_text(text, "utf-8")
    with browser(folder / "profile") as one:
        yield one, found


def faults(one: Browser, axe: str, **options: Any) -> list[Any]:
    one.ask("document.querySelectorAll('details').forEach(each => each.open = true)")
    one.ask(f"{axe}; 0")
    return list(one.ask(f"axe.run({options or {}}).then(all => all.violations.map(each => each.id + ': ' + "
                        "each.nodes.map(node => node.html).slice(0, 3)))"))  # fmt: skip


def test_pages_fit_their_width_and_axe_finds_nothing(shown: tuple[Browser, dict[str, Path]]) -> None:
    one, found = shown
    axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    for name, file in found.items():
        one.show(file, width=390)
        assert faults(one, axe) == [], name
        assert one.ask(BESIDE) == 0, name
        one.show(file, width=1280, dark=True)
        assert faults(one, axe, runOnly=["color-contrast"]) == [], name
        assert one.ask(BESIDE) == 0, name


def test_a_page_is_used_with_keys_alone(shown: tuple[Browser, dict[str, Path]]) -> None:
    one, found = shown
    one.show(found["plan"], width=1280)
    focus = "document.activeElement"
    one.press("Tab")
    assert one.ask(f"{focus}.textContent") == "To the entries"
    assert one.ask(f"{focus}.getBoundingClientRect().left") > 0, "it is seen as soon as it is reached"
    reached: list[str] = []
    for _ in range(12):
        one.press("Tab")
        assert one.ask(f"getComputedStyle({focus}).outlineStyle") == "solid"
        reached.append(one.ask(f"{focus}.id || {focus}.dataset.filter || {focus}.tagName"))
    assert [each for each in reached if each.islower()] == [
        "search", "verb", "kind", "cause", "wave", "environment", "all",
    ]  # fmt: skip

    one.press("/", *"slack")
    assert one.ask(f"[{focus}.id, {focus}.value]") == ["search", "slack"]
    seen = "[...document.querySelectorAll('.entry:not([hidden]) .title')].map(each => each.textContent)"
    assert one.ask(seen) == ["Integration/slack-sync", "Instance/acme/slack-sync"]
    assert one.ask("document.getElementById('count').textContent").startswith("2 of ")
    one.press("Escape")
    assert len(one.ask(seen)) > 2

    opened = "document.querySelectorAll('details:not([open])').length"
    closed = one.ask(opened)
    one.ask("dispatchEvent(new Event('beforeprint'))")
    assert one.ask(opened) == 0
    one.ask("dispatchEvent(new Event('afterprint'))")
    assert one.ask(opened) == closed > 0
