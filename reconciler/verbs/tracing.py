"""Tells a collector of OpenTelemetry what a run does and how long it takes, where the environment names one.

Names, counts and statuses leave the process, and nothing that a manifest or a tenant says: no message of an
error and no value. Nothing of the library is loaded where no collector is named.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from reconciler.model.tracing import Fact, Span, Spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Followed

_NAMED = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OFF = "OTEL_SDK_DISABLED"
_TRACES = "OTEL_TRACES_EXPORTER"
_LAST_WORDS = 1.0  # seconds for what was not told yet, once the run ends


def is_followed(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a collector, in the way that all of OpenTelemetry has in common."""
    off = environ.get(_OFF, "").strip().lower() == "true" or environ.get(_TRACES, "").strip() == "none"
    return not off and any(environ.get(name, "").strip() for name in _NAMED)


@contextmanager
def tracing(environ: Mapping[str, str], say: Callable[[str], None]) -> Iterator[Spans | None]:
    """Whom a run tells what it does, for as long as it lasts; None where nobody is to be told. That nothing
    arrives is said once, and stops nothing.
    """
    if not is_followed(environ):
        yield None
        return
    try:
        provider = _provider()
    except ImportError:
        say('OpenTelemetry is not installed, and no traces are sent: pip install "reconciler[otel]"')
        yield None
        return
    with _complaints(say):
        try:
            yield _spans(provider)
        finally:
            # It sends what is left, and would wait for a collector that never answers.
            last = Thread(target=provider.shutdown, daemon=True)
            last.start()
            last.join(_LAST_WORDS)


def _provider() -> TracerProvider:
    from importlib.metadata import version

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    ours = {"service.name": "reconciler", "service.version": version("reconciler")}
    named = OTELResourceDetector().detect()  # what the environment says of the service goes before
    provider = TracerProvider(resource=Resource.create(ours).merge(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _spans(provider: TracerProvider) -> Spans:
    from opentelemetry.trace import Status, StatusCode

    tracer = provider.get_tracer("reconciler")

    @contextmanager
    def span(name: str, /, **facts: Fact) -> Iterator[Span]:
        with tracer.start_as_current_span(
            name, attributes=_named(facts), record_exception=False, set_status_on_exception=False
        ) as followed:
            try:
                yield _Followed(followed)
            except BaseException as error:
                followed.set_status(Status(StatusCode.ERROR))
                followed.set_attribute("error.type", type(error).__name__)
                raise

    return span


class _Followed:
    def __init__(self, span: Followed) -> None:
        self._span = span

    def note(self, name: str, value: Fact) -> None:
        self._span.set_attribute(_name(name), value)


def _named(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    return {_name(name): value for name, value in facts.items()}


def _name(name: str) -> str:
    return name if "." in name else f"reconciler.{name}"


@contextmanager
def _complaints(say: Callable[[str], None]) -> Iterator[None]:
    """Says once that the library complains, instead of each time what about: that may name an address."""

    class Once(logging.Handler):
        said = False

        def emit(self, _: logging.LogRecord) -> None:
            if not self.said:
                self.said = True
                say("the collector of OpenTelemetry does not take what it is sent; nothing waits for it")

    log = logging.getLogger("opentelemetry")
    log.propagate, log.handlers = False, [Once(logging.WARNING)]
    try:
        yield
    finally:
        log.handlers = [logging.NullHandler()]  # what is left of it may go on complaining
