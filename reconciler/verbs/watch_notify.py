"""Tells a webhook what became different. It decides nothing: where it fails, the loop goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio
import httpx

from reconciler.model.errors import InvalidInput
from reconciler.model.loopback import is_loopback
from reconciler.model.secret import Secret
from reconciler.report.sanitize import terminal
from reconciler.verbs.named_secret import named_secret

_PATIENCE = 10.0  # seconds
_FIRST_BAD = 300


@dataclass(slots=True)
class Webhook:
    """One that takes `{"text": …}`, as Slack's do. Whoever knows its url can write there, so that nothing
    shows more of it than the variable that it stands in.
    """

    variable: str
    url: Secret
    say: Callable[[str], None] = field(repr=False)
    failing: bool = False

    async def send(self, text: str) -> None:
        """Sends a message. That it fails is told once, until it works again."""
        why = await self._post(_inert(text))
        if why and not self.failing:
            self.say(f"the webhook of {self.variable} {why}; the loop goes on, and tells it nothing twice")
        self.failing = bool(why)

    async def _post(self, text: str) -> str:
        """Why it did not arrive; empty where it did."""
        url = self.url.reveal()
        try:
            with anyio.fail_after(_PATIENCE):
                async with httpx.AsyncClient(trust_env=not is_loopback(httpx.URL(url).host)) as client:
                    response = await client.post(url, json={"text": text})
        except TimeoutError:
            return f"does not answer within {_PATIENCE:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return f"cannot be reached ({type(error).__name__})"  # its text may hold the url
        return f"answers {response.status_code}" if response.status_code >= _FIRST_BAD else ""


def webhook(variable: str, environ: Mapping[str, str], say: Callable[[str], None]) -> Webhook:
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
    return Webhook(variable, found, say)


def _inert(text: str) -> str:
    """The text without what a chat takes for markup, or for the name of somebody to call."""
    escaped = terminal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u200b")
