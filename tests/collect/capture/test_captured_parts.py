"""Captured requests of a session: what they repeat is kept once, and read as it passed."""

import json

import pytest

from harness_forge.store.escaping import restored
from harness_forge.store.forgetting.forget import ForgetTarget, forget
from harness_forge.store.forgetting.tombstones import TombstoneKind

CHAT = "/v1/chat/completions"
SKILL = ("skill=recorded", "skill.name=support")
WHOLE = "support.captured_request(run_id, request, shared)"
TOOLS = [
    {"type": "function", "function": {"name": name, "description": name * 200, "parameters": {}}}
    for name in ("apply_fix", "look", "ask")
]
SYSTEM = {"role": "system", "content": 'You look after \u00e4 desk\tof "lamps" \\ \u2028.' * 9}


def session(turns: int, name: str = "s") -> list[dict]:
    """Return the requests of a conversation, each with the one before in it."""
    asked = [SYSTEM]
    found = []
    for turn in range(turns):
        asked = [*asked, {"role": "user", "content": f"{name} {turn}: " + "how long is it? " * 40}]
        found.append({"model": "m", "messages": asked, "tools": TOOLS, "temperature": 0.5})
        asked = [*asked, {"role": "assistant", "content": f"{name} {turn}: two spans. " * 30}]
    return found


@pytest.fixture
def sent(captured):
    """A proxy, and what asks it for a body as one of an item's requests."""
    proxy = captured(None, *SKILL)

    def ask(body, item="a", run="r1", path=CHAT):
        headers = {"x-forge-item": item}
        return proxy.client.post(f"/r/{run}/worker{path}", json=body, headers=headers)

    proxy.ask = ask
    return proxy


def stored(proxy) -> list[str]:
    query = f"SELECT {WHOLE}::text FROM support.captures ORDER BY started_at, id"
    return [text for (text,) in proxy.rows(query)]


def as_text(body) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def test_a_session_is_read_as_it_passed_and_takes_the_room_of_what_was_said(sent):
    bodies = session(30)
    for body in bodies:
        sent.ask(body)
    sent.drain()
    assert stored(sent) == [as_text(body) for body in bodies]
    parts = sent.rows("SELECT count(*), sum(length(part::text)) FROM support.captured_parts")[0]
    assert parts[0] == len(TOOLS) + 60  # the system prompt, 30 questions, 29 answers
    assert parts[1] < 2 * len(as_text(bodies[-1]))
    own = "SELECT max(length(request::text) + length(shared::text)) FROM support.captures"
    assert sent.rows(own)[0][0] < 200


def test_sessions_that_alternate_within_a_run_keep_their_own(sent):
    one, other = session(6, "one"), session(6, "other")
    mixed = [body for pair in zip(one, other, strict=True) for body in pair]
    for number, body in enumerate(mixed):
        sent.ask(body)
        if number == 4:
            sent.drain()  # later batches find what an earlier one wrote
    sent.drain()
    assert stored(sent) == [as_text(body) for body in mixed]


def test_an_attempt_is_made_of_the_whole_requests(sent):
    bodies = session(8)
    for body in bodies:
        sent.ask(body)
    told = {"run": "r1", "item": "a", "passed": True}
    assert sent.client.post("/outcomes", json=told).status_code == 202
    assert sent.drain().joined.turns == 8
    query = "SELECT messages, tools, sampling FROM support.turn_examples ORDER BY iteration"
    assert sent.rows(query) == [(body["messages"], TOOLS, {"temperature": 0.5}) for body in bodies]


SMALL = {"model": "m", "messages": [{"role": "user", "content": "how long?"}]}
ODD = [
    {"model": "m", "messages": [{"role": "user", "content": "nul \0 in it " * 500}]},
    {"model": "m", "messages": "no list " * 900},
    {"model": "m", "messages": {"role": "user", "content": "no list " * 900}},
    {"model": "m", "messages": [], "tools": None, "input": [*range(5000)]},
    {"model": "m", "input": ["words", *(f"word {n}" for n in range(900))], "prompt": "x" * 5000},
    {"model": "m", "messages": [1, None, {"role": "user", "content": "mixed " * 900}]},
]


@pytest.mark.parametrize("body", [SMALL, *ODD], ids=range(len(ODD) + 1))
def test_a_request_of_any_shape_is_read_as_it_passed(sent, body):
    sent.ask(body)
    sent.drain()
    (text,) = stored(sent)
    assert restored(json.loads(text)) == body


def test_small_requests_and_lists_of_numbers_make_no_rows_of_their_own(sent):
    sent.ask(SMALL)
    sent.drain()
    assert sent.rows("SELECT count(*) FROM support.captured_parts") == [(0,)]
    sent.ask({"model": "m", "input": [*range(5000)]}, path="/v1/embeddings")
    sent.drain()
    assert sent.rows("SELECT count(*) FROM support.captured_parts") == [(1,)]


def test_what_a_forgotten_item_alone_had_is_deleted(sent, store):
    kept, lost = session(3, "kept"), session(3, "lost")
    for body in kept:
        sent.ask(body, item="a")
    for body in lost:
        sent.ask(body, item="b")
    sent.drain()
    forget(store.url, store.skills(), ForgetTarget(TombstoneKind.item, "b"), "asked for")
    assert stored(sent) == [as_text(body) for body in kept]
    assert sent.rows("SELECT count(*) FROM support.captured_parts WHERE part::text ~ 'lost'") == [
        (0,)
    ]
    forget(store.url, store.skills(), ForgetTarget(TombstoneKind.item, "a"), "asked for")
    assert sent.rows("SELECT count(*) FROM support.captured_parts") == [(0,)]
