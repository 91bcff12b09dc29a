"""The page: one file that runs nothing but its own script, whatever things are called."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.plan import Action, Change, Plan, Rollout, Verb
from reconciler.report import document
from reconciler.report.html import html

from . import samples
from .rendering import drift_of, outcome_of, plan_of
from .test_groups import large

HOSTILE = "\"><img src=x onerror=alert(1)></details><script>alert(1)</script>' style=x \u202e{{7*7}}\x1b[1m"
VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """The elements of a page, which are well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("script", "style"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def hostile() -> Plan:
    address = Address("Customer", HOSTILE)
    create = Action(
        f"{address}#create", address, Verb.CREATE, HOSTILE, changes=(Change(HOSTILE, HOSTILE, HOSTILE),)
    )
    refusals = tuple(
        replace(one, message=HOSTILE, hint=HOSTILE, address=HOSTILE) for one in samples.REFUSED.refusals
    )
    warnings = tuple(
        replace(one, message=HOSTILE, hint=HOSTILE, address=HOSTILE) for one in samples.PLAN.warnings
    )
    return replace(
        samples.PLAN, project=HOSTILE, environment=HOSTILE, actions=(create,), refusals=refusals,
        warnings=warnings, consequences=(HOSTILE,),
    )  # fmt: skip


PAGES = {
    "plan": html("plan", plan_of(samples.REFUSED)),
    "large": html("plan", plan_of(large())),
    "drift": html("drift", drift_of(samples.PLAN)),
    "outcome": html("outcome", outcome_of(samples.OUTCOME)),
    "errors": html("errors", document.errors_document(samples.PLAN.warnings)),
    "hostile": html("plan", plan_of(hostile())),
    "hostile drift": html("drift", drift_of(hostile())),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_nothing_but_its_own_and_asks_nobody(name: str) -> None:
    text = PAGES[name]
    page = Page(text)
    assert [one for _, attributes in page.elements for one in attributes if one.startswith("on")] == []
    assert [attributes for _, attributes in page.elements if "style" in attributes] == []
    assert not any({"src", "srcset", "action", "data"} & attributes.keys() for _, attributes in page.elements)
    assert [one["href"] for one in (*page.all("a"), *page.all("link"))] == ["#entries"]
    assert not page.all("img")
    policy = next(one for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    said = str(policy["content"])
    assert said.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in said
        assert not re.search(r"https?:|url\(|@import|fetch\(|innerHTML|eval\(", own)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_without_its_script_and_by_the_keyboard(name: str) -> None:
    page = Page(PAGES[name])
    assert all("hidden" in form for form in page.all("form"))
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("header")) == 1
    assert page.all("html") == [{"lang": "en"}]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(page.all("summary")) == len(page.all("details"))
    assert PAGES[name].count("<label") == len(page.all("input")) + len(page.all("select"))


def test_what_is_hostile_is_only_text() -> None:
    page = Page(PAGES["hostile"])
    assert len(page.all("script")) == 1
    assert "alert(1)" in page.text
    assert "{{7*7}}" in page.text
    assert "\u202e" not in PAGES["hostile"]
    assert "\x1b" not in PAGES["hostile"]


def test_refusals_stand_first_and_every_address_somewhere() -> None:
    text = PAGES["large"]
    page = Page(text)
    entries = [one for one in page.all("details") if str(one.get("class")).startswith("entry")]
    assert len(entries) == 14  # four groups, and each deletion
    assert sum(int(str(one["data-size"])) for one in entries) == 2_405
    assert text.index("it is protected") < text.index("a version is pinned") < text.index("895 customers")
    for number in range(10):
        assert f"Instance/c{number:03}/old" in page.text
    for number in range(900):
        assert f"Instance/c{number:03}/order-notices" in page.text


def test_entries_are_filtered_by_what_tells_them_apart() -> None:
    selects = [str(one["data-filter"]) for one in Page(PAGES["large"]).all("select")]
    assert selects == ["verb", "kind", "environment"]
    waves = tuple((Address("Instance", f"c{n}/orders"),) for n in range(2))
    actions = [Action(f"{wave[0]}#deploy", wave[0], Verb.DEPLOY, "its release changes") for wave in waves]
    plan = replace(samples.PLAN, actions=tuple(actions), rollouts=(Rollout("orders", waves, 1),))
    page = Page(html("plan", plan_of(plan)))
    assert "wave" in [one["data-filter"] for one in page.all("select")]
    assert "wave 2: 1 instance" in page.text


def test_no_secret_is_on_a_page() -> None:
    assert not [name for name, text in PAGES.items() if samples.CANARY in text]
    assert "(secret)" in PAGES["plan"]
