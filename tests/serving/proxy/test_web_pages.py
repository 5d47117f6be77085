"""A web page that is open on this host cannot have anything answered or kept."""

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHAT = "/v1/chat/completions"
CHROMIUM = shutil.which("chromium")
SENT = (Path(__file__).parent / "sent_by_chromium.txt").read_text().split("\n=======\n")
"""What Chromium 156 sent for the page below, byte for byte but for the ports."""

POISON = '{"model":"m","messages":[{"role":"user","content":"poison"}]}'
PAGE = """<!doctype html><body><script>
const U = '%(proxy)s', B = '%(poison)s', text = {'content-type': 'text/plain'};
const ask = (path, how) => fetch(U + path, {method: 'POST', body: B, ...how}).catch(() => 0);
(async () => {
  await ask('/v1/chat/completions', {mode: 'no-cors', headers: text});
  await ask('/r/run/worker/v1/chat/completions', {mode: 'no-cors', headers: text});
  await ask('/v1/chat/completions', {mode: 'no-cors', body: new Blob([B])});
  await ask('/v1/chat/completions', {headers: {'content-type': 'application/json'}});
  navigator.sendBeacon(U + '/outcomes', new Blob(['{"item":"i","passed":true}']));
  await fetch('/done');
})();
</script>"""


def answered(url, raw):
    """Return the status of the answer to bytes on a wire, None for none."""
    with socket.create_connection(url.removeprefix("http://").split(":"), timeout=5) as wire:
        wire.sendall(raw)
        return int(wire.recv(65536).split(b" ", 2)[1])


def of_page(number, url):
    head, _, body = SENT[number].partition("\n\n")
    head = head.replace("{proxy}", url.removeprefix("http://")).replace("\n", "\r\n")
    length = f"\r\nContent-Length: {len(body)}" if head.startswith("POST") else ""
    lines = [line for line in head.split("\r\n") if not line.startswith("Content-Length")]
    return ("\r\n".join(lines) + length + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize("number", range(10))
def test_nothing_that_a_page_can_send_is_answered_or_kept(proxied, models, number):
    proxy = proxied()
    assert answered(proxy.url, of_page(number, proxy.url)) == 403
    assert models.seen == [] and proxy.kept() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://localhost:30000", "host": "localhost:30000"},
        {"origin": "http://localhost:30001", "host": "localhost:30000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "Same-Site"},
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/r/run/worker" + CHAT, "/outcomes"])
def test_one_foreign_word_is_enough(proxied, models, path, headers):
    proxy = proxied()
    answer = proxy.client.post(path, content=POISON, headers=headers)
    assert answer.status_code == 403
    assert "a web page may not ask the proxy" in answer.json()["error"]["message"]
    assert models.seen == [] and proxy.kept() == []


@pytest.mark.parametrize("path", ["/v1/models", "/forge/health", "/version"])
def test_a_page_reads_nothing_either(proxied, path):
    answer = proxied().client.get(path, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; application/json",
        "application/jsonp",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded",
        "",
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/completions", "/tokenize", "/outcomes"])
def test_a_body_must_be_said_to_be_json(proxied, models, path, kind):
    proxy = proxied()
    answer = proxy.client.post(path, content=POISON, headers={"content-type": kind})
    assert answer.status_code == 415
    assert "the body must be application/json" in answer.json()["error"]["message"]
    assert models.seen == [] and proxy.kept() == []


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_passes_and_so_does_a_page_of_the_proxys_own_origin(proxied, kind):
    headers = {"content-type": kind, "host": "localhost:3", "origin": "http://localhost:3"}
    assert proxied().client.post(CHAT, content=POISON, headers=headers).status_code == 200


@contextmanager
def page(html):
    """Serve a page; yields its port and what is set once its script is through."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/done":
                done.set()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, done
        server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_real_browser_gets_nothing_in(proxied, models, tmp_path, name):
    proxy = proxied()
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-component-update"
    flags += " disable-background-networking disable-sync"
    with page(PAGE % {"proxy": proxy.url, "poison": POISON}) as (port, done):
        words = [f"--{flag}" for flag in flags.split()]
        words += [f"--user-data-dir={tmp_path / 'profile'}", f"http://{name}:{port}/"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen([CHROMIUM, *words], stdout=quiet, stderr=quiet) as browser:
            try:
                assert done.wait(60)
                time.sleep(0.5)
            finally:
                browser.terminate()
    assert proxy.gateway.meters.counts["refused"] >= 5
    assert models.seen == [] and proxy.kept() == []
