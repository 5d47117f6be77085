"""Files of metrics in their own formats, and a webhook that only this machine gets."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness_forge.cli import main
from harness_forge.cli.health import ALERTS
from harness_forge.report.health.alerts import AlertKind

LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+)\})? (\S+)')


def parsed(text):
    """Return name and labels to value, as strictly as the text format has it."""
    found, typed = {}, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert kind == "gauge"
            assert name not in typed
            typed.add(name)
        elif not line.startswith("# HELP "):
            name, labels, value = LINE.fullmatch(line).groups()
            assert name in typed
            assert (name, labels) not in found
            found[name, labels] = float(value)
    return found


def test_prometheus_text(health, fill, tmp_path):
    fill("lamps", before=8, recent=5, model='a "b"\\c\nd')
    health(f"health.prometheus={tmp_path}/x/forge.prom")
    file = tmp_path / "x" / "forge.prom"
    found = parsed(file.read_text())
    who = 'skill="lamps",model="a \\"b\\"\\\\c\\nd"'
    assert found["harness_forge_attempt_pass_ratio", who] == 0.5
    assert found["harness_forge_attempt_pass_before_ratio", who] == 0.8
    assert found["harness_forge_attempt_duration_seconds", who] == 2
    assert found["harness_forge_alerts", 'kind="declining"'] == 1
    assert {labels for name, labels in found if name == "harness_forge_alerts"} == {
        f'kind="{kind.value}"' for kind in AlertKind
    }
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(file.parent.iterdir()) == [file]


def test_open_telemetry(health, fill, tmp_path):
    fill("lamps", model="half \u241bd800")
    file = tmp_path / "otlp.jsonl"
    for _ in range(2):
        health(f"health.otlp={file}")
    first, second = map(json.loads, file.read_text().splitlines())
    assert first.keys() == second.keys() == {"resourceMetrics"}
    (scope,) = first["resourceMetrics"][0]["scopeMetrics"]
    made = {metric["name"]: metric for metric in scope["metrics"]}
    assert made["harness_forge.attempt.duration"]["unit"] == "s"
    (point,) = made["harness_forge.attempt.pass"]["gauge"]["dataPoints"]
    keys = {one["key"]: one["value"]["stringValue"] for one in point["attributes"]}
    assert keys == {"harness_forge.skill": "lamps", "gen_ai.request.model": "half \\ud800"}
    assert point["asDouble"] == 0.8


def test_open_telemetrys_own_messages_read_it(health, fill, tmp_path):
    proto = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")
    from google.protobuf import json_format

    fill("lamps")
    health(f"health.otlp={tmp_path}/otlp.jsonl")
    text = (tmp_path / "otlp.jsonl").read_text()
    request = json_format.Parse(text, proto.ExportMetricsServiceRequest())
    (resource,) = request.resource_metrics
    assert resource.resource.attributes[0].value.string_value == "harness-forge"
    assert len(resource.scope_metrics[0].metrics) > 12


def test_a_file_that_cannot_be_written_loses_no_report(health, fill, tmp_path):
    fill("lamps")
    (tmp_path / "taken").write_text("")
    code, found = health(f"health.json_file={tmp_path}/taken/health.json")
    assert (code, found["healthy"]) == (2, True)


def test_what_failed_is_said_in_quiet_too_and_the_alert_is_the_exit_code(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    file = f"health.prometheus={tmp_path}/taken/forge.prom"
    assert main(["health", "--quiet", file, f"forge_home={tmp_path}/none"]) == ALERTS
    said = capsys.readouterr()
    assert "no skill has records" in said.out
    assert f"{tmp_path}/taken" in said.err
    assert "cannot be written" in said.err


@pytest.fixture
def server():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(302 if "away" in self.path else 204)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}", got
        serving.shutdown()
        thread.join()


def test_the_webhook_gets_the_report_when_an_alert_stands(health, fill, server, monkeypatch):
    url, got = server
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    fill("lamps", before=8, recent=5)
    _, found = health(f"health.webhook={url}/hook")
    ((path, body),) = got
    assert path == "/hook"
    assert json.loads(body) == found
    got.clear()
    health(f"health.webhook={url}/hook", "health.declining.drop=0.5")
    assert got == []


def test_a_webhook_elsewhere_is_refused_before_anything_is_read(health):
    code, said = health("health.webhook=http://hooks.example/T0/secret")
    assert code == 2
    assert "hooks.example is not this machine" in said
    assert "secret" not in said
    assert "hint: health.allow=[hooks.example] if they may" in said


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "no url", "http://"])
def test_a_webhook_that_is_no_url_is_refused(health, url):
    code, said = health(f"health.webhook='{url}'")
    assert (code, said.startswith("forge: health.webhook: ")) == (2, True)


def test_a_webhook_that_answers_badly_is_said_without_its_path(fill, health, server, capsys):
    from harness_forge.config.health import HealthConfig
    from harness_forge.core.errors import EndpointError
    from harness_forge.report.health.outputs import _checked, _send

    url, _ = server
    with pytest.raises(EndpointError) as error:
        _send(_checked(HealthConfig(webhook=f"{url}/away?token=secret")), "{}")
    assert "answered 302" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_file_of_metrics_that_the_collector_would_not_read_is_refused(health):
    code, said = health("health.prometheus=forge.txt")
    assert code == 2
    assert "health.prometheus=forge.txt.prom" in said
