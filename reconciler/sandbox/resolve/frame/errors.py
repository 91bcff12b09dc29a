"""Why this exists: the API refuses in two ways, by a payload's errors and by errors of a request."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

NOT_FOUND = "Record not found"


class NotFoundError(GraphQLError):
    """There is nothing by this id."""

    def __init__(self) -> None:
        super().__init__(NOT_FOUND)


class DeniedError(GraphQLError):
    """The role of whoever asks does not permit this."""

    def __init__(self) -> None:
        super().__init__("Permission denied")


class RefusedError(Exception):
    """A mutation's input is turned down; field is the input's name, or ``__all__``."""

    def __init__(self, field: str, *messages: str) -> None:
        super().__init__(f"{field}: {'; '.join(messages)}")
        self.field = field
        self.messages = list(messages)

    def payload(self) -> list[dict[str, Any]]:
        """As the payload shows it."""
        return [{"field": self.field, "messages": self.messages}]


def missing(field: str) -> RefusedError:
    """A reference to something that is not there."""
    return RefusedError(field, NOT_FOUND)


def required(field: str) -> RefusedError:
    """A value that may not be empty."""
    return RefusedError(field, "This field may not be blank.")
