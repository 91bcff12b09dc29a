"""A tenant that refuses what bears a secret, and says so in words that hold it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec


def refusal(request: httpx.Request, rng: random.Random) -> httpx.Response:
    """One of the ways in which servers repeat what they were sent."""
    body = msgspec.json.decode(request.content)
    root = str(body["query"]).partition("{")[2].partition("(")[0].partition(":")[0].strip()
    inputs = [value for name, value in (body.get("variables") or {}).items() if name.startswith("input")]
    given = next((one for one in inputs if any("canary/" in text for text in _texts(one))), {})
    return rng.choice(_WAYS)(root, given, request, rng)


def _at_the_top(
    _: str, given: Mapping[str, Any], request: httpx.Request, rng: random.Random
) -> httpx.Response:
    said = rng.choice([json.dumps(given), json.dumps(given, ensure_ascii=False), repr(given)])
    return _answer(request, {"data": None, "errors": [{"message": f"Cannot process {said} at present"}]})


def _in_the_payload(
    root: str, given: Mapping[str, Any], request: httpx.Request, _: random.Random
) -> httpx.Response:
    kind = next((one for one in ("instance", "integration", "customer") if one in root.lower()), "instance")
    told = [f"{json.dumps(value, ensure_ascii=False)} is not valid" for value in _texts(given)]
    payload = {kind: None, "errors": [{"field": "configVariables", "messages": told}]}
    return _answer(request, {"data": {root: payload}})


def _cut(_: str, given: Mapping[str, Any], request: httpx.Request, rng: random.Random) -> httpx.Response:
    secret = next((text for text in _texts(given) if "canary/" in text), "canary/")
    at = secret.index("canary/")
    part = secret[at : at + rng.choice([40, 60])]
    return _answer(request, {"data": None, "errors": [{"message": f"value too long: {part}…"}]})


def _page(_: str, __: Mapping[str, Any], request: httpx.Request, ___: random.Random) -> httpx.Response:
    text = request.content.decode()
    return httpx.Response(400, text=f"<html><body>Bad request: {text}</body></html>", request=request)


def _answer(request: httpx.Request, body: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body, request=request)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


_WAYS = (_at_the_top, _in_the_payload, _cut, _page)
