"""Tells a webhook what became different. It decides nothing: where it fails, the loop goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.errors import InvalidInput
from reconciler.model.loopback import is_loopback
from reconciler.model.plan import Touched
from reconciler.model.secret import Secret
from reconciler.model.watching import Board, Stands, State, Told, Turn, Wave
from reconciler.report.notification import SLACK, Notification, Unfit
from reconciler.report.watching import sentence, turn_document
from reconciler.verbs.named_secret import named_secret

_PATIENCE = 10.0  # seconds
_FIRST_BAD = 300
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Webhook:
    """One that takes what the template comes to. Whoever knows its url can write there, so that nothing shows
    more of it than the variable that it stands in.
    """

    variable: str
    url: Secret
    say: Callable[[str], None] = field(repr=False)
    template: Notification = field(default_factory=lambda: Notification(SLACK), repr=False)
    failing: bool = False

    async def send(self, text: str, event: Mapping[str, Any] | None = None) -> None:
        """Sends a turn's sentence and document. That it fails is told once, until it works again."""
        try:
            why = await self._post(self.template.body(text, event or {}))
        except Unfit as error:
            why = f"is told nothing, since its template cannot be filled in: {error}"
        if why and not self.failing:
            self.say(f"the webhook of {self.variable} {why}; the loop goes on, and tells it nothing twice")
        self.failing = bool(why)

    async def _post(self, body: bytes) -> str:
        """Why it did not arrive; empty where it did."""
        url = self.url.reveal()
        try:
            with anyio.fail_after(_PATIENCE):
                async with httpx.AsyncClient(trust_env=not is_loopback(httpx.URL(url).host)) as client:
                    response = await client.post(url, content=body, headers=_JSON)
        except TimeoutError:
            return f"does not answer within {_PATIENCE:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return f"cannot be reached ({type(error).__name__})"  # its text may hold the url
        return f"answers {response.status_code}" if response.status_code >= _FIRST_BAD else ""


def webhook(
    variable: str,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    template: Notification | None = None,
) -> Webhook:
    """The webhook whose url stands in a variable of the environment, or in a file. Raises InvalidInput."""
    found = named_secret(variable, "--notify", environ)
    text = found.reveal()
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if not url.host or url.scheme not in ("http", "https"):
        raise InvalidInput.of("webhook", f'"{variable}" of --notify holds no url')
    if url.scheme == "http" and not is_loopback(url.host):
        message = f'the webhook of "{variable}" is not encrypted, and not on this machine'
        raise InvalidInput.of("webhook", message, hint="give it a url with https")
    return Webhook(variable, found, say, template or Notification(SLACK))


def template_of(file: Path) -> Notification:
    """The template in a file, once it was filled in. Raises InvalidInput with the place of what is wrong."""
    try:
        found = Notification(file.read_text("utf-8"))
        found.body(sentence(*_EXAMPLE), turn_document(*_EXAMPLE))
    except OSError as error:
        why = (error.strerror or "unknown").lower()
        raise InvalidInput.of("notify-template", f'"{file}" cannot be read: {why}') from None
    except UnicodeDecodeError:
        raise InvalidInput.of("notify-template", f'"{file}" is no text in UTF-8') from None
    except Unfit as error:
        wrong = Diagnostic(
            "notify-template",
            f"the template of --notify-template: {error}",
            source=Source(str(file), error.line, 1 if error.line else 0),
            hint="text is the sentence, event what watch --format json prints; write {{ text | tojson }}",
        )
        raise InvalidInput([wrong]) from None
    return found


def _example() -> tuple[Board, Turn]:
    """A turn of which there is something to say everywhere."""
    at = datetime(2026, 11, 30, 9, tzinfo=UTC)
    address = "Customer/acme"
    names = (
        "managed",
        "synced",
        "drifted",
        "pending",
        "failed",
        "unmanaged",
        "missing",
        "refused",
        "orphans",
    )
    turn = Turn(
        State.FAILED,
        at,
        1.0,
        f"sha256:{'0' * 64}",
        {**dict.fromkeys(names, 1), "done": 1},
        drift=(address,),
        touched={address: Touched(Address.parse(address), "2026-11-30T08:00:00Z")},
        waves=(Wave("orders", 1, (("Instance/acme/orders", "pending"),), Stands.NEXT),),
        told=(Told("graphql", "the name is taken", address, "choose another one"),),
        held="the plan is refused",
    )
    board = Board("shop", "production", at)
    board.take(turn)
    return board, turn


_EXAMPLE = _example()
