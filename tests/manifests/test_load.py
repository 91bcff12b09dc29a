"""From files to Desired: what a project asks for, whole and in one order."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.definition import Definition
from reconciler.manifests.load import load
from reconciler.model.address import Address
from reconciler.model.plan import Rollout
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Resource
from tests.effort import growth
from tests.manifests import sample
from tests.manifests.sample import (
    CUSTOMER,
    DEFINITION,
    ENVIRON,
    INSTANCE,
    INTEGRATION,
    load_all,
    loaded,
    manifest,
    opened,
    problems,
)

X = "manifests/x.yaml"
INSTANCE_FULL = """\
apiVersion: reconciler/v1
kind: Instance
metadata: {name: hello, labels: {wave: canary}, protect: true, ignore: [description], was: [hi]}
spec:
  customer: acme
  integration: hello
  release: 0.9.0
  name: "${customer.key}, ${customer.name}, ${customer.externalId}, ${customer.labels.tier}, ${var.region}"
  description: "$${var.region} costs 5$"
  enabled: true
  labels: [Gold, gold, EU]
  config:
    Items: [a, b]
    Channel: "${env.KEY}"
    Count:
    Store: {inputs: {apiKey: {secret: {env: KEY}}, host: x.io}}
  flows:
    Receive order: {apiKeys: [{secret: {env: KEY}}]}
  tests:
    - {flow: Receive order, payload: {id: 1}, expect: {status: 200, body: {ok: true}}}
"""


def get(root: Path, address: str, files: dict[str, str | bytes] | None = None) -> Resource:
    found = loaded(root, files)
    assert found.errors == ()
    return found.desired.resources[Address.parse(address)]


def test_an_integration_takes_from_its_definition_what_it_does_not_say(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "manifests/integration.yaml": INTEGRATION.replace(
            "release: 1.0.0", "release: 1.0.0, description: Mine"
        ),
        "definitions/hello.yml": DEFINITION + "description: Its own\ncategory: CRM\n",
    }
    fields = get(tmp_path, "Integration/hello", files).fields
    assert (fields["name"], fields["description"], fields["category"]) == ("Hello", "Mine", "CRM")
    definition = fields["definition"]
    assert isinstance(definition, Definition)
    assert definition.file == "definitions/hello.yml"
    assert definition.text == files["definitions/hello.yml"]
    assert definition.tree["flows"][0]["name"] == "Receive order"


def test_a_customer_has_only_the_fields_that_its_manifest_gives(tmp_path: Path) -> None:
    found = get(tmp_path, "Customer/acme")
    assert found.fields == {"name": "Acme Inc", "externalId": "acme-42"}
    assert found.labels == {"tier": "gold"}
    assert str(found.source) == "manifests/customer.yaml:1:1"


def test_an_instance_with_everything(tmp_path: Path) -> None:
    found = get(tmp_path, "Instance/acme/hello", {"manifests/instance.yaml": INSTANCE_FULL})
    fields = dict(found.fields)
    secret = fields["config"]["Store"]["inputs"].pop("apiKey")
    (key,) = fields["flows"].pop("Receive order").pop("apiKeys")
    assert isinstance(secret, Secret)
    assert isinstance(key, Secret)
    assert (secret.reveal(), secret.source, key.reveal()) == ("s3cret", "env KEY", "s3cret")
    assert fields == {
        "customer": Address("Customer", "acme"),
        "integration": Address("Integration", "hello"),
        "release": "0.9.0",
        "name": "acme, Acme Inc, acme-42, gold, eu",
        "description": "${var.region} costs 5$",
        "enabled": True,
        "labels": ["gold", "eu"],
        "config": {
            "Items": ["a", "b"],
            "Channel": "s3cret",
            "Count": None,
            "Store": {"inputs": {"host": "x.io"}},
        },
        "flows": {},
        "tests": [
            {"flow": "Receive order", "payload": {"id": 1}, "expect": {"status": 200, "body": {"ok": True}}}
        ],
    }
    assert (found.labels, found.protect, found.ignore, found.was) == (
        {"wave": "canary"},
        True,
        ("description",),
        ("hi",),
    )
    assert str(found.positions["spec.enabled"]) == "manifests/instance.yaml:10:12"
    assert str(found.positions["spec.config.Items"]) == "manifests/instance.yaml:13:12"
    assert str(found.positions["spec.config.Store.inputs.host"]) == "manifests/instance.yaml:16:58"


def test_latest_is_what_the_integration_publishes(tmp_path: Path) -> None:
    assert get(tmp_path, "Instance/acme/hello").fields["release"] == "1.0.0"


def test_offline_no_secret_is_needed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"manifests/instance.yaml": INSTANCE.replace("env: KEY", "env: NONE")}
    desired, problems = load(opened(tmp_path, files), "staging", environ={}, resolve_secrets=False)
    assert problems == []
    value = desired.resources[Address("Instance", "acme/hello")].fields["config"]["Store"]["inputs"]["apiKey"]
    assert (value.reveal(), value.source) == ("", "env NONE")


def test_each_secret_is_read_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "manifests/instance.yaml": INSTANCE.replace(
            "{env: KEY}", '{command: "echo x >> count; echo k"}'
        ).replace("    Store:", '    Channel: {secret: {command: "echo x >> count; echo k"}}\n    Store:')
    }
    assert get(tmp_path, "Instance/acme/hello", files)
    assert (tmp_path / "count").read_text() == "x\n"


def test_the_order_is_stable(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "manifests/a.yaml": manifest("Customer", "{name: Z}", "{name: zeta}"),
        "manifests/z.yaml": manifest("Customer", "{name: A}", "{name: abba}"),
    }
    assert [str(a) for a in loaded(tmp_path, files).desired.resources] == [
        "Integration/hello",
        "Customer/abba",
        "Customer/acme",
        "Customer/zeta",
        "Instance/acme/hello",
    ]


def test_the_digest_is_of_the_meaning(tmp_path: Path) -> None:
    def digest(name: str, files: dict[str, str | bytes], environ: dict[str, str] = ENVIRON) -> str:
        return load(opened(tmp_path / name, files), "staging", environ=environ)[0].digest

    first = digest("a", {})
    assert first.startswith("sha256:")
    moved: dict[str, str | bytes] = {"manifests/customer.yaml": "# moved\n\n" + CUSTOMER}
    assert digest("b", moved) == first
    assert digest("c", {}, {**ENVIRON, "KEY": "another"}) == first
    assert digest("d", {"definitions/hello.yml": DEFINITION + "# changed\n"}) != first
    assert digest("e", {"manifests/customer.yaml": CUSTOMER.replace("Acme Inc", "Acme Ltd")}) != first


def test_environments_choose_their_manifests(tmp_path: Path) -> None:
    def named(environment: str, name: str) -> str:
        return manifest("Customer", f"{{name: {name}}}", f"{{name: beta, environments: [{environment}]}}")

    files: dict[str, str | bytes] = {X: named("staging", "S") + "---\n" + named("production", "P")}
    for environment, name in (("staging", "S"), ("production", "P")):
        found = loaded(tmp_path, files, environment)
        assert found.errors == ()
        assert found.desired.resources[Address("Customer", "beta")].fields["name"] == name
    assert Address("Customer", "beta") not in loaded(tmp_path, files, "sandbox").desired.resources


def test_an_unknown_environment(tmp_path: Path) -> None:
    (problem,) = loaded(tmp_path, {}, "stagin").errors
    assert (problem.message, problem.hint) == (
        'environment "stagin" does not exist',
        'did you mean "staging"?',
    )


def test_variables_of_the_command_line_go_first(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {X: manifest("Customer", '{name: "${var.region}"}', "{name: beta}")}
    desired, _ = load(opened(tmp_path, files), "staging", environ=ENVIRON, variables={"region": "us"})
    assert desired.resources[Address("Customer", "beta")].fields["name"] == "us"


def test_variables_choose_references(tmp_path: Path) -> None:
    project = sample.PROJECT.replace("{region: eu}", "{region: eu, who: acme, what: hello}")
    files: dict[str, str | bytes] = {
        "reconciler.yaml": project,
        "manifests/instance.yaml": INSTANCE.replace("customer: acme", "customer: ${var.who}").replace(
            "integration: hello", "integration: ${var.what}"
        ),
        "manifests/integration.yaml": INTEGRATION.replace(
            "../definitions/hello.yml", '"../definitions/${var.what}.yml"'
        ),
    }
    assert get(tmp_path, "Instance/acme/hello", files)


# -- sets

I = "manifests/instance.yaml"  # noqa: E741
SET = """\
apiVersion: reconciler/v1
kind: InstanceSet
metadata: {name: notices, labels: {team: one, wave: main}}
spec:
  customers: {labels: {tier: silver}}
  strategy: {waves: [{labels: {wave: canary}}, {percent: 50}, {percent: 100}], maxFailures: 1}
  template:
    integration: hello
    name: "Notices for ${customer.name}"
    config: {Level: warn, Store: {inputs: {apiKey: {secret: {env: KEY}}}}}
"""


def silver(count: int) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {X: SET}
    for n in range(count):
        wave = ", wave: canary" if n == 2 else ""
        files[f"manifests/c{n}.yaml"] = manifest(
            "Customer", f"{{name: C {n}}}", f"{{name: c{n}, labels: {{tier: silver{wave}}}}}"
        )
    return files


def test_a_set_makes_an_instance_for_each_customer(tmp_path: Path) -> None:
    found = loaded(tmp_path, silver(4))
    assert found.diagnostics == ()
    made = [r for a, r in found.desired.resources.items() if a.leaf == "notices"]
    assert [str(r.address) for r in made] == [f"Instance/c{n}/notices" for n in range(4)]
    assert [r.fields["name"] for r in made] == [f"Notices for C {n}" for n in range(4)]
    assert made[0].labels == {"team": "one", "wave": "main", "tier": "silver"}
    assert made[2].labels["wave"] == "canary"
    assert str(made[0].source) == "manifests/x.yaml:1:1"
    assert str(made[0].positions["spec.name"]) == "manifests/x.yaml:9:11"


OVERRIDES = (
    SET.replace("{labels: {tier: silver}}", "{all: true}")
    + """\
  overrides:
    c1:
      enabled: ${var.on}
      name: Alone for ${customer.name}
      config:
        Level: info
        Store: {inputs: {host: "${customer.key}.example"}}
      flows: {Receive order: {usesLre: true}}
    c2: {version: 4}
"""
)


def overridden(tmp_path: Path, text: str) -> Desired:
    project = sample.PROJECT.replace("{region: eu}", '{on: "false", region: eu}')
    found = loaded(tmp_path, {**silver(3), X: text, "reconciler.yaml": project})
    assert found.errors == ()
    return found.desired


def test_overrides_go_over_the_template_field_by_field(tmp_path: Path) -> None:
    resources = overridden(tmp_path, OVERRIDES).resources.values()
    made = {r.address.name: r.fields for r in resources if r.address.leaf == "notices"}
    assert sorted(made) == ["acme/notices", "c0/notices", "c1/notices", "c2/notices"]
    plain, one, two = (made[f"c{n}/notices"] for n in range(3))
    assert plain == {
        "customer": Address("Customer", "c0"),
        "integration": Address("Integration", "hello"),
        "release": "1.0.0",
        "name": "Notices for C 0",
        "config": {"Level": "warn", "Store": {"inputs": {"apiKey": Secret(ENVIRON["KEY"], "env KEY")}}},
    }
    assert one == {
        **plain,
        "customer": Address("Customer", "c1"),
        "name": "Alone for C 1",
        "enabled": False,
        "config": {
            "Level": "info",
            "Store": {"inputs": {**plain["config"]["Store"]["inputs"], "host": "c1.example"}},
        },
        "flows": {"Receive order": {"usesLre": True}},
    }
    assert (two["version"], "release" in two) == (4, False)


def test_their_places_are_those_of_the_overrides(tmp_path: Path) -> None:
    one = overridden(tmp_path, OVERRIDES).resources[Address("Instance", "c1/notices")]
    places = {name: f"{source.line}:{source.column}" for name, source in one.positions.items()}
    assert places == {
        "spec.integration": "8:18",
        "spec.name": "14:13",
        "spec.enabled": "13:16",
        "spec.config": "16:9",
        "spec.config.Level": "16:16",
        "spec.config.Store": "17:16",
        "spec.config.Store.inputs.apiKey": "10:52",
        "spec.config.Store.inputs.host": "17:32",
        "spec.flows": "18:14",
        "spec.flows.Receive order": "18:30",
    }


def test_what_is_joined_and_what_is_replaced(tmp_path: Path) -> None:
    text = SET.replace(
        "config: {Level: warn, Store: {inputs: {apiKey: {secret: {env: KEY}}}}}",
        "flows: {Receive order: {testPayload: {a: 1}, testContentType: text/plain}}\n"
        "    labels: [x, y]\n    config: {Store: {inputs: {}}}",
    )
    text += "  overrides: {c0: {labels: [z], flows: {Receive order: {testPayload: {b: 2}}}}}\n"
    one = overridden(tmp_path, text).resources[Address("Instance", "c0/notices")]
    assert one.fields["labels"] == ["z"]
    assert one.fields["flows"] == {
        "Receive order": {"testPayload": {"b": 2}, "testContentType": "text/plain"}
    }


def test_customers_of_other_environments_may_be_overridden(tmp_path: Path) -> None:
    files = silver(2)
    files[X] = SET + "  overrides: {elsewhere: {enabled: false}}\n"
    elsewhere = "{name: elsewhere, environments: [production], labels: {tier: silver}}"
    files["manifests/e.yaml"] = manifest("Customer", "{name: E}", elsewhere)
    assert loaded(tmp_path, files).errors == ()
    files["manifests/e.yaml"] = manifest("Customer", "{name: E}", elsewhere.replace("silver", "gold"))
    (wrong,) = loaded(tmp_path, files).errors
    assert (wrong.code, str(wrong.source)) == ("unmatched-override", "manifests/x.yaml:11:15")


def test_its_waves(tmp_path: Path) -> None:
    def addresses(*numbers: int) -> tuple[Address, ...]:
        return tuple(Address("Instance", f"c{n}/notices") for n in numbers)

    found = loaded(tmp_path, silver(5))
    assert found.desired.rollouts == (
        Rollout("notices", (addresses(2), addresses(0, 1), addresses(3, 4)), 1),
    )


def test_customers_of_other_environments_may_be_named(tmp_path: Path) -> None:
    files = silver(2)
    files[X] = SET.replace("{labels: {tier: silver}}", "{names: [c0, elsewhere]}")
    files["manifests/e.yaml"] = manifest(
        "Customer", "{name: E}", "{name: elsewhere, environments: [production]}"
    )
    found = loaded(tmp_path, files)
    assert found.errors == ()
    assert Address("Instance", "c0/notices") in found.desired.resources
    assert Address("Instance", "elsewhere/notices") not in found.desired.resources


# -- what variables stand for


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (X, manifest("Customer", '{name: "${var.none}"}'), '"name" in spec must not be empty'),
        (X, manifest("Customer", '{name: X, labels: ["${var.mark}"]}'), 'label "reconciler:x" is reserved'),
        (
            "manifests/integration.yaml",
            INTEGRATION.replace("1.0.0", '"${var.bad}"'),
            '"release" in spec must be letters, digits, dots, hyphens, plus signs and underscores,'
            " at most 64",
        ),
    ],
)
def test_what_is_filled_in_is_checked_too(tmp_path: Path, file: str, text: str, message: str) -> None:
    project = sample.PROJECT.replace("{region: eu}", '{none: "", mark: "Reconciler:x", bad: "1 0"}')
    found = loaded(tmp_path, {"reconciler.yaml": project, file: text})
    assert [p.message for p in found.errors] == [message]


NOT_TEXT = """\
apiVersion: reconciler/v1
kind: Instance
metadata: {name: hello}
spec:
  customer: acme
  integration: hello
  name: Hello
  enabled: ${var.on}
  config:
    Store: {inputs: {apiKey: {secret: {env: KEY}}, host: "${var.number}"}}
  flows:
    Receive order: {usesLre: "${ var.off }"}
  tests:
    - {flow: Receive order, expect: {status: "${var.number}"}}
"""


def with_variables(given: str) -> str:
    return sample.PROJECT.replace("{region: eu}", given)


def test_what_is_no_text_can_be_filled_in_as_a_whole(tmp_path: Path) -> None:
    variables = with_variables('{on: "true", off: "false", number: "204"}')
    found = get(tmp_path, "Instance/acme/hello", {"reconciler.yaml": variables, I: NOT_TEXT})
    assert found.fields["enabled"] is True
    assert found.fields["flows"] == {"Receive order": {"usesLre": False}}
    assert found.fields["tests"][0]["expect"] == {"status": 204}
    assert found.fields["config"]["Store"]["inputs"]["host"] == "204"


@pytest.mark.parametrize(
    ("on", "number", "place", "message"),
    [
        ("yes", "204", "8:12", '"enabled" in spec must be true or false'),
        ("1", "204", "8:12", '"enabled" in spec must be true or false'),
        ("", "204", "8:12", '"enabled" in spec must be true or false, but it is empty'),
        ("false", "20", "14:46", '"status" in spec.tests[0].expect must be from 100 to 599'),
        ("false", "2O4", "14:46", '"status" in spec.tests[0].expect must be a whole number'),
    ],
)
def test_what_is_filled_in_where_no_text_may_stand_is_checked(
    tmp_path: Path, on: str, number: str, place: str, message: str
) -> None:
    variables = with_variables(f'{{on: "{on}", off: "false", number: "{number}"}}')
    (problem,) = loaded(tmp_path, {"reconciler.yaml": variables, I: NOT_TEXT}).errors
    assert (problem.message, str(problem.source)) == (message, f"{I}:{place}")
    assert problem.hint == "correct what its ${…} stands for"


def test_a_part_of_what_is_no_text_cannot_be_filled_in(tmp_path: Path) -> None:
    text = NOT_TEXT.replace("${var.on}", "tr${var.on}")
    (problem,) = loaded(tmp_path, {I: text}).errors
    assert (problem.code, str(problem.source)) == ("wrong-type", f"{I}:8:12")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("    Store:", '    "${var.region}": x\n    Store:', "10:5"),
        (
            "{inputs: {apiKey: {secret: {env: KEY}}",
            '{inputs: {apiKey: {secret: {env: KEY}}, "${env.KEY}": x',
            "10:52",
        ),
        ("  flows:", '  flows:\n    "a ${customer.name}": {}', "12:5"),
    ],
)
def test_nothing_is_filled_in_in_keys(tmp_path: Path, old: str, new: str, place: str) -> None:
    variables = with_variables('{region: eu, on: "true", off: "false", number: "204"}')
    found = loaded(tmp_path, {"reconciler.yaml": variables, I: NOT_TEXT.replace(old, new)})
    (problem,) = found.errors
    assert (problem.code, str(problem.source)) == ("variable-in-key", f"{I}:{place}")


# -- what must be set


def test_what_is_not_set_may_be_set_by_someone_else(tmp_path: Path) -> None:
    bare = INSTANCE[: INSTANCE.index("  config:")]
    found = loaded(tmp_path, {"manifests/instance.yaml": bare})
    assert found.errors == ()
    assert [(d.code, d.severity) for d in found.diagnostics] == [("required-config-missing", "warning")]


def test_a_headless_configuration_is_your_apps(tmp_path: Path) -> None:
    definition = DEFINITION + "configuration: {schema: {required: [region]}, eTag: a}\n"
    told = problems(tmp_path, {"definitions/hello.yml": definition})
    assert [(p.code, p.severity) for p in told] == [("required-config-missing", "warning")]
    assert 'must give "region"' in told[0].message
    instance = INSTANCE + "    region: eu\n"
    found = problems(tmp_path, {"definitions/hello.yml": definition, "manifests/instance.yaml": instance})
    (error,) = [p for p in found if p.severity == "error"]
    assert error.code == "headless-configuration"
    assert str(error.source) == "manifests/instance.yaml:10:5"


def test_what_a_person_must_authorise_is_told_once(tmp_path: Path) -> None:
    files = silver(3)
    files["definitions/hello.yml"] = DEFINITION.replace(
        "  - {key: Count,",
        "  - key: Slack\n    dataType: connection\n    connection:\n      key: oauth2\n"
        "      component: {key: slack, isPublic: true, version: LATEST}\n"
        '    inputs: {clientId: {type: value, value: ""}}\n  - {key: Count,',
    )
    (warning,) = loaded(tmp_path, files).diagnostics
    assert warning.severity == "warning"
    assert warning.message == (
        'connection "Slack" of integration "hello" must be authorised by a person'
        " (here and in 3 more instances)"
    )


def test_another_release_is_not_checked_against_this_definition(tmp_path: Path) -> None:
    text = INSTANCE.replace("  name:", "  release: 0.1.0\n  name:").replace(
        "  config:", "  config:\n    Old: x"
    )
    found = get(tmp_path, "Instance/acme/hello", {"manifests/instance.yaml": text})
    assert found.fields["config"]["Old"] == "x"


@pytest.mark.parametrize(
    "line",
    [
        'Count: "12"',
        "Count: 1.5",
        "Urgent: true",
        'Urgent: "false"',
        "Items: []",
        "Channel: {secret: {env: KEY}}",
        "Channel: yes",
        "Level:",
    ],
)
def test_values_that_fit(tmp_path: Path, line: str) -> None:
    assert get(tmp_path, "Instance/acme/hello", {"manifests/instance.yaml": f"{INSTANCE}    {line}\n"})


# -- files


def test_links_to_folders_above_are_told(tmp_path: Path) -> None:
    project = opened(tmp_path)
    (tmp_path / "manifests" / "up").symlink_to(tmp_path / "manifests")
    (problem,) = load_all(project, "staging").errors[:1]
    assert problem.code == "link-loop"
    assert problem.message == (
        'manifests entry "manifests/" holds "manifests/up", a link to a folder above it'
    )


@pytest.mark.parametrize(
    ("target", "code"),
    [("loop.yaml", "link-loop"), ("/etc/hostname", "outside-project"), ("nothing.yaml", "missing-file")],
)
def test_links_that_lead_astray(tmp_path: Path, target: str, code: str) -> None:
    project = opened(tmp_path)
    (tmp_path / "manifests" / "loop.yaml").symlink_to(target)
    assert code in [p.code for p in load_all(project, "staging").errors]


def test_a_file_that_is_reached_twice_counts_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "reconciler.yaml": sample.PROJECT.replace(
            "[manifests/]", '[manifests/, manifests/customer.yaml, "manifests/*.yaml", "."]'
        ),
        "manifests/.hidden/bad.yaml": "[",
        "manifests/notes.txt": "[",
    }
    project = opened(tmp_path, files)
    (tmp_path / "definitions" / "hello.yml").rename(tmp_path / "definitions" / "hello.def")
    (tmp_path / "manifests" / "integration.yaml").write_text(INTEGRATION.replace("hello.yml", "hello.def"))
    assert load_all(project, "staging").diagnostics == ()


def test_work_grows_with_the_number_of_instances(tmp_path: Path) -> None:
    assert growth(lambda files: _many(tmp_path / str(files), files), 4) < 2.5


def _many(root: Path, number: int) -> None:
    files: dict[str, str | bytes] = {}
    for n in range(number):
        files[f"manifests/many{n}.yaml"] = "---\n".join(
            manifest("Customer", f"{{name: C {n} {i}}}", f"{{name: c{n}-{i}}}")
            + "---\n"
            + INSTANCE_FULL.replace("customer: acme", f"customer: c{n}-{i}").replace(
                ", ${customer.externalId}, ${customer.labels.tier}", ""
            )
            for i in range(20)
        )
    root.mkdir()
    project = opened(root, files)
    found = load_all(project, "staging")
    assert found.errors == ()
    assert len(found.desired.resources) == 40 * number + 3
