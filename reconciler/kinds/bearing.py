"""Pages of a list that show only objects of whose labels one holds a text."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from reconciler.kinds.protocol import Kind
from reconciler.model.operation import Operation


def bearing(kind: Kind, text: str) -> Callable[[int, str | None], Operation]:
    """What reads such a page, by its size and where it begins: the kind's list must know labels. Whether it
    finds parts of labels is for the reader to see.
    """

    def page(first: int, after: str | None) -> Operation:
        op = kind.list_page(first, 0)
        document = op.document.replace("$offset: Int", "$after: String, $text: String")
        document = document.replace("offset: $offset", "after: $after, labels_Icontains: $text")
        return structs.replace(
            op, document=document, variables={"first": first, "after": after, "text": text}
        )

    return page
