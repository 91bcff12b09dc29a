"""Every error that the product raises on purpose.

    ReconcilerError                1   anything that failed
    ├── InvalidInput               3   manifests, options or files that are wrong (all of it at once)
    ├── Unreachable                4   the API cannot be reached
    ├── NotAuthenticated           4   no token, a wrong token, the wrong tenant
    ├── Stale                      5   what a plan rests on has changed
    ├── NoLease                    5   another run works on the tenant
    ├── Refused                    5   a guard, an ownership rule or a protection says no
    ├── JournalFailed              1   what is about to be done cannot be noted, so it is not done
    ├── Unforeseen                 1   an exception that nobody foresaw
    ├── Withdrawn                  1   a call was given up that nobody can have carried out
    ├── Interrupted              130   Ctrl-C
    └── ApiError                   1   an operation failed
        ├── PayloadError               the mutation's own `errors`
        ├── GraphQLError               top-level `errors`
        │   ├── NotFound               "Record not found"
        │   └── TooCostly              more than the server lets one query ask for
        ├── TestFailed                 a flow ran, and not as its test expects
        ├── NullObject                 no errors, and no object either
        ├── Misfit                     an object that is not as the API describes it
        │   └── NotUnderstood              and which one, with what is still known of it
        └── TransportError             no usable answer: it may or may not have been carried out

The number is the exit code, which stands on the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Refusal
    from reconciler.model.state import Unreadable


class ReconcilerError(Exception):
    """An error with a message for people: what is wrong and where; `hint` says what to do next."""

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, *, hint: str = "", address: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.address = address


class InvalidInput(ReconcilerError):
    """The input is wrong. `diagnostics` holds all of it."""

    exit_code = 3
    code = "invalid"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0].message if self.diagnostics else "invalid input"
        super().__init__(first)

    @classmethod
    def of(cls, code: str, message: str, *, hint: str = "") -> InvalidInput:
        """An InvalidInput with one diagnostic that belongs to no file."""
        from reconciler.model.diagnostic import Diagnostic  # help waits for no msgspec

        return cls([Diagnostic(code, message, hint=hint)])


class Unreachable(ReconcilerError):
    """The API cannot be reached, or not in the time allowed."""

    exit_code = 4
    code = "unreachable"
    doubtful = False
    """True where it is not known whether a write was carried out before."""


class NotAuthenticated(ReconcilerError):
    """There is no token, the server refuses it, or it belongs to another tenant."""

    exit_code = 4
    code = "not-authenticated"


class Stale(ReconcilerError):
    """What a saved plan rests on has changed."""

    exit_code = 5
    code = "stale"


class NoLease(ReconcilerError):
    """Another run holds the project's lease on the tenant, or took it away."""

    exit_code = 5
    code = "lease"


class Refused(ReconcilerError):
    """The plan must not be carried out. `refusals` holds every reason."""

    exit_code = 5
    code = "refused"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        first = self.refusals[0]
        super().__init__(first.message, hint=first.hint, address=first.address)


class JournalFailed(ReconcilerError):
    """The journal cannot be written: the disk is full, or the folder is not ours to write in."""

    code = "journal"


class Unforeseen(ReconcilerError):
    """An exception that nobody foresaw, by its type and place. Its own text is not repeated: anything may
    stand in it, secrets too. `doubtful` is True where a call was on its way.
    """

    code = "internal"

    def __init__(self, error: BaseException, *, address: str = "", doubtful: bool = False) -> None:
        place = _place(error)
        self.what = f"{type(error).__name__}{place and f' in {place}'}"
        super().__init__(
            f"an internal error occurred ({self.what})",
            address=address,
            hint="run again with --debug, and report it",
        )
        self.doubtful = doubtful


class Withdrawn(ReconcilerError):
    """A call was given up before anybody can have carried it out, since nothing new is to be begun."""

    def __init__(self) -> None:
        super().__init__("it was not sent: nothing new is begun any more")


class Interrupted(ReconcilerError):
    """The user stopped the run."""

    exit_code = 130
    code = "interrupted"


class ApiError(ReconcilerError):
    """An operation failed. `operation` is its name; `doubtful` is True where a write may have happened."""

    code = "api"
    unfinished = False
    """True where the server may still be at it: one of many that travelled together, and nobody answered."""

    def __init__(
        self, message: str, *, operation: str = "", address: str = "", hint: str = "", doubtful: bool = False
    ) -> None:
        super().__init__(message, hint=hint, address=address)
        self.operation = operation
        self.doubtful = doubtful


class PayloadError(ApiError):
    """The mutation's payload carries `errors`: the server refused it."""

    code = "refused-by-server"


class GraphQLError(ApiError):
    """The answer carries top-level `errors`."""

    code = "graphql"


class NotFound(GraphQLError):
    """The object is gone ("Record not found")."""

    code = "not-found"


class TooCostly(GraphQLError):
    """The server finds that a query asks for too much at once."""

    code = "too-costly"


class NullObject(ApiError):
    """A mutation answered without errors and without its object."""

    code = "null-object"


class Misfit(ApiError):
    """An object in an answer is not as the API describes it."""

    code = "misfit"


class NotUnderstood(Misfit):
    """An object of the tenant is not as we know such objects; `unreadable` tells which, and why."""

    def __init__(self, unreadable: Unreadable) -> None:
        super().__init__(
            f"{unreadable} cannot be understood: {unreadable.reason}",
            hint="look at it in the web app; this version may not know a new form of it",
        )
        self.unreadable = unreadable


class TestFailed(ApiError):
    """A flow was run, and its result is not what its test expects."""

    code = "test-failed"
    __test__ = False  # pytest would collect it


class TransportError(ApiError):
    """No usable answer arrived: a dropped connection, a timeout, a 5xx, something that is not JSON."""

    code = "transport"


class WriteRefused(ApiError):
    """A document that is not a query was about to be sent while planning; nothing was sent."""

    code = "write-refused"


def _place(error: BaseException) -> str:
    """Where in this package it was raised, or passed last: `plan.match:120`."""
    package = __name__.partition(".")[0] + "."
    frames = [(frame.f_globals.get("__name__", ""), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [f"{name.removeprefix(package)}:{line}" for name, line in frames if name.startswith(package)]
    return ours[-1] if ours else ""
