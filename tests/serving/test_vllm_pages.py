"""What vLLM's API server loads: requests of web pages are refused before vLLM reads them."""

import asyncio

import pytest

from harness_forge.serving.vllm_command import PLUGINS

OWN = ["127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000", "127.9.9.9"]
FOREIGN = ["", "pages.example:8000", "127.0.0.1.pages.example", "localhost.", "vllm", "localhost:x"]


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(PLUGINS)
    import forge_vllm_pages

    return forge_vllm_pages


def asked(pages, headers, kind="http"):
    """Return what a request with these headers is answered with; 200 is the server's own."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers]
    asyncio.run(pages.Pages(app)({"type": kind, "headers": raw}, None, send))
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize("host", OWN)
def test_a_program_of_this_machine_is_answered(pages, host):
    assert asked(pages, [("host", host)]) == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_page_that_calls_its_own_name_this_machine_is_not(pages, host):
    same = [("host", host), ("origin", f"http://{host}"), ("sec-fetch-site", "same-origin")]
    assert asked(pages, same) == 403


@pytest.mark.parametrize(
    "header",
    [
        ("origin", "https://pages.example"),
        ("origin", "null"),
        ("origin", ""),
        ("Origin", "http://127.0.0.1:9000"),
        ("origin", "https://127.0.0.1:8000"),
        ("sec-fetch-site", "cross-site"),
        ("Sec-Fetch-Site", "Same-Site"),
    ],
)
@pytest.mark.parametrize(("kind", "answer"), [("http", 403), ("websocket", 1008)])
def test_a_page_of_another_origin_is_refused(pages, header, kind, answer):
    assert asked(pages, [("host", "127.0.0.1:8000"), header], kind) == answer


def test_a_second_header_hides_no_first(pages):
    twice = [("host", "127.0.0.1:8000"), ("origin", "null"), ("origin", "http://127.0.0.1:8000")]
    assert asked(pages, twice) == 403


def test_a_name_that_was_given_to_the_server_is_its_own(pages, monkeypatch):
    monkeypatch.setattr(pages, "_NAMES", {"localhost", "vllm"})
    assert asked(pages, [("host", "vllm:8000")]) == 200
