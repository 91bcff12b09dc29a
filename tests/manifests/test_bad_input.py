"""Broken manifests, definitions and project files, each with the one message that it must give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.manifests.sample import CUSTOMER, DEFINITION, INSTANCE, INTEGRATION, PROJECT, manifest, problems

X = "manifests/x.yaml"
I = "manifests/instance.yaml"  # noqa: E741
D = "definitions/hello.yml"
P = "reconciler.yaml"
STORE = "    Store: {inputs: {apiKey: {secret: {env: KEY}}}}\n"
Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Case:
    name: str
    files: Files
    code: str
    message: str
    place: str
    hint: str
    warning: bool = False


def swapped(file: str, text: str, old: str, new: str) -> Files:
    assert old in text
    return {file: text.replace(old, new, 1)}


def i(old: str, new: str) -> Files:
    return swapped(I, INSTANCE, old, new)


def c(line: str) -> Files:
    return i(STORE, f"{STORE}    {line}\n")


def d(old: str, new: str) -> Files:
    return swapped(D, DEFINITION, old, new)


def p(old: str, new: str) -> Files:
    return swapped(P, PROJECT, old, new)


CASES = [
    # YAML
    Case(
        "tab",
        {X: "kind: Customer\n\tmetadata: {}\n"},
        "yaml-syntax",
        "not valid YAML: found a tab character that violates indentation",
        "manifests/x.yaml:2:1",
        "indent with spaces, not with tabs",
    ),
    Case(
        "unclosed quote",
        {X: 'kind: "Customer\n'},
        "yaml-syntax",
        "not valid YAML: found unexpected end of stream",
        "manifests/x.yaml:1:7",
        "close the quotes that are open",
    ),
    Case(
        "unclosed list",
        {X: "labels: [a, b\n"},
        "yaml-syntax",
        "not valid YAML: did not find expected ',' or ']'",
        "manifests/x.yaml:1:9",
        "close the list with ]",
    ),
    Case(
        "colon in value",
        {X: "description: note: this\n"},
        "yaml-syntax",
        "not valid YAML: mapping values are not allowed in this context",
        "manifests/x.yaml:1:18",
        "put a value that holds a colon in quotes, or correct the indentation",
    ),
    Case(
        "bad indentation",
        {X: "spec:\n  name: a\n   b: c\n"},
        "yaml-syntax",
        "not valid YAML: mapping values are not allowed in this context",
        "manifests/x.yaml:3:5",
        "put a value that holds a colon in quotes, or correct the indentation",
    ),
    Case(
        "at sign",
        {X: "name: @acme\n"},
        "yaml-syntax",
        "not valid YAML: found character that cannot start any token",
        "manifests/x.yaml:1:7",
        "put text that begins with @, ` or % in quotes",
    ),
    Case(
        "duplicate key",
        {X: CUSTOMER.replace("acme", "beta").replace("externalId: beta-42", "externalId: a, externalId: b")},
        "yaml-duplicate",
        'duplicate key "externalId"',
        "manifests/x.yaml:4:39",
        "the first is on line 4: keep one",
    ),
    Case(
        "alias without anchor",
        {X: "name: *acme\n"},
        "yaml-alias",
        'alias "*acme" has no anchor',
        "manifests/x.yaml:1:7",
        'put text that begins with * in quotes, or write "&acme" before the value that is meant',
    ),
    Case(
        "alias to itself",
        {X: "a: &a [*a]\n"},
        "yaml-alias",
        'alias "*a" refers to itself',
        "manifests/x.yaml:1:8",
        "write the value out",
    ),
    Case(
        "alias bomb",
        {
            X: "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(6)
            )
        },
        "yaml-alias",
        "too many aliases",
        "manifests/x.yaml:5:36",
        "at most 100 a document, for 100,000 values: write them out",
    ),
    Case(
        "foreign tag",
        {
            X: CUSTOMER.replace("acme", "beta")
            .replace("Beta", "")
            .replace("name: Acme Inc", "name: !!binary QQ==")
        },
        "yaml-tag",
        'tag "!!binary" is not allowed',
        "manifests/x.yaml:4:14",
        "only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are read: remove the tag",
    ),
    Case(
        "python tag",
        {X: CUSTOMER.replace("acme", "beta").replace("Acme Inc", "!!python/name:os.system x")},
        "yaml-tag",
        'tag "!!python/name:os.system" is not allowed',
        "manifests/x.yaml:4:14",
        "only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are read: remove the tag",
    ),
    Case(
        "tag that does not fit",
        {X: CUSTOMER.replace("acme", "beta").replace("Acme Inc", '!!int "seven"')},
        "yaml-tag",
        'the value does not fit its tag "!!int"',
        "manifests/x.yaml:4:14",
        "remove the tag or correct the value",
    ),
    Case(
        "list as key",
        {X: "? [a]\n: b\n"},
        "yaml-key",
        "a list or a map cannot be a key",
        "manifests/x.yaml:1:3",
        "put text that begins with { or [ in quotes",
    ),
    Case(
        "merge key",
        {
            X: CUSTOMER.replace("acme", "beta").replace(
                "{name: Acme Inc", "{<<: {description: x}, name: Acme Inc"
            )
        },
        "yaml-merge",
        "merge keys (<<) are not part of YAML 1.2",
        "manifests/x.yaml:4:8",
        "write the fields out",
    ),
    Case(
        "too deep",
        {X: "a: " + "[" * 120 + "]" * 120 + "\n"},
        "yaml-depth",
        "nested more than 100 levels deep",
        "manifests/x.yaml:1:103",
        "make it flatter",
    ),
    Case(
        "infinite number",
        c("Count: 1e999"),
        "yaml-number",
        "a number must be finite",
        "manifests/instance.yaml:10:12",
        "put it in quotes to make it text",
    ),
    Case(
        "control character",
        {X: "name: a\x07b\n"},
        "yaml-syntax",
        "not valid YAML: character U+0007 is not allowed",
        "manifests/x.yaml:1:8",
        "remove the control character",
    ),
    Case(
        "not UTF-8",
        {X: b"name: caf\xe9\n"},
        "not-text",
        "not UTF-8 text",
        "manifests/x.yaml:1:10",
        "save the file as UTF-8",
    ),
    Case(
        "half a UTF-16",
        {X: b"\xff\xfea\x00b"},
        "not-text",
        "not UTF-16 text",
        "manifests/x.yaml:1:1",
        "save the file as UTF-8",
    ),
    # shape
    Case(
        "text instead of a map",
        {X: "hello\n"},
        "not-a-manifest",
        "a manifest must be a map",
        "manifests/x.yaml:1:1",
        "a manifest begins with apiVersion, kind, metadata and spec",
    ),
    Case(
        "no kind",
        {X: "apiVersion: reconciler/v1\nmetadata: {name: a}\n"},
        "missing-field",
        '"kind" is missing',
        "manifests/x.yaml:1:1",
        'write one of "Integration", "Customer", "Instance", "InstanceSet"',
    ),
    Case(
        "unknown kind",
        {X: "apiVersion: reconciler/v1\nkind: Custommer\n"},
        "unknown-kind",
        'unknown kind "Custommer"',
        "manifests/x.yaml:2:7",
        'did you mean "Customer"?',
    ),
    Case(
        "wrong apiVersion",
        {X: "apiVersion: v1\nkind: Customer\n"},
        "unknown-version",
        '"apiVersion" must be "reconciler/v1"',
        "manifests/x.yaml:1:13",
        "write apiVersion: reconciler/v1",
    ),
    Case(
        "definition among manifests",
        {X: DEFINITION},
        "definition-as-manifest",
        "an integration definition stands where manifests are expected",
        "manifests/x.yaml:1:1",
        "move it out of the folders under spec.manifests, and name it in an Integration: spec.definition",
    ),
    Case(
        "project among manifests",
        {X: PROJECT},
        "unknown-kind",
        "a Project stands where manifests are expected",
        "manifests/x.yaml:2:7",
        "only reconciler.yaml holds a Project: move it there",
    ),
    Case(
        "unknown field",
        i("  name: Hello for Acme\n", "  name: Hello for Acme\n  enabeld: true\n"),
        "unknown-field",
        'unknown field "enabeld" in spec',
        "manifests/instance.yaml:8:3",
        'did you mean "enabled"?',
    ),
    Case(
        "unknown field without likeness",
        i("  name: Hello for Acme\n", "  name: Hello for Acme\n  xyz: true\n"),
        "unknown-field",
        'unknown field "xyz" in spec',
        "manifests/instance.yaml:8:3",
        'write one of "description", "enabled", "flows", "labels", "release", "tests"',
    ),
    Case(
        "missing field",
        {X: manifest("Customer", "{externalId: x-1}")},
        "missing-field",
        '"name" is missing in spec',
        "manifests/x.yaml:4:7",
        "add it: the display name",
    ),
    Case(
        "no spec",
        {X: "apiVersion: reconciler/v1\nkind: Customer\nmetadata: {name: beta}\n"},
        "missing-field",
        '"spec" is missing',
        "manifests/x.yaml:1:1",
        "add it: what the customer should be",
    ),
    Case(
        "empty spec",
        {X: "apiVersion: reconciler/v1\nkind: Customer\nmetadata: {name: beta}\nspec:\n"},
        "wrong-type",
        '"spec" must be a map, but it is empty',
        "manifests/x.yaml:4:6",
        "fill it in, or remove it",
    ),
    Case(
        "capitals in name",
        {X: manifest("Customer", "{name: Beta}", "{name: Beta Corp}")},
        "wrong-value",
        '"name" in metadata must be lower-case letters, digits and hyphens, at most 63',
        "manifests/x.yaml:3:18",
        'write "beta-corp"',
    ),
    Case(
        "number for text",
        i("  name: Hello for Acme\n", "  name: Hello for Acme\n  release: 1.10\n"),
        "wrong-type",
        '"release" in spec must be text, but 1.10 is a number',
        "manifests/instance.yaml:8:12",
        'write it in quotes: "1.10"',
    ),
    Case(
        "yes for true",
        i("  name: Hello for Acme\n", "  name: Hello for Acme\n  enabled: yes\n"),
        "wrong-type",
        '"enabled" in spec must be true or false',
        "manifests/instance.yaml:8:12",
        "write true",
    ),
    Case(
        "text for a list",
        {X: manifest("Customer", "{name: Beta, labels: gold}")},
        "wrong-type",
        '"labels" in spec must be a list',
        "manifests/x.yaml:4:28",
        "write it as a list, even if it has one entry",
    ),
    Case(
        "empty display name",
        {X: manifest("Customer", '{name: ""}')},
        "wrong-value",
        '"name" in spec must not be empty',
        "manifests/x.yaml:4:14",
        "give it a value",
    ),
    Case(
        "bad release name",
        {"manifests/integration.yaml": INTEGRATION.replace("1.0.0", "1.0 beta")},
        "wrong-value",
        '"release" in spec must be letters, digits, dots, hyphens, plus signs and underscores, at most 64',
        "manifests/integration.yaml:4:55",
        'write it like "1.4.0"',
    ),
    Case(
        "status out of range",
        i("  config:", "  tests: [{flow: Receive order, expect: {status: 42}}]\n  config:"),
        "wrong-value",
        '"status" in spec.tests[0].expect must be from 100 to 599',
        "manifests/instance.yaml:8:50",
        "write a number in that range",
    ),
    Case(
        "reserved label",
        {X: manifest("Customer", '{name: Beta, labels: ["Reconciler:acme/customer/beta"]}')},
        "reserved-label",
        'label "Reconciler:acme/customer/beta" is reserved',
        "manifests/x.yaml:4:29",
        "the reconciler writes its own marks with it: choose another label",
    ),
    Case(
        "unknown environment",
        {X: manifest("Customer", "{name: Beta}", "{name: beta, environments: [stagging]}")},
        "unknown-environment",
        'unknown environment "stagging"',
        "manifests/x.yaml:3:39",
        'did you mean "staging"?',
    ),
    Case(
        "unknown field in ignore",
        {X: manifest("Customer", "{name: Beta}", "{name: beta, ignore: [desription]}")},
        "unknown-field",
        'unknown field "desription" in metadata.ignore',
        "manifests/x.yaml:3:33",
        'did you mean "description"?',
    ),
    Case(
        "was its own name",
        {X: manifest("Customer", "{name: Beta}", "{name: beta, was: [beta]}")},
        "bad-was",
        '"was" holds the present name "beta"',
        "manifests/x.yaml:3:30",
        "remove it",
    ),
    # variables
    Case(
        "unknown variable",
        i("Hello for Acme", "Hello ${var.regoin}"),
        "unknown-variable",
        'environment "staging" has no variable "regoin"',
        "manifests/instance.yaml:7:9",
        'did you mean "region"?',
    ),
    Case(
        "unset environment variable",
        i("Hello for Acme", "Hello ${env.REGION}"),
        "unknown-variable",
        'environment variable "REGION" is not set',
        "manifests/instance.yaml:7:9",
        "set it",
    ),
    Case(
        "no such group",
        i("Hello for Acme", "Hello ${region}"),
        "unknown-variable",
        '"${region}" is not a variable',
        "manifests/instance.yaml:7:9",
        "write ${var.NAME}, ${env.NAME} or ${customer.FIELD}; for a plain ${ write $${",
    ),
    Case(
        "variable not closed",
        i("Hello for Acme", '"Hello ${var.region"'),
        "variable-syntax",
        '"${var.region" is not closed',
        "manifests/instance.yaml:7:9",
        "add }; for a plain ${ write $${",
    ),
    Case(
        "customer where there is none",
        {X: manifest("Customer", '{name: "${customer.name}"}')},
        "unknown-variable",
        '"${customer.name}" stands where there is no customer',
        "manifests/x.yaml:4:14",
        "use it in an Instance or an InstanceSet's template",
    ),
    Case(
        "unknown customer field",
        i("Hello for Acme", "Hello ${customer.nam}"),
        "unknown-variable",
        'a customer has no field "nam"',
        "manifests/instance.yaml:7:9",
        'did you mean "name"?',
    ),
    Case(
        "customer without that field",
        i("Hello for Acme", "Hello ${customer.description}"),
        "unknown-variable",
        'customer "acme" has no "description" in its manifest',
        "manifests/instance.yaml:7:9",
        "add it to the Customer's spec",
    ),
    Case(
        "unknown customer label",
        i("Hello for Acme", "Hello ${customer.labels.teir}"),
        "unknown-variable",
        'customer "acme" has no label "teir"',
        "manifests/instance.yaml:7:9",
        'did you mean "tier"?',
    ),
    # references
    Case(
        "unknown customer",
        i("customer: acme", "customer: acmee"),
        "unknown-reference",
        'customer "acmee" is in no manifest',
        "manifests/instance.yaml:5:13",
        'did you mean "acme"?',
    ),
    Case(
        "unknown integration",
        i("integration: hello", "integration: slack"),
        "unknown-reference",
        'integration "slack" is in no manifest',
        "manifests/instance.yaml:6:16",
        "add a manifest of kind Integration with metadata.name: slack",
    ),
    Case(
        "customer elsewhere",
        {
            "manifests/customer.yaml": CUSTOMER.replace(
                "{name: acme, ", "{name: acme, environments: [production], "
            )
        },
        "reference-elsewhere",
        'customer "acme" is not in environment "staging", only in production',
        "manifests/instance.yaml:5:13",
        'add "staging" to metadata.environments at manifests/customer.yaml:1:1, or limit this one too',
    ),
    Case(
        "no release",
        {"manifests/integration.yaml": INTEGRATION.replace(", release: 1.0.0", "")},
        "no-release",
        'integration "hello" publishes no release, so there is no latest one',
        "manifests/instance.yaml:6:16",
        "add a release to it at manifests/integration.yaml:1:1, or name one here that is published already",
    ),
    Case(
        "release called latest",
        {"manifests/integration.yaml": INTEGRATION.replace("1.0.0", "latest")},
        "bad-release",
        'a release cannot be called "latest"',
        "manifests/integration.yaml:4:55",
        "instances use that word for whatever the integration publishes: name it, such as 1.0.0",
    ),
    Case(
        "one address twice",
        {X: CUSTOMER},
        "duplicate-address",
        "Customer/acme is declared twice",
        "manifests/x.yaml:1:1",
        "the other is at manifests/customer.yaml:1:1: remove one, or give them different names",
    ),
    Case(
        "external id twice",
        {X: CUSTOMER.replace("name: acme", "name: beta").replace("Acme Inc", "Beta")},
        "duplicate-external-id",
        'Customer/beta and Customer/acme have the same externalId "acme-42"',
        "manifests/x.yaml:4:32",
        "the other is at manifests/customer.yaml:4:36: change one",
    ),
    Case(
        "earlier name in use",
        {X: manifest("Customer", "{name: Beta}", "{name: beta, was: [acme]}")},
        "bad-was",
        'Customer/beta was "acme", but so is Customer/acme',
        "manifests/x.yaml:3:29",
        "the other is at manifests/customer.yaml:1:1: remove the name from one of them",
    ),
    Case(
        "set and instance",
        {
            X: manifest(
                "InstanceSet",
                "{customers: {names: [acme]}, template: {integration: hello, name: x, config: {Store: {inputs: {}}}}}",
                "{name: hello}",
            )
        },
        "duplicate-address",
        'Instance/acme/hello is declared twice, once by set "hello"',
        "manifests/x.yaml:1:1",
        "the other is at manifests/instance.yaml:1:1: remove one, or give them different names",
    ),
    Case(
        "set names nobody",
        {
            X: manifest(
                "InstanceSet", "{customers: {names: [acmee]}, template: {integration: hello, name: x}}"
            )
        },
        "unknown-reference",
        'set "extra" names customer "acmee", which no manifest declares',
        "manifests/x.yaml:4:28",
        'did you mean "acme"?',
    ),
    Case(
        "set matches nobody",
        {
            X: manifest(
                "InstanceSet", "{customers: {labels: {tier: iron}}, template: {integration: hello, name: x}}"
            )
        },
        "empty-set",
        'set "extra" matches no customer',
        "manifests/x.yaml:4:19",
        "the labels are those of metadata.labels of Customers, all of which must fit",
        warning=True,
    ),
    Case(
        "labels and names",
        {
            X: manifest(
                "InstanceSet",
                "{customers: {names: [acme], labels: {}}, template: {integration: hello, name: x}}",
            )
        },
        "wrong-value",
        '"customers" in spec must be exactly one of labels and names',
        "manifests/x.yaml:4:19",
        "keep one of them",
    ),
    Case(
        "waves that fall",
        {
            X: manifest(
                "InstanceSet",
                "{customers: {names: [acme]}, strategy: {waves: [{percent: 50}, {percent: 20}, {percent: 100}]}, template: {integration: hello, name: x, config: {Store: {inputs: {}}}}}",
            )
        },
        "bad-waves",
        "wave 2 ends at 20 percent, but an earlier one at 50",
        "manifests/x.yaml:4:80",
        "percent is the share of all instances that is done at the end of the wave: let it rise",
    ),
    Case(
        "wave of two kinds",
        {
            X: manifest(
                "InstanceSet",
                "{customers: {names: [acme]}, strategy: {waves: [{percent: 100, labels: {a: b}}]}, template: {integration: hello, name: x}}",
            )
        },
        "wrong-value",
        '"spec.strategy.waves[0]" must be exactly one of labels and percent',
        "manifests/x.yaml:4:55",
        "keep one of them",
    ),
    # config
    Case(
        "unknown config variable",
        c('Chanel: "#a"'),
        "unknown-config-variable",
        'integration "hello" has no config variable "Chanel"',
        "manifests/instance.yaml:10:5",
        'did you mean "Channel"?',
    ),
    Case(
        "number for a text variable",
        c("Channel: 1.10"),
        "config-type",
        'config variable "Channel" must be text',
        "manifests/instance.yaml:10:14",
        'write it in quotes: "1.10"',
    ),
    Case(
        "not in the picklist",
        c("Level: wran"),
        "config-value",
        'config variable "Level" must be one of "info", "warn"',
        "manifests/instance.yaml:10:12",
        'did you mean "warn"?',
    ),
    Case(
        "text for a number",
        c("Count: many"),
        "config-type",
        'config variable "Count" must be a number',
        "manifests/instance.yaml:10:12",
        "write a number",
    ),
    Case(
        "text for a boolean",
        c('Urgent: "maybe"'),
        "config-type",
        'config variable "Urgent" must be true or false',
        "manifests/instance.yaml:10:13",
        "write true or false",
    ),
    Case(
        "text for a collection",
        c("Items: a"),
        "config-type",
        'config variable "Items" must be a list',
        "manifests/instance.yaml:10:12",
        "write Items: [VALUE]",
    ),
    Case(
        "connection without inputs",
        i("{inputs: {apiKey: {secret: {env: KEY}}}}", "abc"),
        "config-type",
        'config variable "Store" is a connection: a map with inputs',
        "manifests/instance.yaml:9:12",
        "write Store: {inputs: {NAME: VALUE}}",
    ),
    Case(
        "unknown connection input",
        i("{apiKey: {secret", "{apikey: {secret"),
        "unknown-input",
        'connection "Store" has no input "apikey" in the definition',
        "manifests/instance.yaml:9:22",
        'did you mean "apiKey"?',
        warning=True,
    ),
    Case(
        "secret in the file",
        i("{secret: {env: KEY}}", "abc123"),
        "inline-secret",
        'input "apiKey" of connection "Store" looks like a secret and stands in the file',
        "manifests/instance.yaml:9:30",
        "read it from the environment: apiKey: {secret: {env: NAME}}",
        warning=True,
    ),
    Case(
        "secret of no source",
        i("{env: KEY}", "{var: KEY}"),
        "secret-source",
        "a secret must be read from exactly one of env, file and command",
        "manifests/instance.yaml:9:39",
        "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}",
    ),
    Case(
        "secret as text",
        i("{secret: {env: KEY}}", "{secret: abc123}"),
        "inline-secret",
        "a secret must not be written into the file",
        "manifests/instance.yaml:9:39",
        "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}",
    ),
    Case(
        "secret not set",
        i("env: KEY", "env: NO_KEY"),
        "secret-missing",
        'environment variable "NO_KEY" is not set',
        "manifests/instance.yaml:9:39",
        "set it, or name another source for the secret",
    ),
    Case(
        "secret file outside",
        i("env: KEY", "file: ../key"),
        "secret-outside",
        'secret file "../key" is outside the project',
        "manifests/instance.yaml:9:39",
        "keep it in the project, out of git, or use env",
    ),
    Case(
        "secret file missing",
        i("env: KEY", "file: key"),
        "secret-missing",
        'secret file "key" cannot be read: no such file or directory',
        "manifests/instance.yaml:9:39",
        "create the file",
    ),
    Case(
        "secret command fails",
        i("env: KEY", 'command: ["false"]'),
        "secret-command",
        'secret command "false" failed with exit code 1',
        "manifests/instance.yaml:9:39",
        "run it by hand in the project's folder",
    ),
    Case(
        "secret command missing",
        i("env: KEY", "command: [no-such-program]"),
        "secret-command",
        'secret command "no-such-program" cannot be run: no such file or directory',
        "manifests/instance.yaml:9:39",
        "run it by hand in the project's folder",
    ),
    Case(
        "required variable missing",
        i("  config:\n" + STORE, "  config: {}\n"),
        "required-config-missing",
        'config variable "Store" of integration "hello" has no default and is not set',
        "manifests/instance.yaml:8:3",
        "set it under config",
    ),
    Case(
        "unknown flow",
        i("  config:", "  flows: {Recieve order: {}}\n  config:"),
        "unknown-flow",
        'integration "hello" has no flow "Recieve order"',
        "manifests/instance.yaml:8:11",
        'did you mean "Receive order"?',
    ),
    Case(
        "unknown flow in a test",
        i("  config:", "  tests: [{flow: Send}]\n  config:"),
        "unknown-flow",
        'integration "hello" has no flow "Send"',
        "manifests/instance.yaml:8:18",
        'the only one is "Receive order"',
    ),
    Case(
        "API key in the file",
        i("  config:", "  flows: {Receive order: {apiKeys: [abc]}}\n  config:"),
        "inline-secret",
        "an API key stands in the file",
        "manifests/instance.yaml:8:37",
        "read it from the environment: {secret: {env: NAME}}",
        warning=True,
    ),
    Case(
        "API key of no source",
        i("  config:", "  flows: {Receive order: {apiKeys: [{env: KEY}]}}\n  config:"),
        "secret-source",
        "an API key must be a secret",
        "manifests/instance.yaml:8:37",
        "write {secret: {env: NAME}}",
    ),
    # definitions
    Case(
        "definition missing",
        {"manifests/integration.yaml": INTEGRATION.replace("hello.yml", "helo.yml")},
        "missing-file",
        'definition "../definitions/helo.yml" does not exist',
        "manifests/integration.yaml:4:20",
        "correct the path, or create it",
    ),
    Case(
        "definition outside",
        {"manifests/integration.yaml": INTEGRATION.replace("../definitions/hello.yml", "../../../hello.yml")},
        "outside-project",
        'definition "../../../hello.yml" is outside the project',
        "manifests/integration.yaml:4:20",
        "keep manifests and definitions below the folder of reconciler.yaml",
    ),
    Case(
        "definition empty",
        {D: "# nothing\n"},
        "definition-file",
        "the definition is empty",
        "definitions/hello.yml:1:1",
        "open the integration in Prismatic and export it again, which writes version 7",
    ),
    Case(
        "definition of version 4",
        d("definitionVersion: 7", "definitionVersion: 4"),
        "definition-version",
        "definition version 4 is too old",
        "definitions/hello.yml:1:20",
        "open the integration in Prismatic and export it again, which writes version 7",
    ),
    Case(
        "definition without version",
        {D: "name: Old\ntrigger: {}\nsteps: []\n"},
        "definition-version",
        'the definition has no "definitionVersion", and "trigger" at its root says that it is older than version 2',
        "definitions/hello.yml:1:1",
        "open the integration in Prismatic and export it again, which writes version 7",
    ),
    Case(
        "definition of the future",
        d("definitionVersion: 7", "definitionVersion: 8"),
        "definition-version",
        "definition version 8 is newer than this program",
        "definitions/hello.yml:1:20",
        "update the reconciler",
    ),
    Case(
        "definition version as text",
        d("definitionVersion: 7", 'definitionVersion: "7"'),
        "definition-version",
        '"definitionVersion" must be the number 7',
        "definitions/hello.yml:1:20",
        "write definitionVersion: 7",
    ),
    Case(
        "definition without flows",
        {D: "definitionVersion: 7\nname: Hello\n"},
        "missing-field",
        '"flows" is missing',
        "definitions/hello.yml:1:1",
        "add it: the flows",
    ),
    Case(
        "component without version",
        d("isPublic: true, version: LATEST}}\n        inputs", "isPublic: true}}\n        inputs"),
        "wrong-value",
        '"component" in flows[0].steps[1].action must have a version or a signature',
        "definitions/hello.yml:12:44",
        'write it like {"key": "webhook-triggers", "isPublic": true, "version": "LATEST"}',
    ),
    Case(
        "unknown input type",
        d("type: reference", "type: referense"),
        "wrong-value",
        '"type" in flows[0].steps[1].inputs.message must be one of "value", "reference", "complex", "configVar", "template"',
        "definitions/hello.yml:14:27",
        'did you mean "reference"?',
    ),
    Case(
        "number as an input",
        d("value: orderTrigger.results.body", "value: 5"),
        "wrong-value",
        '"value" in flows[0].steps[1].inputs.message must be text or a list',
        "definitions/hello.yml:14:45",
        'write it in quotes: "5"',
    ),
    Case(
        "unknown key in a definition",
        d("        isTrigger: true\n", "        isTrigger: true\n        isTriger: true\n"),
        "unknown-key",
        'unknown key "isTriger" in flows[0].steps[0]',
        "definitions/hello.yml:8:9",
        "it is sent as it is",
        warning=True,
    ),
    Case(
        "first step no trigger",
        d("        isTrigger: true\n", ""),
        "no-trigger",
        'the first step "Order Trigger" of flow "Receive order" is not a trigger',
        "definitions/hello.yml:6:9",
        "add isTrigger: true, or put the trigger first",
    ),
    Case(
        "two triggers",
        d("      - name: Write Log\n", "      - name: Write Log\n        isTrigger: true\n"),
        "second-trigger",
        'step "Write Log" of flow "Receive order" is a trigger, but not the first step',
        "definitions/hello.yml:12:20",
        "remove isTrigger, or move the step to the front",
    ),
    Case(
        "step twice",
        d("name: Write Log", "name: Order Trigger"),
        "duplicate-step",
        'step "Order Trigger" stands twice in flow "Receive order"',
        "definitions/hello.yml:11:15",
        "the first is on line 6: rename one",
    ),
    Case(
        "flow twice",
        {
            D: DEFINITION.replace(
                "requiredConfigVars:",
                "  - name: Receive order\n    steps:\n      - {name: T, isTrigger: true, action: *hook}\nrequiredConfigVars:",
                1,
            )
        },
        "duplicate-flow",
        'flow "Receive order" stands twice in the integration',
        "definitions/hello.yml:16:11",
        "the first is on line 4: rename one",
    ),
    Case(
        "config variable twice",
        d("{key: Channel,", "{key: Count,"),
        "duplicate-config-variable",
        'config variable "Count" stands twice in the integration',
        "definitions/hello.yml:19:11",
        "the first is on line 18: rename one",
    ),
    Case(
        "undeclared config variable",
        d("value: Level}\nreq", "value: Levle}\nreq"),
        "undeclared-variable",
        'input "level" names config variable "Levle", which is not declared',
        "definitions/hello.yml:15:43",
        'did you mean "Level"?',
    ),
    Case(
        "undeclared on a page",
        d("value: Store}]", "value: Shop}]"),
        "undeclared-variable",
        'config page "Configuration" names config variable "Shop", which is not declared',
        "definitions/hello.yml:30:74",
        "add it to requiredConfigVars",
    ),
    Case(
        "undeclared in a template",
        d(
            "{type: reference, value: orderTrigger.results.body}",
            '{type: template, value: "{{#Chanel}}: {{$orderTrigger.results}}"}',
        ),
        "undeclared-variable",
        'the template of input "message" names config variable "Chanel", which is not declared',
        "definitions/hello.yml:14:44",
        'did you mean "Channel"?',
    ),
    Case(
        "dangling reference",
        d("orderTrigger.results.body", "ordertrigger.results.body"),
        "dangling-reference",
        'input "message" refers to "ordertrigger", but flow "Receive order" has no such step',
        "definitions/hello.yml:14:45",
        'did you mean "orderTrigger"?',
    ),
    Case(
        "dangling template hole",
        d(
            "{type: reference, value: orderTrigger.results.body}",
            '{type: template, value: "{{$order.results}}"}',
        ),
        "dangling-reference",
        'input "message" refers to "order", but flow "Receive order" has no such step',
        "definitions/hello.yml:14:44",
        'step names are written without blanks: "Get Page" is getPage',
    ),
    Case(
        "reference to a later step",
        d("orderTrigger.results.body", "writeLog.results"),
        "dangling-reference",
        'input "message" refers to step "Write Log", which has not run at that point',
        "definitions/hello.yml:14:45",
        "refer to an earlier step, or move the step",
    ),
    Case(
        "numeric component version",
        d("key: log, isPublic: true, version: LATEST", "key: log, isPublic: true, version: 3"),
        "numeric-version",
        'component "log" is pinned to version 3, a number of one tenant only',
        "definitions/hello.yml:12:80",
        "write version: LATEST, or a signature, if the integration goes to more than one tenant",
        warning=True,
    ),
    # project
    Case(
        "project: no name",
        p("metadata: {name: acme}", "metadata: {}"),
        "missing-field",
        '"name" is missing in metadata',
        "reconciler.yaml:3:11",
        "add it: the project's name",
    ),
    Case(
        "project: long name",
        p("name: acme", "name: " + "a" * 41),
        "wrong-value",
        '"name" in metadata must be lower-case letters, digits and hyphens, at most 40',
        "reconciler.yaml:3:18",
        'write it like "acme-integrations"',
    ),
    Case(
        "project: unknown field",
        p("  default: staging", "  defualt: staging"),
        "unknown-field",
        'unknown field "defualt" in spec',
        "reconciler.yaml:13:3",
        'did you mean "default"?',
    ),
    Case(
        "project: token in the file",
        p("{env: TOKEN}", "eyJhbGciOi"),
        "inline-secret",
        '"refreshToken" must not be written into the file',
        "reconciler.yaml:9:28",
        "read it from the environment: refreshToken: {env: PRISM_REFRESH_TOKEN}; and revoke it if it was committed",
    ),
    Case(
        "project: token of no source",
        p("{env: TOKEN}", "{var: TOKEN}"),
        "secret-source",
        '"refreshToken" must be read from exactly one of env, file and command',
        "reconciler.yaml:9:28",
        "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}",
    ),
    Case(
        "project: two tokens",
        p("{refreshToken: {env: TOKEN}}", "{refreshToken: {env: TOKEN}, accessToken: {env: TOKEN}}"),
        "wrong-value",
        '"auth" in spec.environments.staging must be exactly one of refreshToken and accessToken',
        "reconciler.yaml:9:13",
        "keep one of them",
    ),
    Case(
        "project: plain http",
        p(
            "      url: https://app.prismatic.io\n      auth",
            "      url: http://app.prismatic.io\n      auth",
        ),
        "bad-url",
        '"url" of environment "staging" must begin with https, as "app.prismatic.io" is not this machine',
        "reconciler.yaml:8:12",
        "write https://app.prismatic.io",
    ),
    Case(
        "project: no address",
        p("      url: https://app.prismatic.io\n      auth", "      url: app.prismatic.io\n      auth"),
        "bad-url",
        '"url" of environment "staging" is not an address',
        "reconciler.yaml:8:12",
        "write an address such as https://app.prismatic.io",
    ),
    Case(
        "project: password in url",
        p(
            "      url: https://app.prismatic.io\n      auth",
            "      url: https://me:pw@app.prismatic.io\n      auth",
        ),
        "bad-url",
        '"url" of environment "staging" must not hold a user or a password',
        "reconciler.yaml:8:12",
        "name the token under auth instead",
    ),
    Case(
        "project: no url",
        p("      url: https://app.prismatic.io\n      auth", "      auth"),
        "missing-field",
        'environment "staging" has no "url"',
        "reconciler.yaml:8:7",
        "add the address of the tenant's stack, such as https://app.prismatic.io",
    ),
    Case(
        "project: unknown default",
        p("default: staging", "default: stagin"),
        "unknown-environment",
        'default environment "stagin" does not exist',
        "reconciler.yaml:13:12",
        'did you mean "staging"?',
    ),
    Case(
        "project: guard of 200 %",
        p("  default: staging", "  policy: {guards: {delete: 200%}}"),
        "wrong-value",
        '"delete" in spec.policy.guards must be a share from 0% to 100%',
        "reconciler.yaml:13:29",
        'write it like "30%"',
    ),
    Case(
        "project: rate 0",
        p("variables: {region: eu}", "rate: 0"),
        "wrong-value",
        '"rate" in spec.environments.staging must be more than 0',
        "reconciler.yaml:10:13",
        "write a number in that range",
    ),
    Case(
        "project: applied",
        p("variables: {region: eu}", "applied: labels"),
        "wrong-value",
        '"applied" in spec.environments.staging must be one of "label", "none"',
        "reconciler.yaml:10:16",
        'did you mean "label"?',
    ),
    Case(
        "project: environment in capitals",
        p("    production:", "    Production:"),
        "wrong-value",
        'name "Production" in spec.environments must be lower-case letters, digits and hyphens',
        "reconciler.yaml:11:5",
        "give it another name",
    ),
    Case(
        "project: empty",
        {P: ""},
        "project-file",
        "the project file is empty",
        "reconciler.yaml:1:1",
        "run `reconciler init` for a working one",
    ),
    Case(
        "project: two documents",
        {P: PROJECT + "---\n" + CUSTOMER},
        "project-file",
        "the project file holds more than one document",
        "reconciler.yaml:15:1",
        "keep only the Project here",
    ),
    Case(
        "project: list",
        {P: "- a\n"},
        "project-file",
        "the project file must be a map",
        "reconciler.yaml:1:1",
        "it begins with apiVersion, kind, metadata and spec; `reconciler init` makes a working one",
    ),
    Case(
        "project: manifests missing",
        p("[manifests/]", "[manifests/, more/]"),
        "missing-file",
        'manifests entry "more/" does not exist',
        "reconciler.yaml:5:27",
        "correct the path, or create it",
    ),
    Case(
        "project: manifests outside",
        p("[manifests/]", "[manifests/, ../]"),
        "outside-project",
        'manifests entry "../" is outside the project',
        "reconciler.yaml:5:27",
        "keep manifests and definitions below the folder of reconciler.yaml",
    ),
    Case(
        "project: pattern without match",
        p("[manifests/]", '[manifests/, "x/*.yaml"]'),
        "missing-file",
        'manifests entry "x/*.yaml" matches no .yaml or .yml file',
        "reconciler.yaml:5:27",
        "correct the pattern",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_told_once_with_its_place_and_what_to_do(tmp_path: Path, case: Case) -> None:
    found = problems(tmp_path, case.files)
    assert [(p.code, p.message, str(p.source), p.hint) for p in found] == [
        (case.code, case.message, case.place, case.hint)
    ]
    assert found[0].severity == ("warning" if case.warning else "error")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_messages_follow_the_house_style(case: Case) -> None:
    assert case.hint
    assert not case.message.endswith(".")
    assert (
        case.message[0] in '"$'
        or case.message[0].islower()
        or "/" in case.message.split()[0]
        or case.message.startswith("a Project")
    )


def test_nothing_is_wrong_with_the_sample_itself(tmp_path: Path) -> None:
    assert problems(tmp_path, {}) == []


def test_all_errors_come_at_once_by_file_and_line(tmp_path: Path) -> None:
    files: Files = {
        **c("Level: wran\n    Chanel: x"),
        **d("orderTrigger.results.body", "order.results"),
        "manifests/broken.yaml": "a: [",
        X: manifest("Customer", "{}"),
    }
    del files[D]
    found = problems(tmp_path, files)
    assert [str(p.source) for p in found] == [
        "manifests/broken.yaml:1:4",
        "manifests/instance.yaml:10:12",
        "manifests/instance.yaml:11:5",
        "manifests/x.yaml:4:7",
    ]


def test_an_error_causes_no_others(tmp_path: Path) -> None:
    # The customer and the integration are broken; what refers to them is not.
    files: Files = {
        "manifests/customer.yaml": CUSTOMER.replace("name: Acme Inc", "nam: Acme Inc"),
        **d("definitionVersion: 7", "definitionVersion: 4"),
    }
    found = problems(tmp_path, files)
    assert [p.code for p in found] == ["definition-version", "missing-field", "unknown-field"]


def test_a_mistake_in_a_set_is_told_once_for_all_its_customers(tmp_path: Path) -> None:
    files: Files = {
        f"manifests/c{n}.yaml": manifest(
            "Customer", f"{{name: C{n}}}", f"{{name: c{n}, labels: {{tier: gold}}}}"
        )
        for n in range(5)
    }
    template = "{integration: hello, name: x, config: {Levle: info}}"
    files[X] = manifest("InstanceSet", f"{{customers: {{labels: {{tier: gold}}}}, template: {template}}}")
    found = problems(tmp_path, files)
    assert [(p.code, p.message) for p in found] == [
        (
            "required-config-missing",
            'config variable "Store" of integration "hello" has no default and is not set',
        ),
        ("unknown-config-variable", 'integration "hello" has no config variable "Levle"'),
    ]
