"""Tokens that a tokenizer has and its model has not: refused before Axolotl starts.

The worker runs in the workset's Python; here a tokenizer of one token a character stands in for
its libraries.
"""

import json
import os
import sys

import pytest

from harness_forge.core.errors import TrainError
from harness_forge.training import launch

TRANSFORMERS = """
class AutoTokenizer:
    is_fast, eos_token, eos_token_id, pad_token_id = False, "$", 36, PAD

    @classmethod
    def from_pretrained(cls, folder):
        return cls()

    def apply_chat_template(self, messages, tools, tokenize, add_generation_prompt=False):
        text = "".join(f"{one['role'][0]}:{one['content']}$" for one in messages)
        return text + "a:" * add_generation_prompt

    def __call__(self, text, add_special_tokens):
        each = [[ord(one) for one in text] for text in ([text] if isinstance(text, str) else text)]
        return {"input_ids": each[0] if isinstance(text, str) else each}

    def convert_ids_to_tokens(self, token):
        return chr(token)
"""
ROW = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "gone"}]


@pytest.fixture
def tokens(tmp_path):
    """Returns a function that tokenises rows for a model with so many embeddings."""

    def look(rows, config, pad=36, **more):
        (tmp_path / "transformers.py").write_text(TRANSFORMERS.replace("PAD", str(pad)))
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "template").write_text("")
        train = tmp_path / "rows.jsonl"
        train.write_text("".join(json.dumps(row) + "\n" for row in rows))
        variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
        model, template = tmp_path, tmp_path / "template"
        return launch.tokens(
            sys.executable, variables, model=model, template=template, train=train, **more
        )

    return look


def test_rows_of_known_tokens_pass(tokens):
    assert len(tokens([{"messages": ROW}], {"vocab_size": 128})["rows"]) == 1


@pytest.mark.parametrize("config", [{"vocab_size": 117}, {"text_config": {"vocab_size": 117}}])
def test_a_row_with_a_token_without_an_embedding_is_named(tokens, config):
    told = r"line 1: the tokenizer has token 117 \(u\), and the model has embeddings of 117"
    with pytest.raises(TrainError, match=told):
        tokens([{"messages": ROW}], config)


def test_padding_without_an_embedding_is_refused(tokens):
    with pytest.raises(TrainError, match=r"token 200 .*, and rows are padded with it"):
        tokens([{"messages": ROW}], {"vocab_size": 128}, pad=200)
    # Without a token of its own the end of a turn pads.
    assert tokens([{"messages": ROW}], {"vocab_size": 128}, pad=None)


def test_both_sides_of_a_pair_are_looked_at(tokens, tmp_path):
    pair = {"prompt": ROW[:1], "chosen": ROW[1:], "rejected": [{**ROW[1], "content": "é"}]}
    with pytest.raises(TrainError, match=r"line 1: the tokenizer has token 233 \(é\)"):
        tokens([pair], {"vocab_size": 128}, pairs=tmp_path)
    assert tokens([pair], {"vocab_size": 234}, pairs=tmp_path)


def test_a_model_that_does_not_say_is_not_asked(tokens):
    assert tokens([{"messages": ROW}], {})
