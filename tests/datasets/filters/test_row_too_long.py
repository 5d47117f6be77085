"""Whole rows in tokens, as training shows them: prompt, tools and answer in the chat template."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path

import pytest
from tiny_tokenizer import byte_level
from tokenizers import Tokenizer

from harness_forge.config.filters import RowTooLongConfig
from harness_forge.core.chat.template import TEMPLATE, ChatTemplate, read_template
from harness_forge.core.errors import ConfigError, ExportError, WorksetError
from harness_forge.datasets.filters.candidate import Candidate
from harness_forge.datasets.filters.row_too_long import RowTooLong
from harness_forge.worksets.worksets import environment_of, python_of

SHIPPED = Path(__file__).parents[3] / "conf/model/templates/chatml_hermes.jinja"
TOOLS = [{"type": "function", "function": {"name": "fix", "parameters": {"type": "object"}}}]
PROMPT = [
    {"role": "system", "content": "You mend things."},
    {"role": "user", "content": "The key is wrong. " * 4},
]
CALL = {"type": "function", "function": {"name": "fix", "arguments": '{"what": "k\u00e9y"}'}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("model")
    byte_level(place / "tokenizer.json")
    (place / TEMPLATE).write_text(SHIPPED.read_text())
    return place


def row(answer, prompt=PROMPT, tools=TOOLS):
    return Candidate(prompt, tools, answer)


def tokens(folder, answer, prompt=PROMPT, tools=TOOLS):
    text = read_template(folder).render([*prompt, answer], tools)
    return len(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids)


def test_prompt_tools_and_answer_are_counted_together(folder):
    said = {"role": "assistant", "content": "done"}
    counts = [tokens(folder, CALLED), tokens(folder, said), tokens(folder, said, tools=[])]
    assert counts == sorted(counts, reverse=True)
    judge = RowTooLong(RowTooLongConfig(max_tokens=counts[1]), folder, "tiny")
    found = judge([row(CALLED), row(said), row(said, tools=[])])
    assert found == ["row_too_long", None, None]
    assert judge.tally["counted"] >= 2


def test_a_row_that_is_short_by_its_bytes_is_not_counted(folder):
    judge = RowTooLong(RowTooLongConfig(max_tokens=100_000), folder)
    assert judge([row(CALLED)]) == [None]
    assert dict(judge.tally) == {"by_bounds": 1, "counted": 0}


def test_a_row_that_the_template_refuses_is_told_apart(folder):
    late = [*PROMPT, {"role": "system", "content": "now hurry"}, {"role": "user", "content": "so?"}]
    judge = RowTooLong(RowTooLongConfig(max_tokens=100_000), folder)
    assert judge([row(CALLED), row(CALLED, prompt=late)]) == [None, "row_not_renderable"]


def test_without_the_model_the_command_that_fetches_it_is_named(tmp_path):
    with pytest.raises(ExportError) as caught:
        RowTooLong(RowTooLongConfig(), tmp_path / "none", "small")([row(CALLED)])
    assert str(caught.value) == (
        "filters.row_too_long: the base model's chat template is needed and not there: "
        f"{tmp_path}/none\n  hint: run `forge model fetch small` (or give model.path=DIR),"
        " or filters.row_too_long.enabled=false"
    )


def test_it_can_be_sent_to_another_process(folder):
    judge = RowTooLong(RowTooLongConfig(max_tokens=5), folder)
    judge([row(CALLED)])
    assert pickle.loads(pickle.dumps(judge))([row(CALLED)]) == ["row_too_long"]


def test_a_limit_below_one_is_refused():
    with pytest.raises(ConfigError, match="must be 1 or more, not 0"):
        RowTooLongConfig(max_tokens=0)


def test_a_template_in_the_tokenizers_settings_knows_its_special_tokens(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text(
        '{"chat_template": "{{ bos_token }}{% for m in messages %}{% generation %}{{ m.content }}'
        '{{ eos_token }}{% endgeneration %}{% endfor %}", "bos_token": {"content": "<s>"},'
        ' "eos_token": "</s>"}'
    )
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert read_template(tmp_path).render(said) == "<s>a</s>b</s>"


def test_the_template_for_trl_renders_the_same_text():
    told = {"role": "tool", "content": "<é>"}
    thought = {"role": "assistant", "content": "so", "reasoning_content": "hm", "weight": 0}
    rows = [
        [*PROMPT, CALLED],
        [*PROMPT, thought, PROMPT[1], CALLED | {"content": "\n x ", "weight": 1}, told, CALLED],
    ]
    ours, theirs = (
        ChatTemplate(file.read_text())
        for file in (SHIPPED, SHIPPED.with_name("chatml_hermes_trl.jinja"))
    )
    for row in rows:
        for tools in (TOOLS, []):
            assert theirs.render(row, tools) == ours.render(row, tools)


@pytest.mark.workset
def test_texts_and_counts_are_those_of_transformers(folder, tmp_path):
    home = SHIPPED.parents[3] / ".forge"
    try:
        python, variables = python_of("train", home), environment_of("train", home)
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    told = {"role": "tool", "content": "<é> & 'x'\n"}
    again = {"role": "assistant", "content": "text, then", "tool_calls": [CALL, CALL], "weight": 0}
    rows = [
        ([*PROMPT, CALLED], TOOLS),
        ([*PROMPT, CALLED | {"weight": 0}, told, again, told, CALLED], TOOLS),
        ([PROMPT[1], {"role": "assistant", "content": "\n no tools\t"}], []),
    ]
    asked = tmp_path / "asked.json"
    told = {"tokenizer": str(folder / "tokenizer.json"), "template": SHIPPED.read_text()}
    asked.write_text(json.dumps(told | {"rows": rows}))
    script = Path(__file__).with_name("rendered_by_transformers.py")
    done = subprocess.run([python, script, asked], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
    ours = [read_template(folder).render(messages, tools) for messages, tools in rows]
    assert theirs == [(text, len(_ids(folder, text))) for text in ours]


def _ids(folder, text):
    return Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
