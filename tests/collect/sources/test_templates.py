from pathlib import Path

import pytest

from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.templates import MappingTemplate, Misfit
from harness_forge.config.compose.engine import compose
from harness_forge.config.source import MappingConfig
from harness_forge.core.errors import ConfigError

RECORD = {
    "task": {"id": 7, "steps": [{"name": "look"}, {"name": "act"}], "none": None},
    "empty": [],
    "run.id": "r1",
    "facts": {"llm.messages": [{"said": "x"}], "a": {"b": 1}, "a.c": 2},
    "done": True,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{task.id}", 7),
        ("{task.steps.1.name}", "act"),
        ("{task.steps.-1.name}", "act"),
        ("{task.steps.#}", 2),
        ("{done}", True),
        ("t-{task.id}", "t-7"),
        ("{missing|task.none|done}", True),
        ("{missing|'x'}", "x"),
        ("{empty.0.name|'none'}", "none"),
        ("{missing}", None),
        ("t-{missing}", None),
        ("", None),
        ("plain", "plain"),
        ("{task.steps.#.name}", None),
        ("{run.id}", "r1"),
        ("{facts.llm.messages.0.said}", "x"),
        ("{facts.llm.other|facts.a.b}", 1),
        ("{facts.a.c}", None),
        ("{facts.'llm.messages'.0.said}", "x"),
        ('{"run.id"}', "r1"),
        ("{facts.'a'.b}", 1),
        ("{facts.'a.b'}", None),
        ("{'a|b'}", "a|b"),
        ("{missing|facts.'no|where'|done}", True),
        ("{task.steps.*.name}", ["look", "act"]),
        ("{task.steps.*.missing}", []),
    ],
)
def test_a_template_picks_its_value(text, value):
    assert MappingTemplate("key", text).value(RECORD) == value


def test_a_families_table_takes_the_first_that_matches():
    templates = Templates(MappingConfig(item="{a}", family="{a}", families={"ssh": "s", "s": "t"}))
    assert [templates.family({"a": name}, "") for name in ("sshd", "sudo", "x")] == [
        "s",
        "t",
        "other",
    ]


def test_a_group_is_the_part_of_a_name_that_counts():
    templates = Templates(MappingConfig(item="{a}", group="{a}", group_pattern=r"[a-z]+_\d+"))
    assert templates.group({"a": "mbpp_12_circle py"}, "") == "mbpp_12"


def test_names_that_differ_between_the_parts_that_count_are_one_group():
    mapping = compose(None, ["source=reflexion"]).source.mapping
    found = {
        Templates(mapping).group({"name": name}, "")
        for name in ("Made/12", "Made_12_sum_of_squares", "Made_12_sum_of_squares rs")
    }
    assert found == {"Made/12"}


def test_a_name_in_which_the_pattern_is_not_found_is_the_group():
    templates = Templates(MappingConfig(item="{a}", group="{a}", group_pattern=r"(x)(\d)?"))
    assert templates.group({"a": "pot"}, "") == "pot"
    assert templates.group({"a": "box"}, "") == "x"


def test_a_files_name_may_say_things():
    templates = Templates(
        MappingConfig(name_pattern=r"(?P<model>[^/]+)-(?P<kind>\w+)\.json", run="{@model}")
    )
    scope = templates.scope_of(Path("runs/m-1-air.json.gz"))
    assert scope == {"@stem": "m-1-air", "@model": "m-1", "@kind": "air"}
    assert templates.named_fields(scope) == {"@model": "m-1"}


def test_what_a_mapping_needs_must_be_set():
    with pytest.raises(ConfigError, match=r"source\.mapping\.item: must be set"):
        Templates(MappingConfig(), ["item"])


def test_a_broken_pattern_names_its_key():
    with pytest.raises(ConfigError, match=r"source\.mapping\.group_pattern: is no regular"):
        Templates(MappingConfig(group_pattern="("))


def test_a_record_that_lacks_what_is_needed_does_not_fit():
    with pytest.raises(Misfit, match=r"no item at \{a\}"):
        Templates(MappingConfig(item="{a}")).demand("item", {})


def test_a_key_of_a_message_may_lie_in_an_object_of_it():
    keys = {"author.role": "role", "content.parts": "content", "a.b": "name"}
    said = Templates(MappingConfig(item="i", message_keys=keys, roles={"bot": "assistant"}))
    [one] = said.messages([{"author": {"role": "bot"}, "content": {"parts": ["x"]}, "a.b": "n"}])
    assert one == {"role": "assistant", "content": ["x"], "name": "n"}


def test_of_two_keys_with_one_meaning_an_empty_one_takes_nothing_away():
    said = Templates(MappingConfig(item="i", message_keys={"say": "content", "out": "content"}))
    messages = [{"say": "x", "out": ""}, {"say": "", "out": "y"}, {"say": "", "out": None}]
    assert [one["content"] for one in said.messages(messages)] == ["x", "y", ""]


@pytest.mark.parametrize("text", ["{a", "a}", "{a}-{b", "{{a}}", "{a.'b}", "{}", "{a} { }"])
def test_a_text_with_half_a_place_or_none_in_it_is_refused(text):
    for mapping in (MappingConfig(item=text), MappingConfig(item="{a}", signals={"mode": text})):
        with pytest.raises(
            ConfigError, match=r"^source\.mapping\.(item|signals\.mode): has"
        ) as caught:
            Templates(mapping)
        assert caught.value.hint


@pytest.mark.parametrize("ends", [(0, 0), (1, 0), (2, 1)])
def test_ends_of_a_reward_with_nothing_between_them_are_refused(ends):
    with pytest.raises(ConfigError, match=r"reward_min: must be less than") as caught:
        Templates(MappingConfig(item="{a}", reward_min=ends[0], reward_max=ends[1]))
    assert "source.mapping.lower_is_better=true" in caught.value.hint


def test_no_source_that_comes_with_forge_has_half_a_place():
    found = sorted((Path(__file__).parents[3] / "conf" / "source").glob("[a-z]*.yaml"))
    assert found
    for path in found:
        Templates(compose(overrides=[f"source={path.stem}"]).source.mapping)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mapping.passes_from=0", "must be more than 0 and at most 1, not 0"),
        ("mapping.passes_from=-1", "must be more than 0 and at most 1, not -1"),
        ("mapping.passes_from=75", "a percentage is written as a share: 0.75"),
        ("mapping.passes_from=nan", "must be more than 0 and at most 1, not nan"),
        ("mapping.confidence=2", "must lie between 0 and 1, not 2"),
        ("max_bad_share=1.5", "must lie between 0 and 1, not 1.5"),
        ("max_bad_lines=-1", "must be 0 or more, not -1"),
    ],
)
def test_a_number_that_no_record_could_meet_is_refused(given, said):
    with pytest.raises(ConfigError, match=rf"source\.{given.partition('=')[0]}") as caught:
        compose(overrides=["source=trajectories", f"source.{given}"])
    assert said in str(caught.value)
