"""What `forge source new` makes of files that it has never seen."""

import json

import pytest
from guessed_files import ASKED, SAID, guessed, mapping

from harness_forge.collect.guess.guess import guess
from harness_forge.core.errors import SourceError


def test_fields_are_found_by_what_they_hold_and_how_they_are_called(tmp_path):
    records = [
        {
            "info": {"instance_id": f"i{n}", "repo": "shop"},
            "trial": n % 2,
            "llm": "m1",
            "eval": {"resolved": n > 1},
            "log": {"chat": [ASKED, SAID]},
        }
        for n in range(4)
    ]
    assert mapping(tmp_path, *records) == {
        "messages": "{log.chat}",
        "outcome": "{eval.resolved}",
        "item": "{info.instance_id}",
        "model": "{llm}",
        "attempt": "{trial}",
        "attempt_base": 0,
        "family": "{info.repo}",
    }


def test_other_words_for_keys_and_roles_become_tables(tmp_path):
    chat = [{"who": "customer", "text": "Where?"}, {"who": "robot", "text": "There."}]
    made = mapping(tmp_path, {"id": "a", "chat": chat}, {"id": "b", "chat": chat})
    assert made["message_keys"] == {"who": "role", "text": "content"}
    assert made["roles"] == {"customer": "user", "robot": "assistant"}


def test_a_word_within_the_name_of_a_speaker_tells_who_it_is(tmp_path):
    chat = [{"who": "guest", "text": "Where?"}, {"who": "Helper-bot 7", "text": "There."}]
    made = guessed(tmp_path, {"id": "a", "chat": chat}, {"id": "b", "chat": chat})
    assert made.settings["mapping"]["roles"] == {"guest": "user", "Helper-bot 7": "assistant"}


def test_a_speaker_of_several_words_is_set_in_the_file(tmp_path):
    chat = [ASKED, SAID, {"role": "the wizard", "content": "Abracadabra"}]
    [said] = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat}).open
    assert 'mapping: roles: {"the wizard": user} (or system, assistant, tool; skip' in said


def test_a_role_that_nobody_knows_is_asked_for(tmp_path):
    chat = [ASKED, SAID, {"role": "wizard", "content": "Abracadabra"}]
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat})
    assert made.open == [
        "the role 'wizard' is not known: source.mapping.roles.wizard=user"
        " (or system, assistant, tool; skip if it is no message)"
    ]


def test_lines_that_are_messages_are_grouped_by_what_repeats(tmp_path):
    lines = [{"conversation_id": c, **one} for c in ("c1", "c2") for one in (ASKED, SAID)]
    made = guessed(tmp_path, *lines).settings
    assert made["group"] == "{conversation_id}"
    assert (made["mapping"]["item"], made["mapping"]["messages"]) == ("{@group}", "{lines}")


def test_a_list_of_tries_is_taken_apart(tmp_path):
    tries = [{"sample": n, "score": float(n), "messages": [ASKED, SAID]} for n in (0, 1)]
    made = guessed(tmp_path, *({"task_id": t, "tries": tries} for t in ("t1", "t2"))).settings
    assert made["explode"] == "tries"
    assert made["mapping"]["item"] == "{task_id}"
    assert made["mapping"]["outcome"] == "{score}"


def test_a_conversation_in_a_text_of_json_is_found_behind_a_key_with_dots(tmp_path):
    record = {"task.id": "t", "facts": {"llm.in": json.dumps([ASKED, SAID])}}
    made = mapping(tmp_path, record)
    assert (made["messages"], made["item"]) == ("{facts.'llm.in'}", '{"task.id"}')


def test_question_and_answer_are_taken_where_there_are_no_messages(tmp_path):
    made = mapping(tmp_path, {"id": "q1", "question": "Where?", "answer": "There.", "target": "T"})
    assert (made["prompt"], made["answer"]) == ("{question}", "{answer}")
    assert "outcome" not in made  # a target that is no truth value is a gold answer


def test_what_nothing_names_is_left_over(tmp_path):
    record = {"id": "a", "passed": True, "messages": [ASKED, SAID], "cost": {"usd": 0.2}, "n": 1}
    made = guessed(tmp_path, record)
    assert sorted(one.path for one in made.left_over) == ["cost", "n"]


@pytest.mark.parametrize(
    ("record", "source"),
    [
        ({"schema_version": "ATIF-v1.4", "steps": [], "agent": {"name": "a"}}, "atif"),
        (
            {"request": {"model": "m", "messages": [ASKED]}, "response": {"choices": []}},
            "openai_traffic",
        ),
    ],
)
def test_a_known_format_is_named(tmp_path, record, source):
    assert guessed(tmp_path, record).source == source


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([[1, 2]], "holds no JSON object"),
        ([], "holds no JSON object"),
    ],
)
def test_a_file_without_records_is_refused(tmp_path, records, said):
    with pytest.raises(SourceError, match=r"a\.jsonl") as caught:
        guessed(tmp_path, *records)
    assert said in str(caught.value)


def test_a_file_of_another_kind_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "log.zip"
    path.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(SourceError) as caught:
        guess(path)
    assert "is a zip archive" in str(caught.value)


CALL = {"tool": "shell", "input": {"cmd": "ls"}}


def test_other_usual_keys_are_known_and_calls_in_a_known_form_are_found(tmp_path):
    chat = [
        {"by": "human", "say": "Which shelf?"},
        {"by": "agent", "say": "", "actions": [CALL]},
        {"by": "agent", "say": "The third."},
    ]
    made = mapping(tmp_path, {"id": "a", "chat": chat}, {"id": "b", "chat": chat})
    assert made["message_keys"] == {"by": "role", "say": "content", "actions": "tool_calls"}


@pytest.mark.parametrize("word", ["zorp", "helper-env", "model_output"])
def test_a_word_behind_calls_is_a_tool_and_that_it_was_guessed_is_said(tmp_path, word):
    tried = {**SAID, "tool_calls": [CALL]}
    chat = [ASKED, tried, {"role": word, "content": "a.txt"}, {"role": word, "content": "b"}, SAID]
    made = guessed(tmp_path, {"id": "a", "passed": True, "tools": [], "chat": chat})
    assert made.settings["mapping"]["roles"] == {word: "tool"}
    assert [one for one in made.open if "behind calls" in one] == [
        f"the role '{word}' was guessed to be tool, because it stands behind calls; if it is not:"
        f" source.mapping.roles.{word}=user (or system, assistant, tool; skip if it is no message)"
    ]


def test_a_word_that_calls_itself_or_stands_elsewhere_too_is_no_tool(tmp_path):
    tried = {"role": "solver", "content": "", "tool_calls": [CALL]}
    chat = [ASKED, tried, tried, {"role": "zorp", "content": "a"}, SAID, {"role": "zorp"}]
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat})
    assert made.settings["mapping"]["roles"] == {"solver": "assistant"}
    assert any("the role 'zorp' is not known" in one for one in made.open)


def test_a_customer_behind_a_call_without_result_stays_one(tmp_path):
    chat = [ASKED, {**SAID, "tool_calls": [CALL]}, {"role": "customer", "content": "Thanks."}]
    assert mapping(tmp_path, {"id": "a", "chat": chat})["roles"] == {"customer": "user"}


def test_two_keys_that_may_be_meant_are_both_said(tmp_path):
    chat = [
        {"who": "customer", "name": "user", "text": "Where?", "body": "Where is it?"},
        {"who": "robot", "name": "bot", "text": "There.", "body": "It is there."},
    ]
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat})
    assert made.settings["mapping"]["message_keys"] == {"who": "role", "text": "content"}
    assert made.open == [
        "is 'who' the role of a message, as was taken, or 'name'?"
        " source.mapping.message_keys.name=role",
        "is 'text' the content of a message, as was taken, or 'body'?"
        " source.mapping.message_keys.body=content",
    ]


def test_messages_of_which_some_say_it_elsewhere_have_both_keys(tmp_path):
    chat = [ASKED, {"role": "assistant", "content": "", "tool_calls": [CALL]}]
    chat += [{"role": "tool", "output": "a.txt"}, SAID]
    assert mapping(tmp_path, {"id": "a", "chat": chat})["message_keys"] == {"output": "content"}


def test_calls_without_tools_ask_which_were_offered(tmp_path):
    chat = [ASKED, {**SAID, "tool_calls": [CALL]}]
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat})
    assert any("source.observed_tools=true" in one for one in made.open)


def test_content_of_messages_that_nothing_reads_is_left_over_with_it(tmp_path):
    said = {**SAID, "at": "2024-01-01", "uid": "m1", "edits": [{"path": "a.py"}], "usage": {"n": 1}}
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": [ASKED, said]})
    assert [(one.path, one.seen_in) for one in made.left_over] == [
        ("chat.*.edits", "50.0% of messages")
    ]


def test_where_nothing_is_recognised_the_likely_list_is_named(tmp_path):
    steps = [{"p": "X", "w": "Wo?"}, {"p": "Y", "w": "Da."}]
    made = guessed(tmp_path, {"task": "a", "passed": True, "steps": steps})
    assert made.settings["mapping"] == {"outcome": "{passed}", "item": "{task}", "family": "other"}
    assert made.open[0].startswith("steps may hold the messages, though none of its speakers is")
    assert made.skeleton.lines == [
        'messages: "{steps}"',
        "message_keys:",
        '  "p": role',
        '  "w": content',
        "roles:  # in the order in which they speak: who is who?",
        '  "X": user',
        '  "Y": assistant',
    ]


def test_where_no_list_is_like_messages_the_lines_to_fill_in_are_empty(tmp_path):
    made = guessed(tmp_path, {"a": 1, "b": [1]})
    assert made.skeleton.lines[0] == 'messages: "{FIELD}"'
    assert made.open[0].startswith("which field holds the conversation")


EVENTS = [
    ({"by": "pilot", "say": "Check pot 3"}, {"by": "autopilot", "cmd": json.dumps(CALL)}),
    ({"by": "probe", "out": "empty"}, {"by": "autopilot", "say": "It is empty.", "end": "lost"}),
]


def test_lines_of_unknown_speakers_are_grouped_with_the_verdict_of_the_last(tmp_path):
    lines = [{"flight": f"f{n}", **one} for pair in EVENTS for n in (1, 2) for one in pair]
    lines = [{"outcome" if key == "end" else key: one[key] for key in one} for one in lines]
    made = guessed(tmp_path, *lines)
    assert made.skeleton.group == "flight"
    assert made.skeleton.lines[2:6] == [
        '  "by": role',
        '  "say": content',
        '  "out": content',
        '  "cmd": tool_calls',
    ]
    assert made.settings["mapping"]["item"] == "{@group}"
    assert made.settings["mapping"]["outcome"] == "{lines.-1.outcome}"


def test_lines_before_and_behind_the_messages_are_looked_at_for_facts(tmp_path):
    told = {"model": "m-7b", "system": "You fix things in the house."}
    framed = [told, ASKED, SAID, {"type": "result", "ok": True}]
    made = guessed(tmp_path, *({"session": f"s{n}", **one} for n in (1, 2) for one in framed))
    assert made.settings["group"] == "{session}"
    assert made.settings["mapping"] == {
        "item": "{@group}",
        "messages": "{lines}",
        "outcome": "{lines.-1.ok}",
        "model": "{model}",
        "family": "other",
        "system": "{system}",
    }


def test_a_logs_events_between_messages_are_passed_over_or_asked_about(tmp_path):
    def of(event):
        lines = [ASKED, event, SAID, event, {"event": "verdict", "passed": True}]
        return guessed(tmp_path, *({"session": f"s{n}", **one} for n in (1, 2) for one in lines))

    made = of({"event": "usage", "ms": 5})
    assert made.settings["mapping"]["roles"] == {"none": "skip"}
    assert made.settings["mapping"]["outcome"] == "{lines.-1.passed}"
    made = of({"event": "tool", "args": {"cmd": "ls"}})
    assert "roles" not in made.settings["mapping"]
    assert any("if they are calls or results, write them as such" in said for said in made.open)


@pytest.mark.parametrize(
    ("key", "value", "taken"),
    [
        ("system", "You fix things.", True),
        ("system_prompt", [{"type": "text", "text": "x"}], True),
        ("systemInstruction", {"parts": [{"text": "x"}]}, True),
        ("system", "Debian 12", False),  # a machine
        ("system", {"os": "linux"}, False),
    ],
)
def test_a_system_prompt_beside_the_messages_is_found(tmp_path, key, value, taken):
    made = mapping(tmp_path, {"id": "a", "passed": True, "chat": [ASKED, SAID], key: value})
    assert made.get("system") == (f"{{{key}}}" if taken else None)


STEPS = [
    {"episode": f"e{n}", "step": k, "prompt": f"at {n}.{k}", "response": "go", "reward": float(k)}
    for n in range(3)
    for k in range(2)
]


def test_lines_that_may_be_steps_of_one_try_are_asked_about(tmp_path):
    made = guessed(tmp_path, *STEPS)
    assert made.open[0].startswith("lines of one 'episode' are numbered by 'step': is each a try")
    alone = [{**one, "episode": f"e{number}"} for number, one in enumerate(STEPS)]
    assert not any("numbered by" in said for said in guessed(tmp_path, *alone).open)


def test_a_list_of_acts_and_what_came_of_them_is_said_to_be_no_messages(tmp_path):
    steps = [{"thought": f"think {n}", "action": f"ls {n}", "observation": ""} for n in range(9)]
    made = guessed(tmp_path, {"id": "a", "goal": "g", "log": steps}, {"id": "b", "log": steps})
    assert any(said.startswith("log holds steps, not messages") for said in made.open)


def test_the_models_answer_is_not_the_right_one_without_a_question(tmp_path):
    made = guessed(
        tmp_path, {"id": "a", "question": "?", "answer": "GOLD", "response": "x", "correct": True}
    )
    assert made.settings["mapping"]["answer"] == "{response}"
    assert any("or 'answer'? source.mapping.answer='{answer}'" in said for said in made.open)


@pytest.mark.parametrize("beside", ["reference", "few_shot"])
def test_of_two_conversations_one_is_taken_and_asked_about(tmp_path, beside):
    record = {"id": "a", beside: [ASKED, SAID, ASKED, SAID], "rollout": [ASKED, SAID], "reward": 1}
    made = guessed(tmp_path, record)
    assert made.settings["mapping"]["messages"] == "{rollout}"
    assert any(f"source.mapping.messages='{{{beside}}}'" in said for said in made.open)


def test_a_prompt_with_examples_is_no_conversation_with_its_answer(tmp_path):
    record = {"id": "a", "prompt": [ASKED, SAID, ASKED], "response": "x", "reward": 1}
    assert any("is the model's answer in 'response'?" in s for s in guessed(tmp_path, record).open)


def test_the_verdict_is_the_last_lines_where_the_first_says_otherwise(tmp_path):
    lines = [
        {"episode": f"e{n}", **one, "reward": reward}
        for n in (0, 1)
        for one, reward in ((ASKED, 0.0), (SAID, float(n)))
    ]
    assert mapping(tmp_path, *lines)["outcome"] == "{lines.-1.reward}"
    alike = [{**one, "reward": float(one["episode"] == "e1")} for one in lines]
    assert mapping(tmp_path, *alike)["outcome"] == "{reward}"


def test_a_name_that_different_questions_share_names_no_item(tmp_path):
    def item(key, *questions, **more):
        chats = [[{"role": "user", "content": q}, {**SAID, "content": q + "!"}] for q in questions]
        rows = [
            {key: "ab"[n % 2], "passed": True, "chat": chat, **dict.fromkeys(more, f"{n}")}
            for n, chat in enumerate(chats)
        ]
        return mapping(tmp_path, *rows)["item"]

    assert item("name", "q0", "q1", "q2", "q3", id=1) == "{id}"
    assert item("name", "q0", "q1", "q0", "q1", id=1) == "{name}"
    assert item("task_id", "q0", "q1", "q2", "q3", id=1) == "{task_id}"


def test_answers_of_several_agents_are_asked_about(tmp_path):
    def asked(*answers, **mapped):
        made = guessed(tmp_path, {"id": "a", "chat": [ASKED, *answers]}, mapped=mapped)
        return [said for said in made.open if said.startswith("are the answers of several agents")]

    named = [{**SAID, "name": name} for name in ("coder", "planner")]
    assert "(coder, planner)? source.mapping.agent='{@message.name}'" in asked(*named)[0]
    roles = {"coder": "assistant", "planner": "assistant"}
    by_role = [{"role": name, "content": "x"} for name in roles]
    assert "{@message.role}" in asked(*by_role, roles=roles)[0]
    calling = {"role": "function_call", "content": '{"name": "f", "arguments": {}}'}
    assert asked(SAID, calling, {"role": "model", "content": "x"}) == []
    assert asked(*named, agent="{@message.name}") == []


def test_an_answer_without_its_question_is_no_conversation(tmp_path):
    said = {"role": "assistant", "content": "4"}
    records = [
        {"id": f"q{n}", "case": {"input": "2+2?"}, "out": {"choices": [{"message": said}]}}
        for n in range(2)
    ]
    made = mapping(tmp_path, *records)
    assert (made["prompt"], made["answer"]) == ("{case.input}", "{out.choices.0.message}")
    plain = mapping(tmp_path, *({"id": f"q{n}", "question": "?", "log": [said]} for n in (1, 2)))
    assert (plain["prompt"], plain["answer"]) == ("{question}", "{log.0}")


def test_a_field_that_lines_share_is_asked_about_where_its_name_says_nothing(tmp_path):
    said = [{**ASKED, "model": None}, {**SAID, "success": True}]
    lines = [{"flight": f, **one} for f in ("f1", "f2") for one in said]
    made = guessed(tmp_path, *lines)
    assert made.settings["group"] == "{flight}"
    assert made.settings["mapping"]["outcome"] == "{lines.-1.success}"
    assert made.open[0].startswith("do the lines of one conversation share 'flight', as was taken?")


def test_fields_that_may_name_the_item_are_offered(tmp_path):
    records = [{"fall": f"F-{n}", "chat": [ASKED, SAID]} for n in range(4)]
    made = guessed(tmp_path, *records)
    assert made.settings["mapping"]["item"] == "{@digest}"
    assert "what was each record a try at? say source.mapping.item='{fall}'" in made.open[0]


def test_roles_and_texts_in_objects_of_their_own_are_found(tmp_path):
    chat = [
        {"author": {"role": "user"}, "content": {"parts": ["Which shelf?"]}},
        {"author": {"role": "assistant"}, "content": {"parts": ["The third."]}},
    ]
    made = guessed(tmp_path, {"id": "a", "passed": True, "chat": chat})
    table = {"author.role": "role", "content.parts": "content"}
    assert made.settings["mapping"]["message_keys"] == table
    assert (made.open, made.left_over) == ([], [])


EPISODES = [{"goal": f"g{n}", "question": "Where?", "answer": "There."} for n in range(4)]


def test_the_list_that_is_said_to_hold_the_records_is_looked_at_and_written(tmp_path):
    made = guessed(
        tmp_path, {"version": 1, "inner": {"episodes": EPISODES}}, records="inner.episodes"
    )
    assert made.records == 4
    assert made.settings["records"] == "inner.episodes"
    assert made.settings["mapping"]["answer"] == "{answer}"


def test_a_list_in_the_only_object_of_a_file_is_proposed(tmp_path):
    made = guessed(tmp_path, {"version": 1, "episodes": EPISODES})
    assert "then again with source.records=episodes (4 objects)" in made.open[1]


def test_a_list_in_each_of_many_objects_is_not_proposed(tmp_path):
    made = guessed(tmp_path, *({"n": n, "episodes": EPISODES} for n in range(9)))
    assert not any("source.records" in line for line in made.open)


def test_what_lines_have_in_common_is_taken_as_it_is_said(tmp_path):
    lines = [
        {"conversation_id": c, "part": p, **one}
        for c in ("c1", "c2")
        for p in "ab"
        for one in (ASKED, SAID)
    ]
    made = guessed(tmp_path, *lines, group="{conversation_id}-{part}")
    assert made.settings["group"] == "{conversation_id}-{part}"
    assert made.settings["mapping"]["messages"] == "{lines}"
    assert not any("do the lines of one conversation share" in line for line in made.open)


def test_a_list_that_is_said_to_be_taken_apart_is(tmp_path):
    record = {"task": "t", "tries": EPISODES, "notes": [{"a": 1}]}
    made = guessed(tmp_path, record, explode="tries")
    assert made.settings["explode"] == "tries"
    assert made.settings["mapping"]["prompt"] == "{question}"
    with pytest.raises(SourceError, match="no list of objects at tris"):
        guessed(tmp_path, record, explode="tris")
