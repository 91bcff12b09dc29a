"""The whole way from files to `Desired`: read, validate, expand, resolve, with every error on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any

from msgspec import structs

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.manifests import config, expand, files, overrides, paths, releases
from reconciler.manifests.barred import visible, withheld
from reconciler.manifests.build import Builder
from reconciler.manifests.bundle_build import Bundles
from reconciler.manifests.comments import is_commented
from reconciler.manifests.config import Shared
from reconciler.manifests.definitions import Definitions
from reconciler.manifests.kinds import TABLED
from reconciler.manifests.manifest import Manifest, classify
from reconciler.manifests.messages import filled_problems
from reconciler.manifests.project import Environment, Project
from reconciler.manifests.read import read
from reconciler.manifests.references import Index, Referrer, ambiguities, twice
from reconciler.manifests.sealed import SecretReader, unsealed
from reconciler.manifests.sensitive import veiled
from reconciler.manifests.stencil import Alike
from reconciler.manifests.undisturbed import undisturbed
from reconciler.manifests.uses import with_uses
from reconciler.manifests.variables import CUSTOMER_FIELDS, CustomerFacts, Scope
from reconciler.model import digest
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.hints import suggest
from reconciler.model.nested import holds
from reconciler.model.plan import Rollout
from reconciler.model.problem import Unusable
from reconciler.model.secret import Sealed
from reconciler.model.state import Desired, Resource

_PLAIN = frozenset({str, bool, int, type(None)})
"""What is surely no secret, and holds none: most values are texts, and maps of texts."""


def load(
    project: Project,
    environment: str,
    *,
    environ: Mapping[str, str],
    resolve_secrets: bool = True,
    variables: Mapping[str, str] | None = None,
) -> tuple[Desired, list[Diagnostic]]:
    """What the manifests ask for in `environment`, and all that is wrong or doubtful, by file and line.

    Where a diagnostic is an error, Desired is incomplete and not to be planned from. `environ` is the
    process's environment; without `resolve_secrets` no secret is read. `variables` go before the
    environment's own.
    """
    if environment not in project.environments:
        message = f'environment "{environment}" does not exist'
        hint = suggest(environment, list(project.environments))
        problem = Diagnostic("unknown-environment", message, Source(project.file.name), hint=hint)
        return Desired(project.name, environment, {}), [problem]
    desired, problems = checked(project, environment, environ=environ, variables=variables)
    desired = _digested(desired)
    if not resolve_secrets:
        return desired, problems
    reader = SecretReader(project, environ)
    desired, more = unsealed(desired, reader, desired.resources)
    return desired, list(in_order([*problems, *more]))


def checked(
    project: Project,
    environment: str,
    *,
    environ: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
) -> tuple[Desired, list[Diagnostic]]:
    """The same for who only asks what is wrong: no secret is read, and Desired bears no digest. The project
    has the environment.
    """
    hidden = withheld(project, environ)
    seen = visible(environ, hidden)
    loader = _Loader(project, project.environments[environment], seen, variables or {}, hidden)
    with undisturbed():
        return loader.run()


@dataclass(slots=True)
class _Loader:
    project: Project
    environment: Environment
    environ: Mapping[str, str]
    overrides: Mapping[str, str]
    withheld: frozenset[str] = frozenset()
    """The variables of the process that no manifest sees."""
    problems: list[Diagnostic] = field(default_factory=list)
    resources: dict[Address, Resource] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    facts: dict[str, CustomerFacts] = field(default_factory=dict)
    running: dict[str, Definition] = field(default_factory=dict)
    """The definitions by the names of their integrations."""
    shared: Shared = field(init=False)
    definitions: Definitions = field(default_factory=Definitions)
    bundles: Bundles = field(init=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    refer: Referrer = field(init=False)
    incomplete: bool = False
    """Whether part of some file could not be read: what a name refers to may stand there."""

    def run(self) -> tuple[Desired, list[Diagnostic]]:
        """All steps in their order: later ones need what earlier ones made."""
        self.variables = {**self.environment.variables, **self.overrides}
        self.refer = Referrer(self.resources, self.indexes, self.environment.name)
        self.bundles = Bundles(self.project.name, self.environ, self.project.described)
        manifests = self._manifests()
        for kind in ("Integration", "InstanceSet", *TABLED):
            self.indexes[kind], problems = Index.of(kind, manifests, self.environment.name)
            self.problems.extend(problems)
        self.shared = Shared.of(self.indexes, self.environment.name)
        self._customers()
        for manifest in self.indexes["Integration"].here.values():
            self._integration(manifest)
        instances = [manifest for manifest in manifests if manifest.kind == "Instance"]
        del manifests
        self._instances(instances)
        for kind in TABLED:
            if kind != "Customer":  # each after those that it refers to
                self._table(kind)
        self.resources = with_uses(self.resources)
        self.problems.extend(self.definitions.problems())
        ordered = _ordered(self.resources)
        self.problems.extend(ambiguities(ordered))
        rollouts = tuple(self.rollouts)
        desired = Desired(self.project.name, self.environment.name, ordered, rollouts=rollouts)
        told = self.problems
        if self.incomplete:
            told = [problem for problem in told if problem.code != "unknown-reference"]
        return desired, list(in_order(told))

    def _manifests(self) -> list[Manifest]:
        paths, problems = files.discover(self.project)
        self.problems.extend(problems)
        found: list[Manifest] = []
        for path in paths:
            documents, problems = read(path, files.shown(path, self.project.root))
            self.problems.extend(problems)
            self.incomplete |= bool(problems)
            for document in documents:
                manifest, problems = classify(document, path, self.project.environments)
                self.problems.extend(problems)
                if manifest is not None:
                    found.append(manifest)
                self.incomplete |= manifest is None and bool(problems)
        return found

    def _table(self, name: str) -> None:
        """All resources of a kind that a table tells."""
        kind = TABLED[name]
        for manifest in self.indexes[name].here.values():
            address = Address(name, manifest.name)
            if not manifest.valid:
                continue
            spec = self._fill(self._scope(manifest, str(address)), manifest.spec, ("spec",))
            if spec is None:
                continue
            builder = Builder(manifest, spec, address)
            resource = builder.tabled(kind, self.refer)
            target = self.resources.get(resource.fields[kind.release_of]) if kind.release_of else None
            if target is not None:
                running, told = releases.of_instance(manifest, spec, builder.base, address, target)
                builder.problems.extend(told)
                resource = structs.replace(resource, fields={**resource.fields, **running})
            self._keep(builder, resource)
            self.refer.declare(resource)

    def _scope(self, manifest: Manifest, address: str, customer: CustomerFacts | None = None) -> Scope:
        kind, document = manifest.kind.lower(), manifest.document
        return Scope(
            kind,
            self.environment.name,
            self.variables,
            self.environ,
            document,
            address,
            customer,
            self.withheld,
        )

    def _fill(
        self, scope: Scope, spec: Mapping[str, Any], base: tuple[str | int, ...]
    ) -> dict[str, Any] | None:
        """`spec` with its holes filled in; None, and noted, where one cannot be."""
        filled = {key: scope.fill(value, (*base, key)) for key, value in spec.items()}
        if not scope.problems:
            wrong = filled_problems(scope.kind, scope.document, scope.address, scope.filled)
            scope.problems.extend(wrong)
        self.problems.extend(scope.problems)
        return None if scope.problems else filled

    def _keep(self, builder: Builder, resource: Resource) -> None:
        self.problems.extend(builder.problems)
        if resource.sensitive:
            resource = structs.replace(resource, fields=veiled(resource.fields, resource.sensitive))
        self.resources[resource.address] = resource

    def _customers(self) -> None:
        """The customers, and what their instances may ask of them."""
        self._table("Customer")
        for resource in self.resources.values():
            named = {name: resource.fields[name] for name in CUSTOMER_FIELDS if name in resource.fields}
            address = resource.address
            self.facts[address.name] = CustomerFacts(address, named, resource.labels)

    def _integration(self, manifest: Manifest) -> None:
        if not manifest.valid:
            return
        address = Address("Integration", manifest.name)
        spec = self._fill(self._scope(manifest, str(address)), manifest.spec, ("spec",))
        if spec is None:
            return
        told = list(releases.of_integration(manifest, spec, address))
        self.problems.extend(told)
        if any(problem.severity == "error" for problem in told):
            return
        definition = self._definition(manifest, spec, address)
        if definition is None:
            return
        self.running[manifest.name] = definition
        builder = Builder(manifest, spec, address)
        resource = builder.integration(definition)
        self._keep(builder, resource)
        if definition.component in self.resources and "definitionSecrets" in resource.fields:
            part = self.resources[definition.component]
            given = {"definitionSecrets": resource.fields["definitionSecrets"]}
            self.resources[part.address] = structs.replace(part, fields={**part.fields, **given})

    def _definition(self, manifest: Manifest, spec: Mapping[str, Any], address: Address) -> Definition | None:
        what = "bundle" if "bundle" in spec else "definition"
        named, source = spec[what], manifest.document.source(("spec", what))
        path = manifest.path.parent / named
        try:
            real = paths.inside(path, self.project.root, self.project.allowed)
            file = files.shown(path, self.project.root)
            if what == "definition":
                return self.definitions.get(real, file)
            built = self.bundles.get(real, file, address, source)
        except Unusable as error:
            self.problems.append(error.problem.about(f'{what} "{named}"', source, str(address)))
            return None
        self.problems.extend(built.problems)
        if built.definition is not None:
            part = structs.replace(built.component, labels=manifest.labels, part_of=address)
            self.resources[part.address] = part
        return built.definition

    def _instances(self, manifests: list[Manifest]) -> None:
        """Those of manifests, which are let go one by one, and those of sets."""
        places: dict[Address, Source] = {}
        manifests.reverse()
        while manifests:
            manifest = manifests.pop()
            here = manifest.environments is None or self.environment.name in manifest.environments
            if manifest.valid and here:
                self._instance(manifest, places)
        for manifest in self.indexes["InstanceSet"].here.values():
            if manifest.valid:
                self._set(manifest, places)

    def _instance(self, manifest: Manifest, places: dict[Address, Source]) -> None:
        named = manifest.spec["customer"]
        scope = self._scope(manifest, f"Instance/{named}/{manifest.name}")
        customer = scope.fill(named, ("spec", "customer"))
        if scope.problems:
            self.problems.extend(scope.problems)
            return
        address = Address("Instance", f"{customer}/{manifest.name}")
        source = manifest.document.source(("spec", "customer"))
        problem = self.indexes["Customer"].problem(customer, source, self.environment.name, str(address))
        if problem is not None:
            self.problems.append(problem)
        if address in places:
            self.problems.append(twice(str(address), manifest.source, places[address]))
            return
        places[address] = manifest.source
        if customer in self.facts:
            self._run(manifest, manifest.spec, ("spec",), address, customer, manifest.labels)

    def _set(self, manifest: Manifest, places: dict[Address, Source]) -> None:
        customers = self.indexes["Customer"]
        chosen, problems = expand.matching(manifest, customers.here, customers.elsewhere)
        wrong = overrides.check(manifest, chosen, customers)
        self.problems.extend((*problems, *expand.check_waves(manifest), *wrong))
        members: list[tuple[Address, Mapping[str, str]]] = []
        alike, own, source = Alike(manifest), manifest.labels, manifest.source
        for customer in chosen:
            address = Address("Instance", f"{customer.name}/{manifest.name}")
            if address in places:
                what = f', once by set "{manifest.name}"'
                self.problems.append(twice(str(address), source, places[address], what))
                continue
            places[address] = source
            # A customer's labels go before the set's: waves are told apart by customer.
            facts = self.facts.get(customer.name)
            theirs = facts.labels if facts else customer.labels
            labels = {**own, **theirs} if own else theirs
            members.append((address, labels))
            if facts:
                self._member(alike, facts, address, labels)
        rollout = expand.rollout(manifest, members)
        if rollout is not None:
            self.rollouts.append(rollout)

    def _member(
        self, alike: Alike, customer: CustomerFacts, address: Address, labels: Mapping[str, str]
    ) -> None:
        """One instance of a set: made as the one before it where nothing but texts tells them apart."""
        stencil, mine = alike.stencil, overrides.of_customer(alike.manifest, customer.key)
        if stencil is not None and mine is alike.manifest:
            made = stencil.instance(
                customer, lambda: self._scope(mine, str(address), customer), address, labels
            )
            if made is not None:
                self.resources[address] = made
                if stencil.told:
                    self.problems.extend(stencil.of_address(address))
                return
        before = len(self.problems)
        self._run(mine, mine.spec["template"], overrides.TEMPLATE, address, customer.key, labels)
        made = self.resources.get(address)
        if mine is alike.manifest and made is not None:
            alike.learn(made, self.running[made.fields["integration"].name], self.problems[before:])

    def _run(
        self,
        manifest: Manifest,
        written: Mapping[str, Any],
        base: tuple[str | int, ...],
        address: Address,
        customer: str,
        labels: Mapping[str, str],
    ) -> None:
        """One instance, of a manifest of its own or of a set."""
        spec = self._fill(self._scope(manifest, str(address), self.facts[customer]), written, base)
        if spec is None:
            return
        integration = spec["integration"]
        source = manifest.document.source((*base, "integration"))
        problem = self.indexes["Integration"].problem(
            integration, source, self.environment.name, str(address)
        )
        if problem is not None:
            self.problems.append(problem)
            return
        target = self.resources.get(Address("Integration", integration))
        if target is None:
            # Its own error has been told.
            return
        running, told = releases.of_instance(manifest, spec, base, address, target)
        self.problems.extend(told)
        if not running:
            return
        definition, shared = self.running[integration], self.shared
        if running.get("release") == target.fields.get("release"):
            check = config.Check(
                definition, integration, manifest.document, base, str(address), spec, shared,
                partial(is_commented, manifest.path),
            )  # fmt: skip
            self.problems.extend(check.run())
        builder = Builder(manifest, spec, address, base, labels)
        resource = builder.instance(Address("Customer", customer), target.address, running)
        shaped = config.settled(definition, resource.fields.get("config"), shared)
        self._keep(builder, structs.replace(resource, fields={**resource.fields, **shaped}))


def _ordered(resources: Mapping[Address, Resource]) -> dict[Address, Resource]:
    """The resources in the order of their kinds, and of their names."""
    of_kind: dict[str, list[Address]] = {name: [] for name in all_kinds()}
    for address in resources:
        of_kind[address.kind].append(address)
    return {a: resources[a] for some in of_kind.values() for a in sorted(some, key=attrgetter("name"))}


def _digested(desired: Desired) -> Desired:
    """What is asked for, with its digest, and with what of it holds secrets: to digest a resource is to look
    at all of it.
    """
    order = [[one.name, one.waves, one.max_failures] for one in desired.rollouts]
    unplain: list[Resource] = []
    contents = (_content(resource, unplain) for resource in desired.resources.values())
    whole = digest.sha256_of_each(chain(contents, [digest.canonical(order)] if order else []))
    sealed = tuple(one.address for one in unplain if holds(one.fields, Sealed))
    return structs.replace(desired, digest=f"sha256:{whole}", sealed=sealed)


def _content(resource: Resource, unplain: list[Resource]) -> bytes:
    """What is digested of a resource, which is put to the `unplain` ones where it may hold a secret."""
    is_plain, fields = True, dict(resource.fields)
    for name, value in resource.fields.items():
        sort = type(value)
        if sort is str:  # most are
            continue
        if sort is Address:
            fields[name] = str(value)
        elif sort is Definition:
            fields[name] = value.text
        elif sort is dict:
            is_plain = is_plain and _PLAIN.issuperset(map(type, value.values()))
        else:
            is_plain = is_plain and sort in _PLAIN
    whole: list[Any] = [str(resource.address), fields, resource.labels, resource.protect]
    whole += [resource.ignore, resource.was, *([resource.sensitive] if resource.sensitive else [])]
    if is_plain:
        return digest.canonical_of_plain(whole)
    unplain.append(resource)
    return digest.canonical(whole)


def in_order(problems: list[Diagnostic]) -> Iterator[Diagnostic]:
    """`problems` by file and line, each once: a set makes many instances from one place."""
    seen: set[tuple[str, str, Source | None]] = set()
    nowhere = Source("")
    merged = config.merge_missing(problems)
    for problem in sorted(merged, key=lambda p: (p.source or nowhere, p.severity, p.code, p.message)):
        key = (problem.code, problem.message, problem.source)
        if key not in seen:
            seen.add(key)
            yield problem
