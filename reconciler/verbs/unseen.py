"""A plan that reads no secret: neither git's, nor what the tenant gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.kinds.component import KnownInputs, reference
from reconciler.kinds.whole import AskedWhole
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched
from reconciler.plan.unseen import not_compared, unseen

if TYPE_CHECKING:
    from reconciler.api import Client

Learn = Callable[[Address, LiveObject], None]


class Cover(Struct, frozen=True):
    """Covers what is or may be a secret. `components` tell which inputs they call passwords."""

    project: str
    components: Mapping[str, LiveObject]

    def over(self, live: Live) -> Live:
        """The snapshot with all of it covered."""
        objects = {kind: tuple(map(self._one, some)) for kind, some in live.objects.items()}
        return replace(live, objects=objects)

    def learning(self, matched: Matched) -> Learn:
        """What takes more of an object, covered as well."""
        for name, component in self.components.items():
            matched.know(Address("Component", name), component)
        return lambda address, live: matched.learn(address, self._one(live))

    def again(self, matched: Matched) -> None:
        """Covers what became known of objects meanwhile."""
        for address, live in list(matched.objects.items()):
            matched.learn(address, self._one(live))

    def _one(self, live: LiveObject) -> LiveObject:
        kind = all_kinds()[live.kind]
        told = kind.covered(live, self._inputs) if isinstance(kind, AskedWhole) else live
        return unseen(told, self.project, self._inputs)

    def _inputs(self, component: str, is_public: bool, action: str) -> Mapping[str, str] | None:
        found = self.components.get(reference(component, is_public))
        return found.notes.by_action.get(action) if found and isinstance(found.notes, KnownInputs) else None


async def cover(client: Client, project: str, live: Live) -> Cover:
    """Asks what the components of all drafts call passwords. Raises NotAuthenticated or Unreachable."""
    from reconciler.live.fetch import with_inputs

    keys = {
        key
        for one in live.objects.get("Integration", ())
        if isinstance(draft := one.fields.get("definition"), Definition)
        for key in draft.component_versions
    }
    return Cover(project, {one.fields["reference"]: one for one in await with_inputs(client, keys)})


def named(matched: Matched, concerned: Iterable[Address]) -> list[Diagnostic]:
    """A note for each of these resources of which something was not compared."""
    objects, resources = matched.objects, matched.desired.resources
    return [note for a in concerned if a in objects for note in not_compared(resources[a], objects[a])]
