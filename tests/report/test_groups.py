"""What is alike by the hundred is read once, and everything that is refused or deleted still by its name."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.plan import Action, Cause, Change, Drift, Plan, Refusal, Verb
from reconciler.report.groups import ALIKE, MANY, plan_groups

from . import samples
from .rendering import GOLDEN, drift_of, plan_of, rendered


def instance(number: int, family: str = "order-notices") -> Address:
    return Address("Instance", f"c{number:03}/{family}")


def configured(number: int, before: str = "#a", after: str = "#b") -> Action:
    address = instance(number)
    change = Change("config.Channel", before, after, Cause.PENDING)
    return Action(f"{address}#configure", address, Verb.CONFIGURE, "config differs", changes=(change,))


def deployed(number: int) -> Action:
    address = instance(number)
    change = Change("release", "1.3.0", "1.4.0", Cause.PENDING)
    return Action(f"{address}#deploy", address, Verb.DEPLOY, "release 1.4.0 is not deployed", (), (change,))


def created(number: int) -> Action:
    address = Address("Customer", f"c{number:03}")
    changes = (Change("name", None, f"Customer {number}"), Change("labels", None, ["gold"]))
    return Action(f"{address}#create", address, Verb.CREATE, "does not exist", changes=changes)


def deleted(number: int) -> Action:
    address = instance(number, "old")
    return Action(f"{address}#delete", address, Verb.DELETE, "is in no manifest", target=f"id{number}")


def large() -> Plan:
    """2,405 changes, as a release and a rename bring them, with what stands against some."""
    actions = (
        *(created(number) for number in range(895)),
        *(configured(number) for number in range(500)),
        *(deployed(number) for number in range(500, 900)),
        *(configured(number, f"#{number}", f"#new-{number}") for number in range(1_000, 1_600)),
        *(deleted(number) for number in range(10)),
    )
    assert len(actions) == 2_405
    wrong = [
        Diagnostic("pinned", "a version is pinned", Source(f"definitions/{n}.yml", n + 1, 3))
        for n in range(60)
    ]
    refusals = [
        Refusal("protected", "it is protected", str(instance(n, "kept")), "lift protect") for n in range(12)
    ]
    notes = [
        Diagnostic("matched", "its key identifies it", address=str(instance(n)), severity="note")
        for n in range(300)
    ]
    return replace(
        samples.PLAN, actions=actions, drift=(), warnings=tuple(wrong), refusals=tuple(refusals),
        notes=tuple(notes),
    )  # fmt: skip


def test_a_plan_of_thousands_fits_on_two_screens() -> None:
    text = rendered("text", "plan", plan_of(large()))
    assert len(text.splitlines()) <= 100
    golden = GOLDEN / "plan-large.txt"
    assert text == golden.read_text(encoding="utf-8")


def test_each_deletion_and_each_refusal_is_named() -> None:
    for name in ("text", "markdown"):
        out = rendered(name, "plan", plan_of(large())).replace("&#45;", "-")
        assert all(str(instance(number, "old")) in out for number in range(10)), name
        assert all(str(instance(number, "kept")) in out for number in range(12)), name
        assert out.count("it is protected") == 1
        assert out.count("a version is pinned") == 1


def test_all_addresses_stand_behind_more_detail() -> None:
    plan = plan_of(replace(large(), warnings=(), notes=(), actions=large().actions[895:1_795]))
    verbose = rendered("text", "plan", plan, verbose=True)
    comment = rendered("markdown", "plan", plan)
    for number in range(900):
        assert f"{instance(number)}\n" in verbose
        assert str(instance(number)) in comment
    assert "00 instances of order-notices</code>, by address" in comment
    assert comment.count("<details") == comment.count("</details>")


@pytest.mark.parametrize(
    ("actions", "sizes"),
    [
        ([configured(n) for n in range(ALIKE - 1)], [1] * (ALIKE - 1)),
        ([configured(n) for n in range(ALIKE)], [ALIKE]),
        ([configured(n, after=str(n)) for n in range(MANY - 1)], [1] * (MANY - 1)),
        ([configured(n, after=str(n)) for n in range(MANY)], [MANY]),
        ([created(n) for n in range(ALIKE)], [ALIKE]),
        ([deleted(n) for n in range(MANY)], [1] * MANY),
        ([configured(0), deployed(9), *(configured(n) for n in range(1, 5))], [5, 1]),
        # What else happens to one of them sets it apart.
        ([*(configured(n) for n in range(5)), deployed(0)], [1, 4]),
    ],
)
def test_alike_are_those_to_which_the_same_happens(actions: list[Action], sizes: list[int]) -> None:
    document = plan_of(replace(samples.PLAN, actions=tuple(actions)))
    groups = plan_groups(document["actions"])
    assert [len(group.addresses) for group in groups] == sizes
    assert sorted(a for group in groups for a in group.addresses) == sorted({str(a.address) for a in actions})


def test_what_drifted_alike_is_one_entry() -> None:
    drifts = tuple(Drift(instance(n), "config.Channel", "#a", "#hand") for n in range(30))
    document = drift_of(replace(samples.PLAN, drift=drifts))
    text = rendered("text", "drift", document)
    assert "30 instances of order-notices" in text
    assert text.count("#hand") == 1
    comment = rendered("markdown", "drift", document)
    assert (comment.count("#hand"), comment.count("/order-notices")) == (1, 30)


def test_what_follows_an_import_and_changes_nothing_is_not_shown() -> None:
    reset = Action("Integration/slack-sync#update", samples.SLACK, Verb.UPDATE, "an import resets names")
    document = plan_of(replace(samples.PLAN, actions=(samples.IMPORT, reset)))
    assert "resets" not in rendered("text", "plan", document)
    assert "resets" not in rendered("markdown", "plan", document)
    assert "resets" in rendered("text", "plan", document, verbose=True)
    assert "resets" in rendered("json", "plan", document)
    alone = plan_of(replace(samples.PLAN, actions=(reset,)))
    assert "resets" in rendered("text", "plan", alone)
