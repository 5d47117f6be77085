"""Lengths in tokens: bytes where they decide, an exact count elsewhere."""

from __future__ import annotations

import os
import pickle

import pytest
from filter_rows import called, said
from hypothesis import given
from hypothesis import strategies as st
from tiny_tokenizer import TEXT, byte_fallback, byte_level, word_level
from tokenizers import Tokenizer, normalizers

from harness_forge.config.filters import LengthConfig
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.filters.length import Length
from harness_forge.datasets.filters.tokens import load


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return byte_level(tmp_path_factory.mktemp("model") / "tokenizer.json")


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    nfc = normalizers.NFC()
    return [
        byte_level(folder / "all.json"),
        byte_level(folder / "sparse.json", alphabet=False),
        byte_level(folder / "lines.json", use_regex=False),
        byte_level(folder / "composing.json", normalizer=nfc),
        byte_fallback(folder / "fallback.json"),
    ]


def lengths(config, file, texts):
    judge = Length(config, file, "tiny")
    return judge([said(text) for text in texts]), dict(judge.tally)


def test_tokens_are_counted_as_the_model_counts_them(tokenizer):
    counts = [len(Tokenizer.from_file(str(tokenizer)).encode(text).ids) for text in TEXT]
    assert len(set(counts)) == 3
    exactly = LengthConfig(min_tokens=counts[0], max_tokens=counts[0])
    found, tally = lengths(exactly, tokenizer, TEXT)
    assert found == [None, "length", "length"]
    assert tally["counted"] >= 1


def test_what_bytes_decide_is_not_counted(tokenizer):
    config = LengthConfig(min_tokens=4, max_tokens=100)
    texts = ["abc", "one two three four five", "x" * 99, "y" * 100_000]
    found, tally = lengths(config, tokenizer, texts)
    assert found == ["length", None, None, "length"]
    assert tally["by_bounds"] >= 3


def test_the_words_of_a_call_are_what_is_counted(tokenizer):
    config = LengthConfig(min_tokens=1, max_tokens=5)
    rows = [called({"fix_script": "ls"}), called({"fix_script": "z9" * 20})]
    assert Length(config, tokenizer)(rows) == [None, "length"]


texts = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200),
    st.text(alphabet="the \n\t'<|im_end>", max_size=200),
    st.lists(st.sampled_from([*TEXT, "  ", "é", "<|im_end|>", "한"]), max_size=5).map("".join),
)


@given(text=texts)
def test_no_text_has_fewer_or_more_tokens_than_its_bounds(tokenizers, text):
    for file in tokenizers:
        tokens = load(file)
        [count] = tokens.counts([text])
        raw = text.encode()
        assert tokens.bounds.least(raw, 10**6) <= count <= tokens.bounds.most(raw), file.name
        assert tokens.bounds.least(raw, 3) <= count


def test_a_tokenizer_whose_bounds_are_not_known_counts_every_row(tmp_path):
    file = word_level(tmp_path / "tokenizer.json")
    assert load(file).bounds is None
    found, tally = lengths(LengthConfig(max_tokens=3), file, ["the " * 3, "the the the the"])
    assert (found, tally) == ([None, "length"], {"by_bounds": 0, "counted": 2})


def test_without_the_model_bytes_alone_may_do(tmp_path):
    config = LengthConfig(max_tokens=100)
    found, tally = lengths(config, tmp_path / "tokenizer.json", ["x" * 99, ""])
    assert (found, tally["counted"]) == ([None, None], 0)


def test_without_the_model_what_bytes_leave_open_is_a_fault_with_its_remedy(tmp_path):
    with pytest.raises(ExportError, match="forge model fetch tiny"):
        lengths(LengthConfig(max_tokens=100), tmp_path / "tokenizer.json", ["x" * 1000])


def test_a_file_that_is_no_tokenizer_is_named(tmp_path):
    file = tmp_path / "tokenizer.json"
    file.write_text('{"model": 7}')
    with pytest.raises(ExportError, match=r"tokenizer\.json: is no tokenizer"):
        lengths(LengthConfig(max_tokens=9), file, ["x" * 20])


def test_it_goes_to_a_worker_without_its_tokenizer(tokenizer):
    judge = Length(LengthConfig(max_tokens=100), tokenizer)
    judge([said("z9" * 60)])
    sent = pickle.dumps(judge)
    assert len(sent) < 1000
    assert pickle.loads(sent)([said("z9" * 60)]) == ["length"]


def test_halves_of_surrogate_pairs_are_counted(tokenizer):
    assert lengths(LengthConfig(max_tokens=5), tokenizer, ["\ud800" * 20])[0] == ["length"]


@pytest.mark.parametrize(("least", "most"), [(5, 4), (-1, 4)])
def test_limits_that_no_answer_meets_are_refused(least, most):
    with pytest.raises(ConfigError, match="min_tokens"):
        LengthConfig(min_tokens=least, max_tokens=most)


def test_threads_of_the_tokenizer_stay_out_of_the_way(tokenizer):
    load(tokenizer)
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
