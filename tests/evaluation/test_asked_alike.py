"""Fresh evidence pairs models that were asked in one way."""

import pytest

from harness_forge.evaluation.fresh_runs import _asked_alike


def run(kind="model", **policy):
    return {"config": {"policy": {"kind": kind, "temperature": 0.0, "max_tokens": 256, **policy}}}


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (run(adapter_digest="a", shots=3), True),
        (run(max_tokens=1), False),
        (run(temperature=1.0), False),
        (run(chat_template="other.jinja"), False),
        (run("nearest", max_tokens=None), True),
    ],
)
def test_settings_of_two_models_are_equal(other, alike):
    assert _asked_alike(run(), other) is alike
