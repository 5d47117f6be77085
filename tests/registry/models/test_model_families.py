"""Families of conf/model: templates and parsers agree, and a folder of weights is used as it is."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.config.model import Thinking, ToolForm
from harness_forge.core.chat.template import read_template
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.registry.models.folder import find_base_model
from harness_forge.registry.models.remarks import remarks
from harness_forge.registry.models.tool_form import form_of

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "conf/model/templates"
# One of each family, and sizes that say more than a name; `forge validate` composes all.
SIZES = (
    *("qwen3-8b", "qwen3-30b-a3b", "qwen3.5", "llama-3.3-70b", "gemma-4-e4b", "devstral-small"),
    *("deepseek-r1-distill-qwen", "deepseek-r1-distill-llama-8b", "smollm2-360m"),
)
BARE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"


@cache
def size(name):
    path = ["model.path=x"] if name == "local" else []
    return compose(overrides=[f"model={name}", *path]).model


def model_of(name, path, **settings):
    return replace(size(name), path=str(path), **settings)


@pytest.fixture
def folder(tmp_path):
    """Return a function that makes a folder with a model's files, its weights a few bytes."""

    def made(kind, template=None, eos="<|im_end|>", **config):
        place = tmp_path / "weights"
        place.mkdir()
        described = {"model_type": kind, **config}
        (place / "config.json").write_text(json.dumps(described))
        tokens = [{"content": token} for token in (eos, "<turn|>")]
        (place / "tokenizer.json").write_text(json.dumps({"added_tokens": tokens, "model": {}}))
        (place / "tokenizer_config.json").write_text(json.dumps({"eos_token": eos}))
        (place / "model.safetensors").write_bytes(b"weights")
        if template is not None:
            (place / "chat_template.jinja").write_text(template)
        return place

    return made


@pytest.mark.parametrize("name", SIZES)
def test_the_calls_that_a_familys_template_writes_are_read_by_a_parser(name, folder, tmp_path):
    config = model_of(name, tmp_path / "weights")
    folder((config.architectures or ["llama"])[0])
    base = find_base_model(config, tmp_path)
    written = (TEMPLATES.parent / (config.template or config.fallback_template)).read_text()
    assert base.template == written
    assert not remarks(base, config)
    assert form_of(base.folder, config) in ("hermes", "llama_json", "gemma", "mistral", "qwen_xml")
    assert config.context > 0 and config.target_modules and config.title


def test_a_template_of_the_weights_is_used_and_says_the_form(folder, tmp_path):
    own = (TEMPLATES / "llama_json.jinja").read_text() + "{# mine #}"
    place = folder("llama", own)
    config = model_of("llama-3.3-70b", place)
    base = find_base_model(config, tmp_path)
    assert base.folder == place and base.template == own
    assert form_of(base.folder, config) == "llama_json"


def test_a_form_that_the_template_does_not_write_is_refused(folder):
    place = folder("qwen3", (TEMPLATES / "chatml_hermes.jinja").read_text())
    config = model_of("qwen3-8b", place, tools=ToolForm.llama_json)
    with pytest.raises(TrainError, match=r"is llama_json, and .* writes calls as hermes"):
        form_of(place, config)


def test_a_template_of_ours_is_shown_in_a_folder_of_links(folder, tmp_path):
    place = folder("qwen3", BARE)
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    config = model_of("qwen3-8b", place, template="templates/qwen_thinking.jinja")
    base = find_base_model(config, tmp_path)
    assert base.folder != place
    assert (base.folder / "model.safetensors").resolve() == place / "model.safetensors"
    assert read_template(base.folder).text == (TEMPLATES / "qwen_thinking.jinja").read_text()
    assert {file.name: file.read_bytes() for file in place.iterdir()} == before


def test_thinking_is_switched_in_the_template(folder, tmp_path):
    place = folder("qwen3", (TEMPLATES / "qwen_thinking.jinja").read_text())
    ends = {}
    for switch in Thinking:
        config = model_of("qwen3-8b", place, thinking=switch)
        base = find_base_model(config, tmp_path)
        asked = [{"role": "user", "content": "x"}]
        ends[switch.name] = read_template(base.folder).render(asked, asks=True)
        assert form_of(base.folder, config) == "hermes"
    assert ends["on"] == ends["own"] == "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n"
    assert ends["off"] == ends["on"] + "<think>\n\n</think>\n\n"


def test_a_template_without_the_switch_is_refused(folder, tmp_path):
    place = folder("qwen3", BARE)
    config = model_of("qwen3-8b", place, thinking=Thinking.off)
    with pytest.raises(TrainError, match="is off, and the chat template has no switch"):
        find_base_model(config, tmp_path)


def test_the_end_of_a_turn_is_named_to_the_tokenizer(folder, tmp_path):
    place = folder("gemma4", eos="<eos>")
    base = find_base_model(model_of("gemma-4-e4b", place), tmp_path)
    named = json.loads((base.folder / "tokenizer_config.json").read_text())
    assert named == {"eos_token": "<turn|>"}
    assert json.loads((place / "tokenizer_config.json").read_text()) == {"eos_token": "<eos>"}


def test_a_tokenizer_without_the_end_of_a_turn_is_refused(folder, tmp_path):
    place = folder("gemma4")
    (place / "tokenizer.json").write_text('{"added_tokens": [], "model": {"vocab": {}}}')
    with pytest.raises(TrainError, match=r"has no token <turn\|>, with which gemma-4-e4b ends"):
        find_base_model(model_of("gemma-4-e4b", place), tmp_path)


def test_a_template_that_is_not_there_is_named(folder, tmp_path):
    config = model_of("qwen3-8b", folder("qwen3"), template="mine.jinja")
    with pytest.raises(ConfigError, match=r"model\.template: 'mine\.jinja'"):
        find_base_model(config, tmp_path)


def test_weights_of_another_family_or_size_are_noted(folder, tmp_path):
    place = folder("llama", BARE, hidden_size=64, max_position_embeddings=512)
    config = model_of("qwen3-8b", place)
    notes = remarks(find_base_model(config, tmp_path), config)
    assert notes[0] == "its config.json has model_type llama, and qwen3-8b is for qwen3"
    assert "hidden_size 64, and qwen3-8b has 4096: it is another size" in notes[1]
    assert "shows no tools" in notes[2]


def test_an_unknown_family_works_and_is_noted(folder, tmp_path):
    place = folder("mamba9", (TEMPLATES / "chatml_hermes.jinja").read_text())
    config = model_of("local", place)
    base = find_base_model(config, tmp_path)
    assert form_of(base.folder, config) == "hermes"
    (note,) = remarks(base, config)
    assert note.startswith("no family in conf/model is for model_type mamba9")


def test_info_tells_form_thinking_and_notes(folder, tmp_path, capsys):
    place = folder("qwen3", (TEMPLATES / "qwen_thinking.jinja").read_text(), hidden_size=64)
    words = ["model", "info", "qwen3-4b", f"model.path={place}", "model.thinking=off"]
    assert cli.main([*words, f"forge_home={tmp_path}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert " tools hermes " in said and " thinking off " in said
    assert " note its config.json has hidden_size 64" in said


def test_a_size_without_a_folder_says_how_to_name_one(capsys, tmp_path):
    assert cli.main(["model", "info", "qwen3-8b", f"forge_home={tmp_path}"]) == 9
    assert capsys.readouterr().err == (
        "forge: model qwen3-8b: is not there\n  hint: give its folder: model.path=DIR\n"
    )
