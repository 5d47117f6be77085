"""What the end of a stream leaves open does not erase what its start said."""

from harness_forge.core.chat.anthropic import joined


def test_nulls_at_the_end_erase_no_tokens():
    first = {"input_tokens": 25, "cache_read_input_tokens": 100, "output_tokens": 1}
    last = {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 12}
    pieces = [
        {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": first}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last},
        {"type": "message_stop"},
    ]
    made = joined(pieces)
    assert made["usage"] == {**first, "output_tokens": 12}
