import json

import pytest

from harness_forge.registry.models.folder import BaseModel
from harness_forge.registry.models.passport import passport

CARD = """---
license: mit
base_model: [somebody/lamp-1b]
model-index:
- name: lamp
  results:
  - dataset: {name: Lamps}
    metrics: [{name: accuracy, value: 0.5}, 3]
---
# Lamp
"""
CONFIG = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 4096}


def of(folder, template="{{ messages }}"):
    return passport(BaseModel("lamp", folder, "Lamp", "d", template))


def test_card_config_and_template_say_what_a_model_is(tmp_path):
    (tmp_path / "README.md").write_text(CARD)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    said = of(tmp_path, "{% if tools %}{{ tools }}{% endif %}<think>")
    said.pop("chat template")
    assert said == {
        "made from": "somebody/lamp-1b",
        "licence of its card": "mit",
        "architecture": "LlamaForCausalLM",
        "longest context": 4096,
        "template shows tools": "yes",
        "template shows reasoning": "yes",
        "measured, says its card": "Lamps: accuracy 0.5",
    }


@pytest.mark.parametrize(
    "card", ["", "no head", "---\n[1]\n---\n", "---\na: [\n---\n", "---\nmodel-index: 3\n---\n"]
)
def test_a_card_that_says_nothing_or_is_broken_stops_nothing(tmp_path, card):
    (tmp_path / "README.md").write_text(card)
    (tmp_path / "config.json").write_text("[")
    said = of(tmp_path)
    assert (said.pop("template shows tools"), said.pop("template shows reasoning")) == ("no", "no")
    assert list(said) == ["chat template"]
