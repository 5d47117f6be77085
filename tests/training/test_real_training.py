"""Real Axolotl on a model of two layers, made on the spot: from rows to a packaged adapter."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tiny_rows import TEMPLATE, TOOLS, answer, asked, script, write

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import registry, replicates
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, load
from harness_forge.training import supervised
from harness_forge.training import trained as trained_module
from harness_forge.training.progress import steps_in
from harness_forge.training.replicates import train_replicates
from harness_forge.training.stages import train_sft

EQUALITY = Path(__file__).with_name("shared_prompt_check.py")

TRL = Path(__file__).with_name("trl_learns.py")
TRL_TEMPLATE = TEMPLATE.with_name("chatml_hermes_trl.jinja")

pytestmark = pytest.mark.workset


def test_rows_are_trained_as_serving_renders_them(trained):
    # The audit compares every prepared row with the library's own rendering, token by token.
    assert trained.audit.rows == 8
    assert trained.audit.trained_text.startswith('<tool_call>{"name": "apply_fix"')
    assert trained.audit.trained_text.endswith("</tool_call><|im_end|>")
    assert "<é> & 'x'" in trained.audit.trained_text
    assert trained.audit.masked_text.endswith("<|im_start|>assistant\n\n")


def test_the_adapter_is_packaged_whole(trained):
    adapter = load(trained.adapter.folder)
    assert adapter.lineage["measured"]["steps"] == 4
    assert adapter.lineage["train"]["adapter"] == "qlora"


def test_the_same_training_again_is_not_made_again(trained, config):
    again = supervised.train(config)
    assert not again.new
    assert again.adapter.digest == trained.adapter.digest


def test_a_training_that_outlived_forge_is_taken_as_it_is(config, monkeypatch):
    # Only where steps are counted, and not epochs, does the trainer make one more of its own.
    own = replace(config, train=replace(config.train, max_steps=3, epochs=3, name="counted"))

    def die(job, lineage):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trained_module, "packaged", die)
        with pytest.raises(KeyboardInterrupt):
            supervised.train(own)
    out = supervised.plan(own).work / "out"
    ended = {name: (out / name).read_bytes() for name in (CONFIG, WEIGHTS)}
    for name in ended:
        (out / name).unlink()
    done = supervised.train(own)
    assert [fact["step"] for fact in steps_in(done.metrics)] == [1, 2, 3]
    assert done.adapter.lineage["measured"]["steps"] == 3
    # The checkpoint has what the end of a training writes.
    assert (done.adapter.folder / WEIGHTS).read_bytes() == ended[WEIGHTS]


def test_rows_beyond_the_context_are_refused_before_training(config):
    short = replace(config, train=replace(config.train, sequence_length=40))
    with pytest.raises(TrainError, match=r"8 of 8 rows exceed 40 tokens"):
        supervised.train(short)


def test_a_template_that_renders_no_tools_is_refused(config, model, home, tmp_path):
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    (bare / "chat_template.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    other = replace(config, model=replace(config.model, path=str(bare)))
    with pytest.raises(TrainError, match="renders no tools"):
        supervised.train(other)


def conversation(number):
    """Two answers to learn; a wrong one between them that is only context."""
    wrong = answer(f"true # {number}") | {"weight": 0}
    told = [{"role": "tool", "tool_call_id": "c", "name": "apply_fix", "content": f"exit {number}"}]
    return [
        *asked(number), answer(script(number)), *told, wrong, *told,
        {"role": "assistant", "content": f"Rule {number} is kept now."},
        {"role": "user", "content": "and <é>?"},
        {"role": "assistant", "content": "\nIt is as well."},
    ]  # fmt: skip


def test_turns_of_a_conversation_that_are_marked_are_learned_and_no_other(config, tmp_path):
    rows = [{"messages": conversation(number), "tools": json.dumps(TOOLS)} for number in range(8)]
    train = replace(config.train, dataset=str(write(tmp_path, rows)))
    seen = []
    supervised.train(replace(config, train=train), audited=seen.append, check=True)
    assert (seen[0].rows, seen[0].turns, seen[0].joined) == (8, 24, 0)
    for ending in ("</tool_call><|im_end|>", "is kept now.<|im_end|>", "It is as well.<|im_end|>"):
        assert seen[0].trained_text.count(ending) == 1
    assert "true #" in seen[0].masked_text and "true #" not in seen[0].trained_text


def test_trl_learns_the_marked_turns_and_no_other(child, model, tmp_path):
    rows = [{"messages": conversation(number), "tools": json.dumps(TOOLS)} for number in range(8)]
    data = write(tmp_path, rows) / "train.jsonl"
    told = json.loads(child(TRL, model, TRL_TEMPLATE, data, tmp_path / "out").splitlines()[-1])
    assert told["steps"] == 1
    learned = told["learned"].split("<|im_end|>")
    assert learned[0].startswith('<tool_call>{"name": "apply_fix"') and script(0)[:6] in learned[0]
    assert learned[1:] == ["Rule 0 is kept now.", "\nIt is as well.", ""]


def test_a_template_that_rewrites_earlier_answers_is_refused(config, model, tmp_path):
    import shutil

    forgets = tmp_path / "forgets"
    shutil.copytree(model, forgets)
    text = (forgets / "chat_template.jinja").read_text()
    old = "{{ message.content or '' }}"
    assert old in text
    new = "{{ (message.content or '') if loop.last else '(said before)' }}"
    (forgets / "chat_template.jinja").write_text(text.replace(old, new))
    rows = [{"messages": conversation(number), "tools": json.dumps(TOOLS)} for number in range(8)]
    other = replace(
        config,
        model=replace(config.model, path=str(forgets)),
        train=replace(config.train, dataset=str(write(tmp_path, rows))),
    )
    with pytest.raises(TrainError, match=r"line 1: .*renders answer 3 otherwise when messages fol"):
        supervised.train(other)


@pytest.mark.soak  # test_launch.py tells of every death, with a program that dies so
def test_what_axolotl_cannot_do_is_told_in_one_line(config, trained):
    wrong = replace(config, train=replace(config.train, schedule="upwards"))
    with pytest.raises(TrainError) as caught:
        supervised.train(wrong)
    assert "axolotl" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_a_shared_prompt_changes_no_loss_and_no_gradient(child, model):
    worst = json.loads(child(EQUALITY, model).splitlines()[-1])
    assert worst["shared"] > 16
    assert worst["loss"] < 1e-5
    assert worst["gradient"] < 1e-4


def test_the_rendered_config_is_what_was_trained(config, trained):
    place = next(Path(config.forge_home).glob("training/*/axolotl.yaml"))
    assert yaml.safe_load(place.read_text())["load_in_4bit"] is True


@pytest.mark.soak  # test_replicates.py asks the same of trainings that are not made
def test_replicates_are_trained_apart_with_seeds_of_their_own(config, trained, tmp_path):
    two = replace(config, train=replace(config.train, replicates=2))
    first, second = train_replicates(two)
    assert first.adapter == trained.adapter
    assert (first.new, second.new) == (False, True)
    lineage = second.adapter.lineage
    assert second.adapter.name == "tiny-r2"
    assert lineage["replicate"] == {"number": 2, "first": first.adapter.lineage["key"]}
    assert lineage["train"]["seed"] == replicates.seed_of(config.seed, 2) != config.seed
    assert second.adapter.digest != first.adapter.digest
    folder = registry.folder(Path(config.forge_home))
    assert replicates.all_of(first.adapter, 2, folder) == [first.adapter, second.adapter]
    # Of the stage, the first one is the adapter, and the metrics list both.
    place = tmp_path / "sft"
    made = tmp_path / "train_sft.json", tmp_path / "live"
    train_sft(two, Path(config.train.dataset), place, *made)
    listed = json.loads(made[0].read_text())["replicates"]
    assert [one["digest"] for one in listed] == [first.adapter.digest, second.adapter.digest]
    own = trained.adapter.folder
    assert {f.name: f.read_bytes() for f in place.iterdir()} == {
        f.name: f.read_bytes() for f in own.iterdir()
    }
    train_sft(config, Path(config.train.dataset), place, *made)
    assert "replicates" not in json.loads(made[0].read_text())
