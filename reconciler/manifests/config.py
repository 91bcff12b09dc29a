"""What an instance says of config variables and flows, held against the definition that it will run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definition import Definition, Variable
from reconciler.kinds.instance.config_values import (
    SHARED,
    UNTYPED,
    ValueType,
    in_api_shape,
    is_bound,
    text,
)
from reconciler.manifests.config_types import is_known, wrong
from reconciler.manifests.numbers import CODE as NUMBER
from reconciler.manifests.references import Index
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import listed, suggest
from reconciler.model.problem import Where
from reconciler.yaml12.document import Document

_SECRET_INPUT = re.compile(r"secret|passw|token$|privatekey|apikey|accesskey$", re.IGNORECASE)


class Shared(Struct, frozen=True):
    """What manifests declare of connections that integrations share."""

    scopes: Mapping[str, str]
    """Whether all share the values (`org`) or each customer has its own, by stable key."""
    values: Index
    """The customers' own values."""
    environment: str

    @classmethod
    def of(cls, indexes: Mapping[str, Index], environment: str) -> Shared:
        """What the manifests of an environment declare."""
        specs = [manifest.spec for manifest in indexes["Connection"].here.values()]
        scopes = {str(spec.get("stableKey")): str(spec.get("scope")) for spec in specs}
        return cls(scopes, indexes["CustomerConnection"], environment)

    def address(self, value: Any) -> Any:
        """A config value; one that names a manifest of a customer's values, with the manifest's address."""
        named = is_bound(value) and value[SHARED] in self.values.here
        return {SHARED: str(Address("CustomerConnection", value[SHARED]))} if named else value


def settled(definition: Definition, config: Mapping[str, Any] | None, shared: Shared) -> dict[str, Any]:
    """The field `config` in the shapes that the API takes; nothing where a manifest has none."""
    if config is None:
        return {}
    types = {key: _type(definition.variables.get(key)) for key in config}
    shaped = {key: in_api_shape(value, types[key]) for key, value in config.items()}
    return {"config": {key: shared.address(value) for key, value in shaped.items()}}


def _type(variable: Variable | None) -> ValueType:
    return (
        ValueType.named(variable.data_type, variable.collection, variable.code_language)
        if variable
        else UNTYPED
    )


class Check(Struct):
    """The check of one instance's `spec` (filled in, its secrets not yet read), which stands at `base`."""

    definition: Definition
    integration: str
    document: Document
    base: Where
    address: str
    spec: Mapping[str, Any]
    shared: Shared
    is_commented: Callable[[str], bool]
    """Whether a variable stands in the manifest as a comment: it is left to the tenant."""
    found: list[Diagnostic] = []

    def run(self) -> list[Diagnostic]:
        """All that is wrong or doubtful."""
        variables, flows = self.definition.variables, self.definition.flow_names
        for key, value in (self.spec.get("config") or {}).items():
            variable = variables.get(key)
            if variable is None and self.definition.configuration:
                self._headless(key)
            elif variable is None:
                self._unknown(key, ("config", key), "config variable", variables)
            elif value is not None:
                self._value(key, variable, value)
        for flow in self.spec.get("flows") or {}:
            if flow not in flows:
                self._unknown(flow, ("flows", flow), "flow", flows)
        for index, test in enumerate(self.spec.get("tests") or ()):
            if test["flow"] not in flows:
                self._unknown(test["flow"], ("tests", index, "flow"), "flow", flows, key=False)
        self._required()
        return self.found

    def _add(
        self, code: str, message: str, path: Where, hint: str, *, key: bool = False, warning: bool = False
    ) -> None:
        source = self.document.source((*self.base, *path), key=key)
        severity = "warning" if warning else "error"
        self.found.append(
            Diagnostic(code, message, source, address=self.address, hint=hint, severity=severity)
        )

    def _unknown(
        self, name: str, path: Where, what: str, known: Collection[str], *, key: bool = True
    ) -> None:
        message = f'integration "{self.integration}" has no {what} "{name}"'
        hint = suggest(name, known, "" if known else f"the definition declares no {what}s")
        self._add(f"unknown-{what.replace(' ', '-')}", message, path, hint, key=key)

    def _headless(self, key: str) -> None:
        message = f'"{key}" is no config variable: integration "{self.integration}" is configured by your app'
        hint = "save it in the app: the platform has no public call for it; only connections are set here"
        self._add("headless-configuration", message, ("config", key), hint, key=True)

    def _required(self) -> None:
        given = self.spec.get("config") or {}
        if self.definition.configuration and self.definition.configuration.required:
            fields = listed(self.definition.configuration.required)
            message = f'integration "{self.integration}" is configured by your app, which must give {fields}'
            self._add("required-config-missing", message, (), "save it there before the deploy", warning=True)
        for variable in self.definition.variables_to_set:
            key = variable.key
            if key in given or (variable.is_connection and self.is_commented(key)):
                continue
            message = (
                f'config variable "{key}" of integration "{self.integration}" has no default and is not set'
            )
            hint = "set it under config"
            if variable.needs_person:
                message = (
                    f'connection "{key}" of integration "{self.integration}" must be authorised by a person'
                )
                hint = "after the deploy, open its authorisation link, which `reconciler get instances` shows"
            # What a manifest does not mention is left alone: someone else may set it, in the config wizard.
            path: Where = ("config",) if "config" in self.spec else ()
            self._add("required-config-missing", message, path, hint, key=bool(path), warning=True)

    def _value(self, key: str, variable: Variable, value: Any) -> None:
        if variable.shared:
            self._shared(key, variable, value)
        elif variable.is_connection:
            self._connection(key, variable, value)
        else:
            for one in wrong(variable, value):
                path: Where = ("config", key, *one.path)
                source = self.document.source((*self.base, *path), key=one.is_key)
                told = replace(one, hint=one.hint or self._quoted(path))
                self.found.append(told.about(f'config variable "{key}"', source, self.address))
            if not is_known(variable):
                self._as_written(value, ("config", key), f'config variable "{key}"')

    def _shared(self, key: str, variable: Variable, value: Any) -> None:
        """Only a customer's own value can be chosen: what it holds is set where the connection is managed."""
        path: Where = ("config", key)
        scope = self.shared.scopes.get(variable.shared)
        if scope == "org":
            message = f'connection "{key}" is the organization\'s: it cannot be configured on an instance'
            hint = "remove it, and give its inputs in the Connection's manifest"
            self._add("shared-connection", message, path, hint, key=True)
        elif not is_bound(value) or not isinstance(name := value[SHARED], str):
            message = f'connection "{key}" is shared by integrations: an instance cannot give it inputs'
            hint = f"remove it, or name the customer's own values, if it has such: {{{SHARED}: NAME}}"
            self._add("shared-connection", message, path, hint, key=True)
        elif re.fullmatch(r"[a-z0-9-]{1,63}", name):
            where = self.document.source((*self.base, *path, SHARED))
            problem = self.shared.values.problem(name, where, self.shared.environment, self.address)
            self.found.extend([problem] if problem else [])

    def _quoted(self, path: Where) -> str:
        written = self.document.written((*self.base, *path))
        return f'write it in quotes: "{written}"' if written else "write one text"

    def _connection(self, key: str, variable: Variable, value: Any) -> None:
        path: Where = ("config", key)
        if isinstance(value, dict) and SHARED in value:
            message = f'connection "{key}" belongs to the integration and is not shared: it has no "{SHARED}"'
            self._add("config-type", message, (*path, SHARED), "give its inputs", key=True)
            return
        if not isinstance(value, dict) or not isinstance(value.get("inputs"), dict):
            hint = f"write {key}: {{inputs: {{NAME: VALUE}}}}"
            self._add(
                "config-type", f'config variable "{key}" is a connection: a map with inputs', path, hint
            )
            return
        for name in value:
            if name != "inputs":
                message = f'unknown field "{name}" of connection "{key}"'
                self._add(
                    "unknown-field", message, (*path, name), 'a connection takes only "inputs"', key=True
                )
        known = variable.inputs
        for name, given in value["inputs"].items():
            here = (*path, "inputs", name)
            self._as_written(given, here, f'input "{name}" of connection "{key}"')
            if known and name not in known:
                message = f'connection "{key}" has no input "{name}" in the definition'
                self._add("unknown-input", message, here, suggest(name, known), key=True, warning=True)
            if (
                isinstance(given, str)
                and given
                and _SECRET_INPUT.search(name)
                and self._is_written(here, given)
            ):
                message = f'input "{name}" of connection "{key}" looks like a secret and stands in the file'
                hint = f"read it from the environment: {name}: {{secret: {{env: NAME}}}}"
                self._add("inline-secret", message, here, hint, warning=True)

    def _as_written(self, given: Any, path: Where, what: str) -> None:
        """What is sent as text must be the number that the author wrote, digit by digit."""
        written = self.document.written((*self.base, *path))
        if isinstance(given, int | float) and not isinstance(given, bool) and written != text(given):
            message = f"{what} is sent as text, and {written} would become {text(given)}"
            self._add(NUMBER, message, path, f'write it in quotes: "{written}"')

    def _is_written(self, path: Where, given: str) -> bool:
        """Whether the file itself holds `given`, and not a ${…} that it was filled in for."""
        node: Any = self.document.value
        for part in (*self.base, *path):
            node = node[part]
        return bool(node == given)


def merge_missing(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """`found`, with one warning for each thing that a person must do, however many instances it concerns."""
    first: dict[str, Diagnostic] = {}
    times: dict[str, int] = {}
    for diagnostic in found:
        if diagnostic.code != "required-config-missing" or diagnostic.severity == "error":
            yield diagnostic
            continue
        first.setdefault(diagnostic.message, diagnostic)
        times[diagnostic.message] = times.get(diagnostic.message, 0) + 1
    for message, diagnostic in first.items():
        more = times[message] - 1
        suffix = f" (here and in {more} more instance{'s' if more > 1 else ''})" if more else ""
        yield Diagnostic(
            diagnostic.code,
            message + suffix,
            diagnostic.source,
            diagnostic.address,
            diagnostic.hint,
            "warning",
        )
