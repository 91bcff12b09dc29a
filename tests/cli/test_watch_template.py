"""What a webhook is told follows from a template, which is tried first, and reaches nothing."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from reconciler.model.errors import InvalidInput
from reconciler.report.notification import SLACK, Notification, Unfit
from reconciler.verbs.watch_notify import template_of, webhook
from tests.cli.projects import Folder
from tests.cli.test_watch_outward import ended_after_a_line, hooked

USAGE = (Path(__file__).parents[2] / "docs/usage.md").read_text("utf-8")


def test_a_webhook_is_told_what_its_template_says(
    project: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.shop()
    template = tmp_path / "pager.json.j2"
    template.write_text(USAGE.partition("```jinja\n")[2].partition("```")[0])
    with hooked() as (url, told):
        monkeypatch.setenv("HOOK", url)
        options = ("--notify", "HOOK", "--notify-template", str(template))
        assert ended_after_a_line(project, monkeypatch, *options) == 0
    (message,) = told
    assert (message["event_action"], message["payload"]["source"]) == ("trigger", "sandbox")
    assert message["payload"]["summary"].startswith("shop in sandbox is pending")


@pytest.mark.parametrize(
    ("source", "said", "line"),
    [
        ("{{ text }}", "no JSON: put | tojson behind", 0),
        ('{"text":\n{{ text | tojson }', "unexpected '}'", 2),
        ('{"text": {{ txt | tojson }}}', "'txt' is undefined", 0),
        ('{"text": {{ event.drift[7].address | tojson }}}', "no element 7", 0),
        ("{% include 'reconciler.yaml' %}", "no loader", 0),
        ('{"text": {{ text.__class__.__mro__[1].__subclasses__() | tojson }}}', "unsafe", 0),
        ('{"text": {{ cycler.__init__.__globals__.os.environ | tojson }}}', "unsafe", 0),
        ('{% set _ = event.update({"state": "well"}) %}{"text": 1}', "unsafe", 0),
        ('{"text": {{ ("x" * 70000) | tojson }}}', "longer than 65,536 bytes", 0),
        ('{"text": {{ range(10000000) | list | tojson }}}', "Range too big", 0),
        ('{"text": {{ 10 ** 5000 }}}', "Exceeds the limit (4300 digits)", 0),
        (f'{{"text": {{{{ {"(" * 3000}1{")" * 3000} }}}}}}', "maximum recursion depth exceeded", 0),
    ],
)
def test_a_template_that_is_unfit(source: str, said: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "hook.j2"
    file.write_text(source)
    with pytest.raises(InvalidInput) as caught:
        template_of(file)
    (wrong,) = caught.value.diagnostics
    assert wrong.code == "notify-template"
    assert said in wrong.message
    assert wrong.source is not None
    assert (wrong.source.file, wrong.source.line) == (str(file), line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--notify-template", "hook.j2"], "--notify-template is for --notify"),
        (
            ["--notify", "HOOK", "--notify-template", "nowhere.j2"],
            '"nowhere.j2" cannot be read: no such file',
        ),
    ],
)
def test_what_is_asked_for_wrongly(
    project: Folder, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("HOOK", "https://hooks.example/hunter2")
    code, _, err = project("watch", *arguments)
    assert code == 3
    assert said in err


def test_slack_cannot_be_steered_by_what_is_told() -> None:
    body = json.loads(Notification(SLACK).body('<!channel> "@here" \\ & \x1b[31mred', {}))
    assert body == {"text": '&lt;!channel&gt; "@\u200bhere" \\ &amp; \\x1b[31mred'}


def test_a_template_that_fails_later_is_told_once_and_stops_nothing() -> None:
    said: list[str] = []
    with hooked() as (url, told):
        template = Notification('{"text": {{ event.errors[0].message | tojson }}}')
        hook = webhook("HOOK", {"HOOK": url}, said.append, template)
        for _ in range(2):
            anyio.run(hook.send, "all is well", {"errors": []})
        anyio.run(hook.send, "it is not", {"errors": [{"message": "down"}]})
    assert told == [{"text": "down"}]
    assert len(said) == 1
    assert "its template cannot be filled in" in said[0]
    with pytest.raises(Unfit):
        template.body("", {})
