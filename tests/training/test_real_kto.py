"""Real Axolotl, second stage: KTO from the adapter that the first stage made.

In the ordinary suite a step of KTO is trained in test_real_formats.py, and test_labelled.py has
rows, order and audit; DPO's second stage there runs the same steps around the training.
"""

import json
from dataclasses import replace

import pytest
from tiny_rows import TOOLS, answer, asked, script, write

from harness_forge.registry.adapters.package import load
from harness_forge.training.labelled import train_labelled
from harness_forge.training.progress import steps_in

pytestmark = [pytest.mark.workset, pytest.mark.soak]


@pytest.fixture(scope="module")
def labelled(config, trained, tmp_path_factory):
    rows = (
        {
            "item_id": f"rule_{number}",
            "prompt": asked(number),
            "tools": json.dumps(TOOLS),
            "completion": [answer(script(number) if good else f"true # <é> {number}")],
            "label": good,
        }
        for number in range(8)
        for good in (True, False)
    )
    data = write(tmp_path_factory.mktemp("labelled"), rows)
    kto = replace(
        config.kto, dataset=str(data), learning_rate=1e-3, warmup=0.0, micro_batch=4, accumulate=1,
        epochs=3, save_steps=2,
    )  # fmt: skip
    return train_labelled(replace(config, kto=kto))


def test_labelled_answers_are_shown_as_serving_renders_them(labelled):
    assert (labelled.audit.good, labelled.audit.bad) == (8, 8)
    assert labelled.audit.prompt_text.endswith("<|im_start|>assistant\n")
    for text in (labelled.audit.good_text, labelled.audit.bad_text):
        assert text.startswith('<tool_call>{"name": "apply_fix"')
        assert text.endswith("</tool_call><|im_end|>")


def test_kto_starts_from_the_adapter_and_learns_to_tell_good_from_bad(labelled, trained):
    steps = steps_in(labelled.metrics)
    assert abs(steps[0]["rewards/chosen"]) < 1e-3
    assert abs(steps[0]["rewards/rejected"]) < 1e-3
    assert steps[-1]["rewards/margins"] > 0.01
    lineage = load(labelled.adapter.folder).lineage
    assert lineage["parent"] == {"name": "tiny", "digest": trained.adapter.digest}
    assert lineage["kto"] == {
        "beta": 0.1, "good_weight": 1.0, "bad_weight": 1.0, "good": 8, "bad": 8,
    }  # fmt: skip
