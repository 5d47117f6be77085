"""Records whose messages, tools and calls have other forms than ours come in, or say why."""

import json

import pytest

from harness_forge.collect.sources import openai_traffic, trajectories
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.compose.engine import compose
from harness_forge.config.source import MappingConfig, SourceConfig

MAPPING = MappingConfig(item="{task}", messages="{chat}", outcome="{reward}", tools="{tools}")
CONFIG = SourceConfig(name="jars", mapping=MAPPING)
TOOL = {"type": "function", "function": {"name": "open_jar"}}
CHAT = [{"role": "user", "content": "which?"}, {"role": "assistant", "content": "plum"}]


@pytest.fixture
def read(tmp_path):
    def ask(chat=CHAT, **more):
        path = tmp_path / "a.jsonl"
        path.write_text(json.dumps({"task": "t", "reward": 1, "chat": chat, **more}) + "\n")
        [found] = trajectories.read(path, CONFIG)
        return found

    return ask


@pytest.mark.parametrize("tools", [[TOOL], json.dumps([TOOL]), [{"name": "open_jar"}]])
def test_tools_are_read_in_every_known_form(read, tools):
    assert read(tools=tools).attempt.turns[0].tools == [TOOL]


@pytest.mark.parametrize(
    ("tools", "why"),
    [
        (7, "tools are a int, not a list"),
        ("open_jar", "tools are a text that is no JSON"),
        ({"open_jar": {}}, "tools are a dict, not a list"),
    ],
)
def test_tools_of_another_type_are_refused_by_name(read, tools, why):
    assert read(tools=tools) == LeftOut(1, "misfit", why, malformed=True)


def test_turns_are_found_under_other_words_for_roles(read):
    chat = [{"role": "human", "content": "which?"}, {"role": "ai", "content": "plum"}]
    assert len(read(chat).attempt.turns) == 1


def test_a_role_that_is_not_in_the_table_is_refused_by_name(read):
    why = "message 0 has the role 'wizard', which no chat template has"
    assert read([{"role": "wizard", "content": "x"}]).detail == why


def test_reasoning_and_weights_are_kept_as_they_were_sent(read):
    parts = [{"type": "thinking", "thinking": "hm", "signature": "s"}]
    said = {"role": "assistant", "content": parts, "weight": 0}
    assert read([CHAT[0], said]).attempt.turns[0].response == said


def test_a_stream_as_text_is_put_together(tmp_path):
    chunks = [{"choices": [{"delta": {"content": text}}]} for text in ("plu", "m")]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    events = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"request": {"messages": CHAT[:1]}, "response": events}) + "\n")
    config = compose(None, ["source=openai_traffic", "skill=recorded"]).source
    [found] = openai_traffic.read(path, config)
    turn = found.attempt.turns[0]
    assert (turn.response["content"], turn.finish_reason) == ("plum", "stop")


@pytest.mark.parametrize("chat", [[], CHAT[:1]])
def test_a_conversation_in_which_nobody_answers_is_counted(read, chat):
    assert read(chat=chat) == LeftOut(1, "no_answer", "nobody answers in it")
