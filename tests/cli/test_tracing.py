"""A collector of OpenTelemetry is told what runs do, and nothing that a manifest or a tenant says. Nothing of
it is loaded where no collector is named.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from reconciler.model.tracing import Spans
from reconciler.verbs.tracing import is_followed, tracing
from tests.cli.projects import Folder
from tests.cli.test_watch_outward import ended_after_a_line


class Collector:
    """What arrived: each span's name, id, parent's id and facts; and the bytes of it all."""

    def __init__(self, url: str) -> None:
        self.url, self.bodies = url, list[bytes]()

    @property
    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        requests = map(ExportTraceServiceRequest.FromString, self.bodies)
        return [
            span
            for request in requests
            for one in request.resource_spans
            for scope in one.scope_spans
            for span in scope.spans
        ]

    def facts(self, name: str) -> list[dict[str, Any]]:
        return [
            {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}
            for span in self.spans
            if span.name == name
        ]

    def parents(self) -> set[tuple[str, str]]:
        names = {span.span_id: span.name for span in self.spans}
        return {(span.name, names.get(span.parent_span_id, "")) for span in self.spans}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """One on this machine, which the environment names."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Collector(f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def test_a_turn_is_followed_down_to_its_requests(
    project: Folder, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "hunter2-of-acme")
    project.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "ACME_KEY"}}}}})
    project.manifest("Customer", "beta", name="Beta-the-customer")
    assert ended_after_a_line(project, monkeypatch, "--apply") == 0
    assert collector.parents() >= {
        ("turn", ""),
        ("plan", "turn"),
        ("read", "plan"),
        ("apply", "turn"),
        ("request", "apply"),
    }
    (turn,) = collector.facts("turn")
    assert turn["reconciler.state"] in ("applied", "failed")
    requests = collector.facts("request")
    created = [one for one in requests if one["reconciler.operation"] == "createCustomer"]
    assert {one["http.response.status_code"] for one in requests} == {200}
    assert {one["reconciler.type"] for one in created} == {"mutation"}
    told = b"".join(collector.bodies)
    assert b"reconciler" in told
    assert b"hunter2" not in told
    assert b"Beta-the-customer" not in told


def fails(spans: Spans | None) -> None:
    assert spans is not None
    with spans("request", operation="customers") as span:
        span.note("calls", 3)
        raise ValueError("hunter2")


def test_an_error_is_told_by_its_type(collector: Collector) -> None:
    with (
        pytest.raises(ValueError, match="hunter2"),
        tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "x"}, print) as spans,
    ):
        fails(spans)
    assert collector.facts("request") == [
        {"reconciler.operation": "customers", "reconciler.calls": 3, "error.type": "ValueError"}
    ]
    assert collector.spans[0].status.code == 2
    assert b"hunter2" not in b"".join(collector.bodies)


def test_plan_and_apply_are_followed_too(project: Folder, collector: Collector) -> None:
    project.manifest("Customer", "beta", name="Beta")
    assert project("apply", "--yes")[0] == 0
    assert {name for name, _ in collector.parents()} == {"plan", "read", "apply", "request"}
    assert collector.facts("apply") == [{"reconciler.actions": 1}]


def test_a_collector_that_is_gone_is_said_once_and_stops_nothing(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:hunter2@127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    project.manifest("Customer", "beta", name="Beta")
    code, _, err = project("plan")
    assert code == 0
    assert err.count("the collector of OpenTelemetry does not take") == 1
    assert "hunter2" not in err


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, said.append) as spans:
        assert spans is None
    assert said == ['OpenTelemetry is not installed, and no traces are sent: pip install "reconciler[otel]"']


@pytest.mark.parametrize(
    ("environ", "followed"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_when_a_run_is_followed(environ: dict[str, str], followed: bool) -> None:
    assert is_followed(environ) is followed


def test_nothing_is_loaded_where_nobody_follows(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    assert project("plan")[0] == 0
    assert [name for name in sys.modules if name.startswith("opentelemetry")] == []


def test_a_collector_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.verbs.tracing._LAST_WORDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with tracing(os.environ, print) as spans:
            assert spans is not None
            with spans("turn"):
                begun = time.monotonic()
        assert time.monotonic() - begun < 2
