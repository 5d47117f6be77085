"""What is changed in a body, and that nothing else is."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness_forge.core.chat.sse import UsageFilter, events
from harness_forge.serving.proxy.body import parsed, with_model, with_usage

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text() | st.just("model"), VALUES, max_size=5), st.booleans())
def test_only_the_top_level_model_is_replaced(body, ascii_only):
    body |= {"x": {"model": "inner"}, "model": "old"}
    raw = json.dumps(body, ensure_ascii=ascii_only, indent=1).encode("utf-8", "surrogatepass")
    made = with_model(raw, 'n"ew')
    assert json.loads(made.decode("utf-8", "surrogatepass")) == {**body, "model": 'n"ew'}
    if raw.count(b'"old"') == 1:
        assert made == raw.replace(b'"old"', b'"n\\"ew"')


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_asking_for_counts_changes_nothing_else(body):
    body.pop("stream_options", None)
    raw = json.dumps(body).encode()
    assert json.loads(with_usage(raw, None)) == {**body, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize("said", [{"include_obfuscation": False}, {}, None])
def test_what_a_caller_says_of_streams_stays(said):
    raw = json.dumps({"a": 1, "stream_options": said, "b": {"stream_options": 5}}).encode()
    made = json.loads(with_usage(raw, said))
    assert made["stream_options"] == {**(said or {}), "include_usage": True}
    assert made["a"] == 1 and made["b"] == {"stream_options": 5}


def test_no_server_can_read_another_model_than_was_routed():
    doubled = b'{"model":"a","x":[{"model":"n"}],"model":"a"}'
    assert with_model(doubled, "z") == b'{"model":"z","x":[{"model":"n"}],"model":"z"}'
    hidden = b'{"mod\\u0065l":"a","x":{"model":"n"}}'
    assert with_model(hidden, "z") == b'{"mod\\u0065l":"z","x":{"model":"n"}}'


def test_what_only_the_lenient_can_read_is_read():
    assert parsed(b'{"a": NaN, "b": "\\ud800"}') == {"a": "NaN", "b": "\ud800"}


USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'
STREAM = (
    b': hello\n\ndata: {"choices":[{"delta":{"content":"say \\"usage\\""}}],"usage":null}\r\n\r\n'
    b'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\n'
    + USAGE
    + b"data: [DONE]\n\n"
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_counts_alone_are_left_out_however_a_stream_is_cut(cuts):
    places = [0, *sorted(cuts), len(STREAM)]
    made = UsageFilter()
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    shown = b"".join(made.feed(piece) for piece in pieces) + made.rest()
    assert shown == STREAM.replace(USAGE, b"")


def test_whole_events_are_passed_on_at_once():
    made = UsageFilter()
    assert made.feed(b"data: 1\n\nda") == b"data: 1\n\n"
    assert made.feed(b"ta: 2") == b""
    assert made.feed(b"\n\n") == b"data: 2\n\n"
    assert events(b"a\n\nb\r\n\r\nc") == [b"a\n\n", b"b\r\n\r\n", b"c"]


def test_a_stream_without_events_is_passed_on_all_the_same():
    made = UsageFilter()
    raw = b"x" * (3 << 20)
    assert (
        b"".join(made.feed(raw[n : n + 65536]) for n in range(0, len(raw), 65536)) + (made.rest())
        == raw
    )
