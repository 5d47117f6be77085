"""Answers in each family's own form, read as strictly as those in the Hermes form."""

import json

import pytest

from harness_forge.evaluation.scoring import calls
from harness_forge.rollouts.policies import parsing

PROPERTIES = {
    "path": {"type": "string"},
    "count": {"type": "integer"},
    "dry": {"type": "boolean"},
    "more": {"type": "object"},
    "names": {"type": "array"},
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "parameters": {"type": "object", "properties": PROPERTIES, "required": ["path"]},
        },
    }
]
SCRIPT = "printf '%s' \"a{}[]\" >> /etc/é\n"
FULL = {"path": SCRIPT, "count": -3, "dry": True, "more": {"a": [1.5, None]}, "names": ["x", ""]}


def gemma(value):
    if isinstance(value, str):
        return f'<|"|>{value}<|"|>'
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{gemma(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(gemma, value)) + "]"
    return json.dumps(value)


def xml(arguments):
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}
    inner = "".join(f"<parameter={k}>\n{text}\n</parameter>\n" for k, text in texts.items())
    return f"<tool_call>\n<function=look_up>\n{inner}</function>\n</tool_call>"


def written(form, arguments=FULL):
    """Return a call as a model of that form writes it."""
    as_json = json.dumps(arguments, ensure_ascii=False)
    return {
        "llama_json": f'{{"name": "look_up", "parameters": {as_json}}}',
        "gemma": f"<|tool_call>call:look_up{gemma(arguments)}<tool_call|>",
        "mistral": f"[TOOL_CALLS]look_up[ARGS]{as_json}",
        "qwen_xml": xml(arguments),
        "hermes": f'<tool_call>{{"name": "look_up", "arguments": {as_json}}}</tool_call>',
    }[form]


FORMS = ("llama_json", "gemma", "mistral", "qwen_xml", "hermes")
SEPARATOR = {"llama_json": "; "}


@pytest.mark.parametrize("form", FORMS)
def test_a_call_is_read_with_every_kind_of_value(form):
    found, failure = parsing.parse_text(written(form), TOOLS, form)
    assert failure is None
    assert found.arguments == FULL


@pytest.mark.parametrize("form", FORMS)
def test_the_end_of_a_turn_is_no_trailing_text(form):
    for end in ("<|im_end|>", "<|eot_id|>", "<turn|>", "</s>"):
        assert parsing.parse_text(written(form) + end, TOOLS, form)[1] is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("other", FORMS)
def test_a_call_in_the_form_of_another_family_is_none(form, other):
    found, failure = parsing.parse_text(written(other), TOOLS, form)
    assert (found is not None) == (form == other)
    assert (failure is None) == (form == other)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda call, next_to: f"{call} Done.", "trailing_text"),
        (lambda call, next_to: f"{call}{next_to}{call}", "several_calls"),
        (lambda call, next_to: call.replace("look_up", "rm"), "unknown_tool"),
        (lambda call, next_to: "It is fine.", "no_call"),
        (lambda call, next_to: "", "no_call"),
    ],
)
def test_what_is_not_one_valid_call_has_its_reason(form, change, reason):
    text = change(written(form), SEPARATOR.get(form, ""))
    assert parsing.parse_text(text, TOOLS, form) == (None, reason)


@pytest.mark.parametrize("form", FORMS)
def test_arguments_of_another_type_are_refused(form):
    text = written(form, {"path": "x", "count": "many"})
    assert parsing.parse_text(text, TOOLS, form) == (None, "bad_arguments")


@pytest.mark.parametrize("form", FORMS)
def test_a_call_that_breaks_off_is_unparsable(form):
    text = written(form)
    broken = {"gemma": text[: -len("<tool_call|>")], "qwen_xml": text[: -len("</tool_call>")]}
    assert parsing.parse_text(broken.get(form, text[:-12]), TOOLS, form) == (None, "unparsable")


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        # Words beside a call: Llama's form has no mark to tell them apart.
        ("llama_json", f"I look.\n{written('llama_json')}", "no_call"),
        ("llama_json", '{"path": "data, and no call"}', "no_call"),
        ("llama_json", '{"name": "look_up", "arguments": {"path": "x"}}', "unparsable"),
        ("llama_json", '{"name": "look_up"', "unparsable"),
        ("llama_json", "<|python_tag|>print(1)", "unparsable"),
        ("llama_json", '{"name": ' + "[" * 100_000, "unparsable"),
        ("gemma", "<|tool_call>look_up{}<tool_call|>", "unparsable"),
        ("gemma", "<|tool_call>call:look_up{path:x}<tool_call|>", "unparsable"),
        ("gemma", '<|tool_call>call:look_up{path:<|"|>x}<tool_call|>', "unparsable"),
        ("gemma", '<|tool_call>call:look_up{path:<|"|>x<|"|>}}<tool_call|>', "unparsable"),
        ("gemma", '<|tool_call>call:look_up{path:<|"|>x<|"|>,}<tool_call|>', "unparsable"),
        ("gemma", "<|tool_call>call:look_up{count:1,count:2}<tool_call|>", "unparsable"),
        ("gemma", f"<|tool_call>call:look_up{{more:{'[' * 10_000}<tool_call|>", "unparsable"),
        ("mistral", '[TOOL_CALLS][{"name": "look_up", "arguments": {}}]', "unparsable"),
        ("mistral", "[TOOL_CALLS]look_up[ARGS]{path}", "unparsable"),
        ("qwen_xml", '<tool_call>{"name": "look_up", "arguments": {}}</tool_call>', "unparsable"),
        ("qwen_xml", xml({"path": "x"}).replace("</parameter>", "</para>"), "unparsable"),
    ],
)
def test_a_broken_call_is_not_repaired(form, text, reason):
    assert parsing.parse_text(text, TOOLS, form) == (None, reason)


@pytest.mark.parametrize("form", ["gemma", "mistral", "qwen_xml", "hermes"])
def test_words_before_a_call_are_let_be(form):
    assert parsing.parse_text(f"I look.\n{written(form)}", TOOLS, form)[1] is None


@pytest.mark.parametrize("form", FORMS)
def test_an_evaluation_reads_several_calls_and_no_words_between_them(form):
    one, next_to = written(form), SEPARATOR.get(form, "\n")
    assert calls.read(f"{one}{next_to}{one}", form, TOOLS) == [("look_up", FULL)] * 2
    assert calls.read(f"{one} and {one}", form, TOOLS) is None
    assert calls.read("nothing to do", form, TOOLS) == []
