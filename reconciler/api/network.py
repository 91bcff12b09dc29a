"""The way out to the network: what the process's environment says of proxies and certificates is checked,
so that a variable that is wrong is named.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from reconciler.model.errors import InvalidInput
from reconciler.model.loopback import is_loopback

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def http_client(url: httpx.URL, inner: httpx.AsyncBaseTransport | None, **options: Any) -> httpx.AsyncClient:
    """A client for requests to `url`; `inner` replaces the network. It follows no redirect: what is secret in
    a request goes nowhere but where it belongs. Raises InvalidInput where a variable of the process's
    environment cannot be used.
    """
    # A proxy would carry plain http, and what is secret in it, off this machine.
    trusted = not (url.scheme == "http" and is_loopback(url.host))
    if trusted and inner is None:
        _check(os.environ)
    try:
        return httpx.AsyncClient(transport=inner, trust_env=trusted, follow_redirects=False, **options)
    except (httpx.InvalidURL, ValueError):
        raise _unusable("NO_PROXY", "is not a list of hosts") from None


def _check(environ: Mapping[str, str]) -> None:
    for name in (*_PROXIES, *(one.lower() for one in _PROXIES)):
        if value := environ.get(name):
            _check_proxy(name, value)
    if file := environ.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=file)
        except ssl.SSLError:
            raise _unusable("SSL_CERT_FILE", f'"{file}" holds no certificates in PEM') from None
        except OSError as error:
            why = (error.strerror or "it cannot be read").lower()
            raise _unusable("SSL_CERT_FILE", f'"{file}" cannot be read: {why}') from None
    elif (folder := environ.get("SSL_CERT_DIR")) and not Path(folder).is_dir():
        raise _unusable("SSL_CERT_DIR", f'there is no such folder: "{folder}"')


def _check_proxy(name: str, value: str) -> None:
    """The value is not repeated: it may hold a password."""
    try:
        proxy = httpx.Proxy(value if "://" in value else f"http://{value}")
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or not proxy.url.host:
        raise _unusable(name, "it is not the address of a proxy", "write http://HOST:PORT")
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        hint = 'install what it needs: pip install "httpx[socks]"; or name a proxy that speaks http'
        raise _unusable(name, "it names a SOCKS proxy, which this installation cannot use", hint)


def _unusable(name: str, why: str, hint: str = "correct it, or unset it") -> InvalidInput:
    return InvalidInput.of("environment-variable", f"{name} cannot be used: {why}", hint=hint)
