"""The capability of kinds of which a snapshot keeps more than their lists."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Sequence

from reconciler.definition.withheld import Inputs
from reconciler.kinds.capabilities import AskedFurther
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject


class AskedWhole(AskedFurther):
    """Objects of which all can be asked that plans may ask further."""

    @abstractmethod
    def questions(self, live: LiveObject, used: Collection[str]) -> Sequence[Operation]:
        """All that `open_question` may come to, whatever a manifest says; `used` are the ids of parts of
        objects that others use.
        """
        ...

    @abstractmethod
    def covered(self, live: LiveObject, inputs: Inputs) -> LiveObject:
        """The object without what may be a secret in what was read further; `inputs` tells what components
        call passwords.
        """
        ...
