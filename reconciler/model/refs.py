"""What resources may refer to of another one's object, beside its id."""

from __future__ import annotations

from typing import ClassVar

from reconciler.model.address import Ref

# Of an integration


class SequenceRef(Ref, frozen=True, order=True):
    """What all versions of the integration share."""

    what: ClassVar[str] = "sequence"


class ReleaseRef(Ref, frozen=True, order=True):
    """The id of the published version that is the release of this name."""

    what: ClassVar[str] = "release"
    name: str


class VersionNumberRef(Ref, frozen=True, order=True):
    """The id of the published version of this number."""

    what: ClassVar[str] = "version-number"
    number: int


class ReleaseNameRef(Ref, frozen=True, order=True):
    """The name of the release that the version of this id is."""

    what: ClassVar[str] = "version"
    version_id: str


class ReleaseNamesRef(Ref, frozen=True, order=True):
    """All names by which a release may have meant the version of this id."""

    what: ClassVar[str] = "names"
    version_id: str


class KeysRef(Ref, frozen=True, order=True):
    """The keys of the config variables and the names of the flows of the version of this id."""

    what: ClassVar[str] = "keys"
    version_id: str


# Of the package of a bundle


class PackageRef(Ref, frozen=True, order=True):
    """The number that this tenant gave the package of this signature."""

    what: ClassVar[str] = "version"
    signature: str


class SignatureRef(Ref, frozen=True, order=True):
    """The signature of the package that has this number."""

    what: ClassVar[str] = "signature"
    number: object


# Of a component


class ConnectionRef(Ref, frozen=True, order=True):
    """The id of the component's connection of this key."""

    what: ClassVar[str] = "connection"
    key: str


class InputsRef(Ref, frozen=True, order=True):
    """What the component calls the inputs of the action of this key, with their types."""

    what: ClassVar[str] = "inputs"
    action: str


# Of an instance


class FlowConfigRef(Ref, frozen=True, order=True):
    """The id of the settings of the flow of this name."""

    what: ClassVar[str] = "flowConfig"
    flow: str
