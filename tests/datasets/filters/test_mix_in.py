"""General data from a file: what is drawn, and that every row of it is accounted for."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.config.filters import FiltersConfig
from harness_forge.config.mixture import MixInConfig
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.filters.building import build
from harness_forge.datasets.filters.mixing import draw


def line(asked, said="Quite so.", **others):
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
    return json.dumps({"messages": messages, **others})


LINES = [line(f"What is {number} and why?") for number in range(40)]


@pytest.fixture
def drawn(tmp_path):
    def run(lines, *, train=90, share=0.1, seed=3, **others):
        file = tmp_path / "general.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        config = MixInConfig(enabled=True, path=str(file), share=share)
        return draw(config, train, seed=seed, **others)

    return run


def test_the_share_is_of_all_training_examples(drawn):
    found = drawn(LINES)
    assert len(found.examples) == found.wanted == 10
    assert len(found.examples) / (90 + len(found.examples)) == 0.1


def test_every_row_is_drawn_or_has_a_reason(drawn):
    lines = [*LINES, LINES[0], "{broken", "[1]", line("", ""), "", line("Go", "no " * 60)]
    found = drawn(lines, steps=build(FiltersConfig()))
    counts = Counter(reason for _, reason in found.rejected)
    assert counts == {"duplicate": 1, "not_drawn": 30, "repetition": 1, "unreadable": 3}
    sources = {source for source, _ in found.rejected}
    sources |= {example.origin.source for example in found.examples}
    assert found.read == len(sources) == 45


def test_the_order_of_the_file_changes_nothing_but_the_order(drawn):
    first = {example.id for example in drawn(LINES).examples}
    shuffled = random.Random(1).sample(LINES, len(LINES))
    assert {example.id for example in drawn(shuffled).examples} == first
    assert {example.id for example in drawn(LINES, seed=4).examples} != first


def test_a_drawn_row_says_where_it_comes_from_and_trains_only(drawn):
    example = drawn([line("Why?", tools="[]")], train=9).examples[0]
    assert example.origin.source == "general.jsonl:1"
    assert {example.origin.policy, example.origin.origin, example.origin.family} == {"mix_in"}
    assert example.origin.split == "train"
    assert example.prompt == [{"role": "user", "content": "Why?"}]
    assert example.answer == {"role": "assistant", "content": "Quite so."}


def test_a_call_keeps_its_arguments_as_a_text(drawn):
    call = {"id": "1", "function": {"name": "f", "arguments": {"a": 1}}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Do it"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    ]
    tools = [{"type": "function", "function": {"name": "f"}}]
    example = drawn([json.dumps({"messages": messages, "tools": tools})], train=9).examples[0]
    function = {"name": "f", "arguments": '{"a": 1}'}
    assert example.answer["tool_calls"] == [{"type": "function", "function": function}]
    assert example.prompt[0]["content"] == "Do it"
    assert example.tools == tools


def test_nothing_that_looks_like_an_eval_item_is_drawn(drawn):
    from harness_forge.datasets.decontamination.protected import ProtectedTexts
    from harness_forge.datasets.decontamination.rows import CONTAMINATED, Contamination

    title = "Set the idle timeout of every interactive shell to ten minutes, for all users alike"
    kept_out = [("a", title), ("b", "sshd_set_keepalive")]
    protected = ProtectedTexts.of(kept_out, ContaminationConfig(), "salt")
    lines = [
        line(f"Please {title.lower()}!"),
        line("How?", "As in sshd_set_keepalive."),
        line("Set the idle timeout of every interactive shell to no more than an hour"),
    ]
    found = drawn(lines, train=900, steps=[(CONTAMINATED, Contamination(protected))])
    assert [example.origin.source for example in found.examples] == ["general.jsonl:3"]
    assert [reason for _, reason in found.rejected] == [CONTAMINATED] * 2


def test_a_file_with_too_few_rows_gives_what_it_has(drawn):
    found = drawn(LINES[:3])
    assert (len(found.examples), found.wanted) == (3, 10)


def test_a_file_without_a_row_that_can_be_used_is_a_fault(drawn, tmp_path):
    with pytest.raises(ExportError, match="2 rows read, rejected: unreadable 2"):
        drawn(["{", "7"])
    config = MixInConfig(enabled=True, path=str(tmp_path / "none.jsonl"))
    with pytest.raises(ExportError, match="cannot be read: No such file"):
        draw(config, 10, seed=1)


@pytest.mark.parametrize("share", [0, 1, -0.1, 7])
def test_a_share_that_cannot_be_is_refused(share):
    with pytest.raises(ConfigError, match="share"):
        MixInConfig(share=share)


def test_a_mix_in_without_a_file_is_refused():
    with pytest.raises(ConfigError, match=r"filters\.mix_in\.path"):
        MixInConfig(enabled=True)
