"""Why this exists: what nobody outside knows about the platform is a named rule here, to be drawn.

A client is right only if it converges under every combination; each rule's first value is the default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One open question: its possible answers, the default first, and what it asks."""

    name: str
    values: tuple[str, ...]
    meaning: str

    @property
    def default(self) -> str:
        """The answer that holds unless another is set."""
        return self.values[0]


_TABLE = """
draft_in_sequence | true, false | versionSequence lists the draft beside the versions
draft_version_number | next, last, zero | the versionNumber that a draft shows
draft_available | false, true | versionIsAvailable of a draft
version_is_latest | draft, newest_published | which record has versionIsLatest
publish_copies_labels | true, false | a published version bears the draft's labels
publish_unchanged | new_version, refused, same_version | publishing a draft without changes
published_available | true, after_delay, not_until_told | when a new version is available
import_same_name | creates_second, overwrites, refused | importing without an id under a name that exists
import_clears_labels | false, true | importing a text without labels clears the draft's
import_flow_ids | survive, change | the ids of the draft's flows after an import
import_updates_metadata | name_and_description, nothing | what an import into an id takes from the text
normalisation | 2025, 2026 | the release that writes read-backs; the later one adds keys
attributes_keep_own_keys | true, false | publish keeps attributes of unknown names
metadata_per_version | false, true | a version keeps the metadata it was published with
label_limit | 255, 64, 100 | the longest label that is taken
label_match | whole, part | labels_Contains compares the whole label or any part of it
comment_limit | none, 1000 | the longest publish comment that is taken
not_found | error, null, both | a query by an unknown id: an error, a null, an error beside a null
new_instance_enabled | false, true | a new instance is enabled
deploy_enables | true, only_first, false | deploying enables the instance
needs_deploy_on | version_config_flows, anything | the changes of an instance that ask for a deploy
connection_inputs_omitted | kept, default | connection inputs that an update leaves out
version_change_drops_pending_config | true, false | a change of version drops values not yet deployed
instance_name_unique | false, per_customer | two instances may share a name
undeployed_version | 0, null_as_minus_one | deployedVersion before the first deploy
transaction_of_aliases | each_alone, all_or_nothing | a failing mutation undoes the others of its request
error_status | 200, 400 | the HTTP status of an answer that holds errors
rate_limit | none, retry_after, silent | 20 requests a second, with or without Retry-After
create_with_definition | imports, ignores | createIntegration obeys the definition it is given
create_name_from | input, definition | whose name and description createIntegration takes
definition_name_follows | true, false | the read-back has the current name, or the one last imported
definition_shows_labels | as_sent, current, never | the labels in the read-back of a definition
unpublished_on_labels | false, true | a change of labels is an unpublished change
unknown_definition_keys | keep, drop, error | keys of a definition that no release knows
unknown_types | taken, refused | types in a definition that no release knows, or none
component_versions_shift | false, true | components get a new version after each import
publish_copies_marketplace | false, true | a version takes over the marketplace setting before it
labels_read_back | as_sent, sorted, deduplicated | the order of labels that are read back
empty_labels | list, null | how no labels are read back
null_input | ignored, clears | an explicit null in an input
empty_external_id | null, empty | how an externalId of "" is read back
page_overflow | error, clamp | asking for more than 100 records
default_order | created, updated, name | the order of lists that name none
system_hidden | false, true | lists without isSystem leave system objects out
integration_filter | sequence, exact | instances(integration:) finds those on other versions too
unavailable_version | refused, allowed | creating, moving and deploying on an unavailable version
deploy_incomplete | refused, allowed | deploying an instance that is not fully configured
user_level_counts | false, true | a variable that users set makes the instance incomplete
deploy_touches | always, only_needed | a deploy that was not needed moves lastDeployedAt
needs_deploy_on_same | false, true | an update that changes nothing asks for a deploy
oauth_pending | deployable, blocks | deploying with an OAuth connection that nobody authorised
secrets_read_back | clear, hidden | passwords, tokens and API keys are read back
mutation_not_found | top_level, payload | a mutation of an unknown id
introspection | on, off | the schema may be asked for
token_rotation | false, true | an exchange hands out a new refresh token
body_limit | 2.5MB, none | the longest request body that is taken
texts_read_back | as_sent, trimmed | names, descriptions, labels, comments and config texts
updated_at_moves | everything, own_fields_only | whether config, labels and deploys move updatedAt too
alias_limit | none, 10, 50 | the most root fields of one request
query_cost | none, 20000 | the most nodes that a query may ask for: first, times the first of what is within
headless_upgrade | refused, allowed | moving an instance to another configuration version before its values
unknown_components | invented, refused | a definition names a component or connection that is not there
activity_log | on, off | activities tells each change
import_renames | obeyed, ignored | variables and flows that renameAttributes names keep their identity
"""


def _rule(line: str) -> Rule:
    name, values, meaning = line.split(" | ")
    return Rule(name, tuple(values.split(", ")), meaning)


RULES: Mapping[str, Rule] = {rule.name: rule for rule in map(_rule, _TABLE.strip().splitlines())}


def check(name: str, value: str) -> None:
    """Raise ValueError, naming what is valid, unless this is a rule and one of its values."""
    rule = RULES.get(name)
    if rule is None:
        raise ValueError(f"unknown rule {name!r}: use one of {', '.join(RULES)}")
    if value not in rule.values:
        raise ValueError(f"rule {name!r} has no value {value!r}: use one of {', '.join(rule.values)}")


def describe() -> str:
    """Every rule with its values, the default first, one a line."""
    width = max(map(len, RULES))
    return "\n".join(
        f"{rule.name:<{width}}  {' | '.join(rule.values)}  ({rule.meaning})" for rule in RULES.values()
    )


class Rules(Mapping[str, str]):
    """A value for every rule: the given ones, which are checked, over the defaults."""

    __slots__ = ("_values",)

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        for name, value in (given or {}).items():
            check(name, value)
        self._values = {name: rule.default for name, rule in RULES.items()} | dict(given or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def changed(self) -> dict[str, str]:
        """Only the rules that differ from their defaults."""
        return {name: value for name, value in self._values.items() if value != RULES[name].default}
