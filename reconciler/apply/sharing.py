"""Which calls may travel in one request with those for other resources."""

from __future__ import annotations

from reconciler.kinds.protocol import Kind
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb

_VERBS = {
    Verb.CREATE,
    Verb.UPDATE,
    Verb.ADOPT,
    Verb.FORGET,
    Verb.CONFIGURE,
    Verb.DEPLOY,
    Verb.ENABLE,
    Verb.DISABLE,
}
_ALONE = {"Integration", "User"}


def may_share(kind: Kind, verb: Verb, op: Operation) -> bool:
    """Whether it may: what publishes, imports or deletes goes alone, and so does what concerns many
    (integrations), what people hear of (users), and a creation of which nobody could tell that it is ours.
    """
    if verb not in _VERBS or kind.name in _ALONE or op.name.startswith("delete"):
        return False
    return verb is not Verb.CREATE or kind.marked
