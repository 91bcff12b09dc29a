"""Plans and outcomes that show every part of a report, small enough to be read."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Action, Cause, Change, Drift, Plan, Refusal, Verb
from reconciler.model.secret import Hidden, Secret

CANARY = "canary-5f1c-never-shown"
CREATED = "2026-01-31T12:00:00Z"
DIGEST = "ab" * 32

ACME = Address("Customer", "acme")
SLACK = Address("Integration", "slack-sync")
INSTANCE = Address("Instance", "acme/slack-sync")
OLD = Address("Instance", "acme/old")

CREATE = Action(
    "Customer/acme#create", ACME, Verb.CREATE, "does not exist", changes=(Change("name", None, "Acme Inc"),)
)
IMPORT = Action(
    "Integration/slack-sync#import",
    SLACK,
    Verb.IMPORT,
    "the definition differs",
    changes=(
        Change(
            "definition.flows[Receive order].steps[Post].inputs.channel.value",
            "#orders",
            "#new-orders",
            Cause.PENDING,
        ),
        Change("description", "Posts\nnew orders", "Posts orders", Cause.BOTH),
    ),
    basis=DIGEST,
    target="SW50ZWdyYXRpb246MQ==",
)
PUBLISH = Action(
    "Integration/slack-sync#publish",
    SLACK,
    Verb.PUBLISH,
    "release 1.4.0 is not published",
    ("Integration/slack-sync#import",),
    (Change("release", "1.3.0", "1.4.0", Cause.PENDING),),
)
CONFIGURE = Action(
    "Instance/acme/slack-sync#create",
    INSTANCE,
    Verb.CREATE,
    "does not exist",
    ("Customer/acme#create", "Integration/slack-sync#publish"),
    (
        Change("customer", None, Ref(ACME)),
        Change("config.Slack Connection.clientSecret", None, Secret(CANARY, "env ACME")),
        Change("config.Items", None, {"b": [Secret(CANARY)], "a": Hidden()}),
    ),
)
DELETE = Action("Instance/acme/old#delete", OLD, Verb.DELETE, "is in no manifest", target="SW5zdDox")

PLAN = Plan(
    "acme-integrations",
    "staging",
    DIGEST,
    DIGEST,
    actions=(CREATE, IMPORT, PUBLISH, CONFIGURE, DELETE),
    drift=(
        Drift(SLACK, "description", "Posts new orders", "Posts\nnew orders", Cause.BOTH),
        Drift(OLD, "enabled", True, False),
    ),
    warnings=(
        Diagnostic(
            "pinned-component",
            "the definition names version 12 of component “slack”, which differs between tenants",
            Source("definitions/slack-sync.yml", 12, 9),
            "Integration/slack-sync",
            "write LATEST",
        ),
    ),
    consequences=("Instance/acme/old: 3 executions of the last day",),
    orphans=(Address("Customer", "left-over"),),
    unchanged=120,
    unmanaged=4,
    reads=7,
    checksum=DIGEST,
)
REFUSED = replace(
    PLAN,
    refusals=(
        Refusal(
            "too-many-deletions",
            "would delete 12 of 30 instances (40 %); 30 % are allowed",
            hint="--allow-delete",
        ),
    ),
)
EMPTY = replace(PLAN, actions=(), drift=(), warnings=(), consequences=(), orphans=())

OUTCOME = Outcome(
    PLAN,
    (
        Result(CREATE, Status.DONE, started_at=CREATED, seconds=0.21),
        Result(
            IMPORT,
            Status.DONE,
            started_at=CREATED,
            seconds=1.5,
            kept=".reconciler/journal/20260131T120000.000000Z-7.drafts/Integration-slack-sync.yml",
        ),
        Result(
            PUBLISH,
            Status.FAILED,
            error="the server refused it: comment is too long",
            hint="shorten spec.comment",
            started_at=CREATED,
            seconds=0.4,
            doubtful=True,
        ),
        Result(CONFIGURE, Status.SKIPPED, because=PUBLISH.id),
        Result(DELETE, Status.STALE, error="it was changed at 12:00 by someone else"),
    ),
)

DEFINITION = Definition(f"name: x\nsecret: {CANARY}\n", {"name": CANARY})


def many(number: int, name: str = "c") -> Plan:
    """A plan with `number` updates."""
    actions = tuple(
        Action(
            f"Customer/{name}{i}#update",
            Address("Customer" if i % 2 else "Instance", f"{name}{i}"),
            Verb.UPDATE if i % 3 else Verb.CREATE,
            "differs",
            changes=(Change("name", f"{name} {i}", f"{name} {i} new", Cause.DRIFT),),
        )
        for i in range(number)
    )
    return replace(EMPTY, actions=actions)
