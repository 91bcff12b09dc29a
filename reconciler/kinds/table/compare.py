"""What differs between a manifest and its object, row by row, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.causes import cause, judged, newly_secret
from reconciler.kinds.table.labels import label_changes, to_send
from reconciler.kinds.table.places import LABELS
from reconciler.kinds.table.rotation import Rotation
from reconciler.kinds.table.row import Row, revealed
from reconciler.kinds.table.secrets import remembered, shown
from reconciler.kinds.table.texts import is_kept, is_trimmed
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import How, LiveObject, Resource
from reconciler.model.uncompared import is_uncompared


def mentioned(rows: Sequence[Row], request: Request) -> list[Row]:
    """The rows that the manifest says something of and that are not to be left alone."""
    return [row for row in rows if to_send(request, (row.name,))]


def considered(row: Row, value: Mapping[str, object], resource: Resource) -> dict[str, object]:
    """Of a map the keys that are not ignored."""
    return {k: v for k, v in value.items() if not ignored(resource, f"{row.name}.{k}")}


def _considered(row: Row, value: object, resource: Resource) -> object:
    return considered(row, value, resource) if isinstance(value, Mapping) else value


class Comparison(Struct, frozen=True):
    """A resource beside its object. `rows` are those that count; `has_record` says whether such objects
    remember what was written.
    """

    rows: Sequence[Row]
    rotation: Rotation
    has_record: bool
    request: Request
    live: LiveObject

    def changes(self) -> Iterator[Change]:
        """The rows whose values differ."""
        for row in self.rows:
            if row is LABELS:
                yield from label_changes(self.request)
            elif row.shape.by_key:
                yield from self._parts(row)
            else:
                yield from self._whole(row)

    def _whole(self, row: Row) -> Iterator[Change]:
        resource = self.request.resource
        given, found = resource.fields[row.name], self.live.fields[row.name]
        wanted = _considered(row, row.wanted(given, self.request.resolve), resource)
        known = _considered(row, row.known(found), resource)
        if self._is_same(row, wanted, known):
            return
        why = self._cause(row, wanted, known)
        if not self._is_kept(row, wanted, known, why):
            yield Change(row.name, self._shown(row, found, given), row.shown(given), why)

    def _parts(self, row: Row) -> Iterator[Change]:
        """The keys of a map that differ, each by itself."""
        resource, found = self.request.resource, self.live.fields[row.name]
        wanted = row.wanted(resource.fields[row.name], self.request.resolve)
        for key, value in wanted.items() if isinstance(wanted, Mapping) else ():
            path, there = f"{row.name}.{key}", found.get(key)
            if ignored(resource, path) or self._is_same(row, value, there):
                continue
            why = self._cause(row, value, there)
            if not self._is_kept(row, value, there, why):
                yield Change(path, there, value, why)

    def _is_kept(self, row: Row, wanted: object, found: object, why: Cause) -> bool:
        """Whether the value is what the tenant made of the wanted text; where such objects remember nothing,
        whether it may be.
        """
        if not self.has_record:
            return is_trimmed(wanted, found)
        return is_kept(self.request, row.name, wanted, found, why)

    def _is_same(self, row: Row, wanted: object, found: object) -> bool:
        """Whether a value is as wanted. One that the server does not give back counts as such while the
        record, where there is one, says that just this was written.
        """
        if is_uncompared(wanted, found):
            return True
        if not isinstance(found, Hidden):
            return bool(revealed(wanted) == revealed(found))
        if not found.present or self.request.policy.send_secrets:
            return not found.present and not wanted
        known = remembered(self.request)
        if not self.has_record or not self.request.policy.record or known.older:
            return True
        return row.name in known.applied and self.rotation.happened is not True

    def _shown(self, row: Row, found: object, given: object) -> object:
        """The value that is there, as far as it may be shown."""
        if row.secret != "may":
            return row.shown(found)
        if isinstance(given, Secret) and isinstance(found, Secret) and found:
            return Secret(found.reveal())
        return shown(found, row.name, self.request)

    def _cause(self, row: Row, wanted: object, found: object) -> Cause:
        applied = remembered(self.request).applied
        written = (remembered(self.request).written or {}).get(row.name)
        if row.secret == "may" and written is None:
            return Cause.UNKNOWN
        always = row.secret == "always"
        is_secret = always or isinstance(wanted, Secret)
        was_secret = always or (written is not None and written.how is How.SECRET)
        if not is_secret:
            by_digest = cause(applied, row.name, wanted, revealed(found))
        elif was_secret:
            by_digest = Cause.UNKNOWN
        else:
            by_digest = newly_secret(applied.get(row.name, "-"), revealed(found))
        by_key = self.rotation.cause if is_secret else Cause.UNKNOWN
        return judged(by_digest, by_key, is_secret=is_secret, was_secret=was_secret)
