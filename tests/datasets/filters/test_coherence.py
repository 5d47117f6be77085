"""Embedding similarity of prompt and answer, on a model with a vector a word."""

from __future__ import annotations

import numpy
import pytest
from filter_rows import said

from harness_forge.config.filters import CoherenceConfig, FiltersConfig
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.filters import coherence
from harness_forge.datasets.filters.building import build, notes


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder in which ssh and port lie beside each other, and pizza across."""
    model2vec = pytest.importorskip("model2vec")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "ssh": 1, "port": 2, "pizza": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = numpy.array([[0, 0], [1, 0], [0.8, 0.6], [0, 1]], dtype="float32")
    folder = tmp_path_factory.mktemp("embedding")
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(folder)
    return str(folder)


def test_the_cosine_of_last_question_and_answer_decides(model):
    rows = [said("port", asked="ssh"), said("pizza", asked="ssh"), said("ssh", asked="ssh")]
    config = CoherenceConfig(model=model, min_similarity=0.5)
    assert coherence.similarities(rows, config) == pytest.approx([0.8, 0.0, 1.0], abs=1e-3)
    assert coherence.judge(rows, config) == [None, "coherence", None]


def test_words_that_the_model_does_not_know_are_not_judged(model):
    config = CoherenceConfig(model=model, min_similarity=1.0)
    assert coherence.judge([said("?", asked="ssh"), said("ssh", asked="")], config) == [None, None]


def test_it_is_off_without_a_model_and_says_so():
    assert "coherence" not in dict(build(FiltersConfig()))
    assert notes(FiltersConfig()) == [
        "coherence was not judged: no embedding model is given (filters.coherence.model)"
    ]
    assert notes(FiltersConfig(coherence=CoherenceConfig(enabled=False))) == []


def test_a_folder_without_a_model_is_a_fault_before_any_row(tmp_path):
    config = FiltersConfig(coherence=CoherenceConfig(model=str(tmp_path)))
    with pytest.raises(ExportError, match=r"has no model\.safetensors"):
        build(config)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        (tmp_path / name).write_text("{}")
    pytest.importorskip("model2vec")
    coherence.load.cache_clear()
    with pytest.raises(ExportError, match="cannot be read"):
        build(config)


def test_a_limit_that_is_no_cosine_is_refused():
    with pytest.raises(ConfigError, match="min_similarity"):
        CoherenceConfig(min_similarity=2)
