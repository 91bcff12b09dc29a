"""What resources may refer to of another one's object, beside its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reconciler.model.address import Ref

# Of an integration


@dataclass(frozen=True, slots=True)
class SequenceRef(Ref):
    """What all versions of the integration share."""

    what: ClassVar[str] = "sequence"


@dataclass(frozen=True, slots=True)
class ReleaseRef(Ref):
    """The id of the published version that is the release of this name."""

    what: ClassVar[str] = "release"
    name: str


@dataclass(frozen=True, slots=True)
class VersionNumberRef(Ref):
    """The id of the published version of this number."""

    what: ClassVar[str] = "version-number"
    number: int


@dataclass(frozen=True, slots=True)
class ReleaseNameRef(Ref):
    """The name of the release that the version of this id is."""

    what: ClassVar[str] = "version"
    version_id: str


@dataclass(frozen=True, slots=True)
class ReleaseNamesRef(Ref):
    """All names by which a release may have meant the version of this id."""

    what: ClassVar[str] = "names"
    version_id: str


@dataclass(frozen=True, slots=True)
class KeysRef(Ref):
    """The keys of the config variables and the names of the flows of the version of this id."""

    what: ClassVar[str] = "keys"
    version_id: str


# Of the package of a bundle


@dataclass(frozen=True, slots=True)
class PackageRef(Ref):
    """The number that this tenant gave the package of this signature."""

    what: ClassVar[str] = "version"
    signature: str


@dataclass(frozen=True, slots=True)
class SignatureRef(Ref):
    """The signature of the package that has this number."""

    what: ClassVar[str] = "signature"
    number: object


# Of a component


@dataclass(frozen=True, slots=True)
class ConnectionRef(Ref):
    """The id of the component's connection of this key."""

    what: ClassVar[str] = "connection"
    key: str


@dataclass(frozen=True, slots=True)
class InputsRef(Ref):
    """What the component calls the inputs of the action of this key, with their types."""

    what: ClassVar[str] = "inputs"
    action: str


# Of an instance


@dataclass(frozen=True, slots=True)
class FlowConfigRef(Ref):
    """The id of the settings of the flow of this name."""

    what: ClassVar[str] = "flowConfig"
    flow: str
