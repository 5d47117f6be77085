"""What the proxy does not let in, does not let out, and never writes down."""

import json
import socket
import time
from dataclasses import replace

import pytest

from harness_forge.config.proxy import LimitsConfig, ProxyConfig, UpstreamConfig
from harness_forge.core.errors import ConfigError, ServeError
from harness_forge.serving.proxy import privacy
from harness_forge.serving.proxy.spool import Spool

CHAT = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'


def said(url, raw, more=b""):
    """Return all that the proxy answers to bytes on a wire."""
    with socket.create_connection(url.removeprefix("http://").split(":"), timeout=2) as wire:
        wire.sendall(raw)
        got = b""
        try:
            while piece := wire.recv(65536):
                got += piece
                if more and b"100 Continue" in got:
                    wire.sendall(more)
                    more = b""
        except (TimeoutError, ConnectionResetError):
            pass
    return got


def post(headers, body=BODY, line=b"POST /v1/chat/completions HTTP/1.1"):
    kind = b"content-type: application/json"
    return b"\r\n".join([line, b"host: localhost", kind, *headers, b"", body])


SMUGGLED = {
    "length and chunks": post([b"content-length: 4", b"transfer-encoding: chunked"], b"0\r\n\r\n"),
    "two lengths": post([b"content-length: 27", b"content-length: 3"]),
    "two equal lengths": post([b"content-length: 27", b"content-length: 27"]),
    "signed length": post([b"content-length: +27"]),
    "odd coding": post([b"transfer-encoding: xchunked"], b"0\r\n\r\n"),
    "chunked is not last": post([b"transfer-encoding: chunked, identity"], b"0\r\n\r\n"),
    "two codings": post([b"transfer-encoding: chunked", b"transfer-encoding: identity"], b""),
    "space before colon": post([b"content-length : 27"]),
    "bare newline": post([b"content-length: 27\nx: y"]),
    "folded header": post([b"x: a\r\n b", b"content-length: 27"]),
    "hexadecimal sign": post(
        [b"transfer-encoding: chunked"], b"0x1b\r\n" + BODY + b"\r\n0\r\n\r\n"
    ),
    "null in a header": post([b"x: a\0b", b"content-length: 27"]),
    "two hosts": post([b"host: other", b"content-length: 27"]),
    "two keys": post([b"authorization: a", b"authorization: b", b"content-length: 27"]),
    "another server": post([b"content-length: 27"], line=b"POST http://evil/v1/models HTTP/1.1"),
    "no path": post([b"content-length: 27"], line=b"POST //v1/models HTTP/1.1"),
    "way up": post([b"content-length: 27"], line=b"POST /v1/../metrics HTTP/1.1"),
    "upgrade": post([b"connection: upgrade", b"upgrade: websocket"]),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_two_parsers_could_read_in_two_ways_is_refused(proxied, models, name):
    proxy = proxied()
    answer = said(proxy.url, SMUGGLED[name])
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert models.seen == []


def test_headers_named_by_connection_and_hop_by_hop_ones_stay_here(proxied, models):
    proxy = proxied()
    own = [b"connection: close, x-secret", b"x-secret: 1", b"te: trailers", b"x-kept: 1"]
    said(proxy.url, post([*own, b"content-length: 27", b"proxy-authorization: Basic x"]))
    head = models.seen[0][0].lower()
    assert b"x-kept: 1" in head
    assert not any(word in head for word in (b"x-secret", b"te:", b"proxy-auth", b"connection:"))


def test_a_trailer_cannot_bring_a_header_in(proxied, models):
    proxy = proxied()
    chunks = b"1b\r\n" + BODY + b"\r\n0\r\nauthorization: Bearer late\r\n\r\n"
    said(proxy.url, post([b"transfer-encoding: chunked", b"connection: close"], chunks))
    head, body = models.seen[0]
    assert body == BODY and b"late" not in head
    assert b"content-length: 27" in head and b"transfer-encoding" not in head.lower()


@pytest.mark.parametrize(
    "headers",
    [[b"x-%d: 1" % n for n in range(10_000)], [b"x: " + b"a" * 200_000]],
    ids=["10k headers", "a long one"],
)
def test_too_many_or_too_large_headers_are_refused(proxied, headers):
    assert said(proxied().url, post(headers)).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(proxied, models):
    proxy = proxied(limits=LimitsConfig(body_mb=1))
    declared = post([b"content-length: 104857600", b"expect: 100-continue"], b"")
    assert said(proxy.url, declared).startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n%b\r\n" % (1 << 20, b"a" * (1 << 20))
    grown = post([b"transfer-encoding: chunked"], chunk * 3)
    assert b"413" in said(proxy.url, grown)[:20]
    assert models.seen == []


def test_who_waits_to_be_told_is_told_to_go_on(proxied):
    declared = post([b"content-length: 27", b"expect: 100-continue", b"connection: close"], b"")
    answer = said(proxied().url, declared, more=BODY)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_a_request_that_trickles_in_is_ended(proxied):
    proxy = proxied(limits=LimitsConfig(read_s=0.5))
    begun = time.monotonic()
    assert said(proxy.url, b"POST /v1/chat/completions HTTP/1.1\r\nhost: l").startswith(
        b"HTTP/1.1 408 "
    )
    assert time.monotonic() - begun < 5


def test_a_server_that_does_not_begin_is_ended(proxied):
    proxy = proxied(limits=LimitsConfig(first_byte_s=0.5))
    answer = proxy.client.post(CHAT, json={"model": "slow", "messages": []})
    assert answer.status_code == 502
    assert "began no answer within 0.5 s" in answer.json()["error"]["message"]


def test_too_many_callers_are_told_so(proxied):
    proxy = proxied(limits=LimitsConfig(connections=1))
    address = proxy.url.removeprefix("http://").split(":")
    with socket.create_connection(address):
        time.sleep(0.1)
        assert said(proxy.url, post([b"content-length: 27"])).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("body", [b"{no json", b"[1]", b"", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(proxied, models, body):
    answer = proxied().client.post(CHAT, content=body)
    assert answer.status_code == 400 and "no JSON" in answer.json()["error"]["message"]
    assert models.seen == []


@pytest.mark.parametrize("path", ["/v1/load_lora_adapter", "/api/pull", "/metrics", "/v1/chat"])
def test_what_changes_a_server_is_not_passed_on(proxied, models, path):
    assert proxied().client.post(path, json={}).status_code == 403
    assert models.seen == []


def test_a_page_under_another_name_cannot_speak_to_a_local_proxy(proxied):
    proxy = proxied()
    assert proxy.client.get("/v1/models", headers={"host": "evil.example"}).status_code == 421


def test_keys_are_asked_for_and_go_neither_on_nor_into_the_spool(proxied, models, monkeypatch):
    monkeypatch.setenv("PROXY_KEYS", "first-key, second-key")
    proxy = proxied(key_env="PROXY_KEYS")
    for shown in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer first-ke"}):
        assert proxy.client.post(CHAT, content=BODY, headers=shown).status_code == 401
    headers = {"authorization": "Bearer second-key", "cookie": "session=crumb"}
    assert proxy.client.post(CHAT, content=BODY, headers=headers).status_code == 200
    assert b"second-key" not in models.seen[0][0]
    kept = json.dumps([one.facts for one in proxy.kept()])
    assert "second-key" not in kept and "crumb" not in kept
    assert proxy.client.get("/forge/health").json() == {"state": "well"}


@pytest.mark.parametrize("shown", ["bearer second-key", "BEARER  second-key", "second-key"])
def test_a_bearer_is_one_in_any_case(proxied, monkeypatch, shown):
    monkeypatch.setenv("PROXY_KEYS", "second-key")
    proxy = proxied(key_env="PROXY_KEYS")
    headers = {"authorization": shown}
    assert proxy.client.post(CHAT, content=BODY, headers=headers).status_code == 200


def test_a_server_gets_its_own_key(proxied, models, monkeypatch):
    monkeypatch.setenv("UPSTREAM_KEY", "theirs")
    proxy = proxied(upstreams={"local": UpstreamConfig(models.url, key_env="UPSTREAM_KEY")})
    proxy.client.post(CHAT, content=BODY, headers={"authorization": "Bearer mine"})
    assert b"authorization: Bearer theirs" in models.seen[0][0]
    assert b"mine" not in models.seen[0][0]


@pytest.mark.parametrize("url", ["http://api.example.com/v1", "http://10.0.0.5:8000"])
def test_a_server_elsewhere_must_be_allowed_by_name(url):
    with pytest.raises(ConfigError) as caught:
        privacy.check_upstream("far", url, [])
    assert "is not this host" in caught.value.what
    privacy.check_upstream("far", url, ["api.example.com", "10.0.0.5"])


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://u:p@127.0.0.1"])
def test_what_is_no_url_of_a_server_is_told(url):
    with pytest.raises(ConfigError):
        privacy.check_upstream("odd", url, [])


def test_names_that_only_look_local_are_not():
    assert all(map(privacy.is_local, ("localhost", "127.0.0.9", "::1", "[::1]")))
    assert not any(map(privacy.is_local, ("localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0")))


def test_two_proxies_cannot_have_one_port_or_one_spool(proxied, tmp_path):
    proxy = proxied()
    port = int(proxy.url.rpartition(":")[2])
    from harness_forge.serving.proxy.event_loop import run
    from harness_forge.serving.proxy.gateway import Gateway
    from harness_forge.serving.proxy.guard import ArmGuard

    config = replace(proxy.gateway.config, port=port)
    with pytest.raises(ServeError) as caught:
        run(Gateway(config, None, ArmGuard(config.guard, tmp_path / "g")), print)
    assert caught.value.what == f"127.0.0.1:{port} is taken"
    with pytest.raises(ServeError) as caught:
        Spool(tmp_path / "spool", 1, 1, False)
    assert "another proxy" in caught.value.what


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"item": "i", "passed": True}, 202),
        ([{"item": "i", "value": 0.5, "passed": False}, {"item": "j", "value": 1}], 202),
        ({"passed": True}, 400),
        ({"item": "i"}, 400),
        ({"item": "i", "passed": "yes"}, 400),
        ({"item": "i", "passed": True, "attempt": 0}, 400),
        ({"item": "i", "passed": True, "value": 7}, 400),
        ("x", 400),
    ],
)
def test_outcomes_say_what_passed_and_of_which_item(proxied, told, code):
    assert proxied().client.post("/outcomes", json=told).status_code == code


def test_a_form_on_a_web_page_cannot_post_outcomes(proxied):
    body, kind = b'{"item":"i","passed":true}', {"content-type": "text/plain"}
    answer = proxied().client.post("/outcomes", content=body, headers=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("depth", [255, 1015])
def test_outcomes_nested_too_deeply_to_be_kept_are_refused(proxied, depth):
    proxy = proxied()
    body = b'{"item":"i","passed":true,"x":' + b"[" * depth + b"]" * depth + b"}"
    answer = proxy.client.post("/outcomes", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "the outcomes are nested too deeply"
    assert proxy.kept() == []


CLIMBS = [
    "/v1/models/%2e%2e/load_lora_adapter",
    "/v1/models/..%2fload_lora_adapter",
    "/v1/models/%2E%2E%2fmetrics",
    "/v1/models/..;/metrics",
    "/v1/models/..%3b/metrics",
    "/v1/models/..%5cmetrics",
    "/v1/models/%252e%252e/metrics",
    "/v1/models/%25252e%25252e/metrics",
    "/v1/models/%2525252525252e./metrics",
    "/v1/models/%c0%ae%c0%ae/metrics",
    "/v1/models/%ef%bc%8e%ef%bc%8e/metrics",
    "/v1/models/./x",
    "/v1/models//x",
    "/v1/models/x#/../metrics",
    "/v1/models/x%0d%0ax: y",
    "/v1/models/x%00",
    "/r/..%2f/worker/v1/models",
    "/r/run/worker/..;/v1/models",
]


@pytest.mark.parametrize("path", CLIMBS)
def test_no_form_of_a_path_leads_up(proxied, models, path):
    line = b"GET " + path.replace(" ", "%20").encode() + b" HTTP/1.1"
    answer = said(proxied().url, post([b"connection: close"], b"", line))
    assert answer.startswith(b"HTTP/1.1 400 ") and b"the target is no path" in answer
    assert models.seen == []


@pytest.mark.parametrize("path", ["/v1/models/org%2Fname", "/v1/models/a.b", "/v1/models/..a"])
def test_a_models_name_may_hold_a_slash_and_dots(proxied, models, path):
    assert proxied().client.get(path).status_code == 200
    assert models.seen[0][0].startswith(f"GET {path} ".encode())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models"),
        ("DELETE", "/v1/models/m"),
        ("POST", "/v1/models/m"),
        ("GET", CHAT),
        ("OPTIONS", CHAT),
        ("OPTIONS", "/v1/models"),
        ("OPTIONS", "/tokenize"),
        ("OPTIONS", "/outcomes"),
        ("OPTIONS", "/forge/health"),
        ("GET", "/outcomes"),
        ("POST", "/r/run/worker/v1/models"),
    ],
)
def test_a_path_takes_its_own_method_alone(proxied, models, method, path):
    assert proxied().client.request(method, path).status_code == 405
    assert models.seen == []


def drips(url, first, drop, seconds):
    """Send a byte now and then; return what was answered, and after how long."""
    begun, got = time.monotonic(), b""
    with socket.create_connection(url.removeprefix("http://").split(":"), timeout=0.1) as wire:
        wire.sendall(first)
        while time.monotonic() - begun < seconds:
            try:
                wire.sendall(drop)
                if not (piece := wire.recv(65536)):
                    break
                got += piece
            except TimeoutError:
                continue
            except OSError:
                break
    return got, time.monotonic() - begun


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"


@pytest.mark.parametrize(
    ("first", "drop"), [(HEAD + b"x: ", b"y"), (HEAD + b"content-length: 9999\r\n\r\n", b" ")]
)
def test_a_byte_now_and_then_keeps_no_connection(proxied, first, drop):
    got, seconds = drips(proxied(limits=LimitsConfig(read_s=0.5)).url, first, drop, 8)
    assert got.startswith(b"HTTP/1.1 408 ") and seconds < 6


def test_empty_lines_before_a_request_keep_no_connection(proxied):
    got, seconds = drips(proxied(limits=LimitsConfig(idle_s=0.5)).url, b"", b"\r\n", 8)
    assert got == b"" and seconds < 6


def test_half_a_surrogate_in_a_models_name_is_captured(proxied, models):
    proxy = proxied()
    body = b'{"model": "m\\ud800", "messages": []}'
    assert proxy.client.post(CHAT, content=body).status_code == 200
    (one,) = proxy.kept()
    assert one.facts["asked"] == "m\ud800" and one.request == body


def test_a_proxy_that_listens_to_others_takes_any_name():
    assert privacy.addressed("host.example:30000", ProxyConfig(host="0.0.0.0"))
    assert not privacy.addressed("host.example:30000", ProxyConfig())
    assert privacy.addressed("host.example", ProxyConfig(hosts=["host.example"]))
