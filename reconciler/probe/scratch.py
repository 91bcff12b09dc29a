"""The objects that experiments are made on, named so that anyone sees what they are, and short words for what
is done to them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from reconciler.api import Client
from reconciler.api.wire import Answer
from reconciler.model import documents
from reconciler.model.errors import PayloadError
from reconciler.model.operation import Operation
from reconciler.probe.finding import Unclear
from reconciler.runs.poll import Poll

LABEL = "reconciler-probe"
DESCRIPTION = " made by reconciler probe "  # blanks around it, to see whether they come back
NAME_START = "reconciler probe "
_NAME = re.compile(NAME_START + r"([0-9a-f]{12}) - scratch, may be deleted(?: .*)?")
_DEPLOY_SECONDS = 330.0  # each trigger may take 30 s
_AVAILABLE_SECONDS = 10.0
_FILES = ("customer", "integration", "instance", "tenant")


def run_of(name: str) -> str | None:
    """The run whose scratch object bears this name; None for anything else."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


class Scratch(Struct):
    """One run's scratch objects. `run` is 12 hex digits; `sleep` is waited with."""

    client: Client
    run: str
    sleep: Callable[[float], Awaitable[None]]
    customer: str = ""
    created: Mapping[str, Any] = {}
    """The customer, as the answer to its creation showed it."""
    draft: Mapping[str, Any] = {}
    """The integration's draft, as it was last read."""
    versions: dict[str, Mapping[str, Any]] = {}
    """Published versions by what their definition is about."""
    instance: str = ""
    untold: bool = False
    """Whether versions were seen to stay unavailable until somebody says otherwise."""
    moved: dict[str, bool] = {}
    """Of some changes, whether they moved the object's updatedAt."""
    _told: set[str] = set()

    @property
    def labels(self) -> list[str]:
        """What every scratch object bears."""
        return [LABEL, self.run]

    def name(self, variant: str = "") -> str:
        """The objects' name, with something behind it to tell two apart."""
        return f"{NAME_START}{self.run} - scratch, may be deleted {variant}".rstrip()

    async def read(self, name: str, root: str, **variables: Any) -> Any:
        """What a query finds at its root field. Raises Unclear where that is nothing."""
        found = await self.client.execute(Operation(root, _document(name), variables))
        if found is None:
            raise Unclear(f"{root} is answered with null")
        return found

    async def answer(self, name: str, *, repeatable: bool = True, **variables: Any) -> Answer:
        """The answer to a document as it came, for what its form tells."""
        return await self.client.answer(Operation(name, _document(name), variables, repeatable=repeatable))

    async def many(self, count: int) -> Answer:
        """The answer to a request with so many root fields, which all ask the same."""
        fields = " ".join(f"a{number}: organization {{ id }}" for number in range(count))
        return await self.client.answer(Operation("many", f"query many {{ {fields} }}", {}))

    async def change(self, mutation: str, **given: Any) -> Any:
        """The object in a mutation's payload. Raises ApiError."""
        creates = mutation.startswith(("create", "publish")) or (
            mutation == "importIntegration" and "integrationId" not in given
        )
        op = Operation(
            mutation,
            _document(mutation),
            {"input": given},
            result=next(k for k in ("instance", "integration", "customer") if k in mutation.lower()),
            repeatable=not creates,
            timeout=_DEPLOY_SECONDS if mutation == "deployInstance" else None,
        )
        return await self.client.execute(op)

    async def attempt(self, mutation: str, **given: Any) -> tuple[Any, str]:
        """The object and no text, or None and the words in which the tenant refuses. Raises ApiError where it
        fails otherwise, which says nothing of the rule.
        """
        try:
            return await self.change(mutation, **given), ""
        except PayloadError as error:
            return None, error.message or "without a reason"

    def note(self, change: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Notes whether what lies between two answers moved updatedAt."""
        self.moved[change] = before["updatedAt"] != after["updatedAt"]

    async def update_draft(self, **given: Any) -> Mapping[str, Any]:
        """The draft after an update."""
        self.draft = await self.change("updateIntegration", id=self.draft_id, **given)
        return self.draft

    async def import_draft(self, text: str) -> Mapping[str, Any]:
        """The draft after an import into it."""
        self.draft = await self.change("importIntegration", integrationId=self.draft_id, definition=text)
        return self.draft

    async def change_instance(self, **given: Any) -> Mapping[str, Any]:
        """The instance after an update."""
        found: Mapping[str, Any] = await self.change("updateInstance", id=self.instance_id, **given)
        return found

    async def configure(self, *variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The instance after these values were set."""
        found: Mapping[str, Any] = await self.change(
            "updateInstanceConfigVariables", id=self.instance_id, configVariables=list(variables)
        )
        return found

    async def deploy(self) -> tuple[Mapping[str, Any] | None, str]:
        """The instance after a deploy, or None and why that is refused."""
        return await self.attempt("deployInstance", id=self.instance_id)

    async def available(self, which: str) -> str:
        """The id of a version, once instances may use it. Raises Unclear."""
        version: str = self.version(which)["id"]
        waiting = version in self._told or not self.untold
        if waiting and await self.becomes_available(version):
            return version
        self.untold = True
        self._told.add(version)
        told = await self.change("updateIntegrationVersionAvailability", id=version, available=True)
        if not (told["versionIsAvailable"] or await self.becomes_available(version)):
            raise Unclear(f"the version did not become available in {_AVAILABLE_SECONDS:.0f} s")
        return version

    async def becomes_available(self, version: str) -> bool:
        """Whether a version can be used within a few seconds, if nobody does anything."""
        poll = Poll(_AVAILABLE_SECONDS, self.sleep)
        while not (await self.read("version", "integration", id=version))["versionIsAvailable"]:
            if not await poll.again():
                return False
        return True

    def version(self, which: str) -> Mapping[str, Any]:
        """A published version. Raises Unclear where it could not be published."""
        if which not in self.versions:
            raise Unclear("the version for it could not be published")
        return self.versions[which]

    @property
    def draft_id(self) -> str:
        """The draft's id. Raises Unclear where there is none."""
        if not self.draft:
            raise Unclear("the integration could not be created")
        return str(self.draft["id"])

    @property
    def sequence(self) -> str:
        """What the integration's versions share. Raises Unclear where there is none."""
        _ = self.draft_id
        return str(self.draft["versionSequenceId"])

    @property
    def instance_id(self) -> str:
        """The instance's id. Raises Unclear where there is none."""
        if not self.instance:
            raise Unclear("the instance could not be created")
        return self.instance


@cache
def _documents() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in _FILES:
        found |= documents.load(file, "reconciler.probe")
    return found


def _document(name: str) -> str:
    return _documents()[name]
