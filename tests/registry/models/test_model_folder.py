"""What is said of a base model that cannot be used; nothing is fetched."""

import pytest

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core.chat.template import special_tokens
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.registry.models.folder import digest_of, find_base_model
from harness_forge.registry.models.view import template_file


def at(folder):
    return compose(overrides=["model=local", f"model.path={folder}"]).model


@pytest.fixture
def model(tmp_path):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


@pytest.fixture
def fetched(model, tmp_path):
    """A home with a model as a fetch leaves it."""
    place = tmp_path / "home" / "models" / "smollm2-135m"
    place.mkdir(parents=True)
    for file in [file for file in model.iterdir() if file.is_file()]:
        file.rename(place / file.name)
    (place / "tokenizer.json").write_text('{"added_tokens": [{"content": "<|other|>"}]}')
    (place / "tokenizer_config.json").write_text('{"eos_token": "<|im_end|>"}')
    own = template_file("templates/chatml_hermes.jinja")
    (place / "chat_template.jinja").write_bytes(own.read_bytes())
    (place / "forge.json").write_text('{"digest": "as fetched"}')
    return tmp_path / "home"


def fetched_with(*words):
    return compose(overrides=["model=smollm2-135m", *words]).model


def test_a_fetched_model_is_used_as_it_is(fetched):
    base = find_base_model(fetched_with(), fetched)
    assert (base.digest, base.folder.name) == ("as fetched", "smollm2-135m")


def test_a_fetched_model_takes_another_template_and_end_of_turn(fetched):
    words = ["model.template=templates/mistral.jinja", "model.eos='<|other|>'"]
    base = find_base_model(fetched_with(*words), fetched)
    assert base.template == template_file("templates/mistral.jinja").read_text()
    assert special_tokens(base.folder)["eos_token"] == "<|other|>"
    assert base.digest != "as fetched"  # it answers otherwise, so it is another model


def test_a_template_that_is_not_there_is_an_error(fetched):
    with pytest.raises(ConfigError, match=r"templates/none\.jinja"):
        find_base_model(fetched_with("model.template=templates/none.jinja"), fetched)


def test_a_missing_model_says_how_to_get_it(capsys, tmp_path):
    assert cli.main(["model", "info", "smollm2-135m", f"forge_home={tmp_path}"]) == 9
    assert capsys.readouterr().err == (
        "forge: model smollm2-135m: is not there\n  hint: run `forge model fetch smollm2-135m`\n"
    )


def test_a_fetch_needs_the_workset(capsys, tmp_path):
    assert cli.main(["model", "fetch", "smollm2-135m", f"forge_home={tmp_path}"]) == 5
    assert "workset train: is not installed" in capsys.readouterr().err


def test_a_model_without_source_is_used_by_its_folder(capsys, tmp_path):
    words = ["model", "fetch", "local", "model.path=x", f"forge_home={tmp_path}"]
    assert cli.main(words) == 9
    assert capsys.readouterr().err == (
        "forge: model local: has no source to fetch it from\n"
        "  hint: use it by its folder: model.path=DIR\n"
    )


def test_ls_shows_what_is_missing(capsys, tmp_path):
    assert cli.main(["model", "ls", f"forge_home={tmp_path}"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    fetched = ["smollm2-135m", "missing", "SmolLM2-135M-Instruct, dequantised from Q4_1"]
    assert fetched in rows
    assert any(row[:2] == ["qwen3-8b", "by"] for row in rows)  # "by path"


def test_a_folder_without_chat_template_is_refused(model, tmp_path):
    with pytest.raises(TrainError, match="has no chat template"):
        find_base_model(at(model), tmp_path)


def test_a_template_in_the_tokenizers_config_counts(model, tmp_path):
    (model / "tokenizer_config.json").write_text('{"chat_template": "x"}')
    assert find_base_model(at(model), tmp_path).template == "x"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_part_is_named(model, tmp_path, name):
    (model / "chat_template.jinja").write_text("x")
    (model / name).unlink()
    with pytest.raises(TrainError, match=r"holds no (model|weights)"):
        find_base_model(at(model), tmp_path)


def test_other_weights_are_another_model(model):
    first = digest_of(model)
    assert digest_of(model) == first
    (model / "model.safetensors").write_bytes(b"heavier")
    assert digest_of(model) != first
