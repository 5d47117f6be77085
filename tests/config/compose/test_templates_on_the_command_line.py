"""A text with places in braces is written on the command line as the docs print it."""

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.overrides import expand, prepare
from harness_forge.core.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "{task}", "{a|b}", "t-{trial}", "{attempt|''}", "{a:b}", "{x.0.name|'none'}", "{a}{b}",
        r"{a|'\\'}", r"{a}\d", "{a, b}", "{it's}", "{reflections.#}", "a={b}",
    ],
)  # fmt: skip
def test_a_template_arrives_as_it_was_written(text):
    config = compose(None, ["source=trajectories", f"source.mapping.item={text}"])
    assert config.source.mapping.item == text


def test_a_template_of_a_name_that_the_user_gives_arrives_too(text="{a|'none'}"):
    config = compose(None, ["source=trajectories", f"source.mapping.signals.mode={text}"])
    assert config.source.mapping.signals == {"mode": text}


def test_what_is_quoted_for_hydra_already_stays(text="{task}"):
    config = compose(None, ["source=trajectories", f"source.mapping.item='{text}'"])
    assert config.source.mapping.item == text


def test_a_sweep_over_other_keys_leaves_a_template_whole():
    jobs = expand(["source=trajectories", "source.mapping.item={task}", "run.limit=1,2"])
    assert len(jobs) == 2
    assert all(prepare(job) for job in jobs)


def test_a_mapping_is_still_a_mapping():
    families = compose(None, ["source=trajectories", "source.mapping.families={a:b}"])
    assert families.source.mapping.families == {"a": "b"}
    with pytest.raises(ConfigError, match="cannot read"):
        compose(None, ["source=trajectories", "source.max_bad_lines={a"])


def test_of_an_unknown_key_the_key_is_at_fault_not_its_quotes():
    with pytest.raises(ConfigError, match=r"source\.mapping\.outcme: unknown key") as caught:
        compose(None, ["source=trajectories", "source.mapping.outcme={end.verdict}"])
    assert caught.value.hint.startswith("did you mean 'outcome'?")


def test_null_for_a_text_that_may_be_empty_is_answered_with_how_to_leave_it_out():
    with pytest.raises(ConfigError) as caught:
        compose(None, ["source=trajectories", "source.mapping.messages=null"])
    assert str(caught.value) == (
        "command line: source.mapping.messages: must not be null\n"
        "  hint: an empty text leaves it out: source.mapping.messages=''"
    )
    left_out = compose(None, ["source=trajectories", "source.mapping.messages=''"])
    assert left_out.source.mapping.messages == ""
