"""Manifests, filled in and checked, made into the resources of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.kinds.table.kind import TabledKind
from reconciler.manifests import secrets
from reconciler.manifests.dump import dump
from reconciler.manifests.manifest import RESERVED, Manifest
from reconciler.manifests.places import Places
from reconciler.manifests.references import Referrer
from reconciler.manifests.sealed import Placed
from reconciler.manifests.secrets import SecretSource
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.problem import Where
from reconciler.model.secret import Secret
from reconciler.model.state import Resource
from reconciler.yaml12.document import Document


class Builder(Struct):
    """Makes the resource of one manifest, whose filled-in `spec` stands at `base` of its document. It reads
    no secret.
    """

    manifest: Manifest
    spec: Mapping[str, Any]
    address: Address
    base: Where = ("spec",)
    labels: Mapping[str, str] | None = None
    problems: list[Diagnostic] = []

    @property
    def document(self) -> Document:
        """The document of the manifest."""
        return self.manifest.document

    def integration(self, definition: Definition) -> Resource:
        """The Integration, with what its manifest leaves to the definition."""
        said = {name: value for name, value in self.spec.items() if name != "bundle"}
        fields = {**said, **{k: v for k, v in definition.own_fields.items() if k not in said}}
        if "definitionSecrets" in fields:
            fields["definitionSecrets"] = self._secrets(
                fields["definitionSecrets"], (*self.base, "definitionSecrets")
            )
            definition = definition.with_secrets(fields["definitionSecrets"], dump)
        fields["definition"] = definition
        return self._resource(self._with_labels(fields))

    def instance(self, customer: Address, integration: Address, running: Mapping[str, Any]) -> Resource:
        """The Instance; `running` is its release or version."""
        fields = {**self.spec, "customer": customer, "integration": integration, **running}
        if "config" in fields:
            fields["config"] = self._secrets(fields["config"], (*self.base, "config"))
        if "flows" in fields:
            fields["flows"] = {
                name: self._flow(settings, (*self.base, "flows", name))
                for name, settings in fields["flows"].items()
            }
        return self._resource(self._with_labels(fields))

    def tabled(self, kind: TabledKind, refer: Referrer) -> Resource:
        """The resource of a kind that a table tells. Where a name in it leads nowhere, that is noted."""
        fields = dict(self.spec)
        for row in kind.fields:
            value, path = self.spec.get(row.name), (*self.base, row.name)
            named_kind = kind.refers_to(row, self.spec)
            if row.name in fields and row.secret != "never":
                fields[row.name] = self._secrets(value, path)
            elif row.refers and isinstance(value, list):
                named = [self._refer(refer, named_kind, one, (*path, i)) for i, one in enumerate(value)]
                fields[row.name] = [address for address in named if address is not None]
            elif row.refers and value is not None:
                fields[row.name] = self._refer(refer, named_kind, value, path)
        return self._resource(self._with_labels(fields))

    def _refer(self, refer: Referrer, kind: str, name: str, path: Where) -> Address | None:
        found = refer(kind, name, self.document.source(path), str(self.address))
        if isinstance(found, Diagnostic):
            self.problems.append(found)
        return found if isinstance(found, Address) else None

    def _flow(self, settings: Mapping[str, Any], path: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in settings.items():
            if name == "apiKeys":
                found[name] = [self._api_key(key, (*path, name, index)) for index, key in enumerate(value)]
            else:
                found[name] = self._secrets(value, (*path, name))
        return found

    def _api_key(self, given: Any, path: Where) -> Any:
        if not isinstance(given, str):
            if secrets.is_secret(given):
                return self._secrets(given, path)
            self._wrong("secret-source", "an API key must be a secret", path, "write {secret: {env: NAME}}")
            return Secret("")
        node: Any = self.document.value
        for part in path:
            node = node[part]
        if node == given:
            message, hint = (
                "an API key stands in the file",
                "read it from the environment: {secret: {env: NAME}}",
            )
            self._wrong("inline-secret", message, path, hint, severity="warning")
        return Secret(given, "manifest")

    def _secrets(self, value: Any, path: Where) -> Any:
        if isinstance(value, list):
            return [self._secrets(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if not secrets.is_secret(value):
            return {key: self._secrets(inner, (*path, key)) for key, inner in value.items()}
        source = secrets.parse(
            value["secret"], self.document.source((*path, "secret")), address=str(self.address)
        )
        if isinstance(source, SecretSource):
            return Placed("", str(source), origin=source)
        self._wrong(source.code, source.message, (*path, "secret"), source.hint)
        return Secret("")

    def _wrong(self, code: str, message: str, path: Where, hint: str, severity: str = "error") -> None:
        source = self.document.source(path)
        self.problems.append(Diagnostic(code, message, source, str(self.address), hint, severity))

    def _with_labels(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "labels" in fields:
            # The server folds labels to lower case: in capitals they would differ from live for ever.
            folded = [label.lower() for label in fields["labels"]]
            for index, label in enumerate(folded):
                # What stands in the file has been checked, but not what a ${…} stands for.
                if label.strip().startswith(RESERVED):
                    hint = "the reconciler writes its own marks with it: choose another label"
                    self._wrong(
                        "reserved-label", f'label "{label}" is reserved', (*self.base, "labels", index), hint
                    )
            fields["labels"] = list(dict.fromkeys(folded))
        return fields

    def _resource(self, fields: dict[str, Any]) -> Resource:
        metadata = self.manifest.metadata
        return Resource(
            address=self.address,
            fields=fields,
            labels=self.manifest.labels if self.labels is None else self.labels,
            protect=metadata.get("protect", False),
            ignore=tuple(metadata.get("ignore", ())),
            was=tuple(metadata.get("was", ())),
            source=self.manifest.source,
            positions=Places.of(self.document, self.base, self._positions),
            sensitive=tuple(metadata.get("sensitive", ())),
        )

    def _positions(self) -> list[tuple[str, Where]]:
        """The paths of the fields, and of what lies below them: variables, and inputs of connections."""
        base = tuple(self.base)
        found: list[tuple[str, Where]] = []
        for name, value in self.spec.items():
            found.append((f"spec.{name}", (*base, name)))
            if name not in ("config", "flows") or not isinstance(value, dict):
                continue
            for key, inner in value.items():
                found.append((f"spec.{name}.{key}", (*base, name, key)))
                inputs = inner.get("inputs") if isinstance(inner, dict) else None
                for part in inputs if isinstance(inputs, dict) else ():
                    found.append((f"spec.{name}.{key}.inputs.{part}", (*base, name, key, "inputs", part)))
        if "was" in self.manifest.metadata:
            found.append(("metadata.was", ("metadata", "was")))
        return found
