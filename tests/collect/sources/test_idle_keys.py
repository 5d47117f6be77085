"""Settings that have no field to act on."""

import pytest

from harness_forge.collect.ingest.dry_run import dry_run
from harness_forge.collect.sources.idle_keys import demand_no_idle_keys
from harness_forge.config.source import MappingConfig, OutcomesFileConfig, SourceConfig
from harness_forge.core.errors import ConfigError

NO_FILE = OutcomesFileConfig()


def source(beside=NO_FILE, **mapping):
    return SourceConfig("mine", mapping=MappingConfig(**mapping), outcomes=beside)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"outcomes": {"FIXED": 1.0}}, "mapping.outcomes: does nothing: source.mapping.outcome"),
        ({"passes_from": 0.5}, "mapping.passes_from: does nothing: source.mapping.outcome"),
        ({"roles": {"bot": "assistant"}}, "mapping.roles: does nothing: source.mapping.messages"),
        ({"message_keys": {"a": "role"}}, "mapping.message_keys: does nothing"),
        ({"answer": "{said}"}, "mapping.answer: does nothing: source.mapping.prompt"),
    ],
)
def test_a_table_without_its_field_is_named_with_the_field(given, said):
    with pytest.raises(ConfigError) as caught:
        demand_no_idle_keys(source(**given))
    assert said in str(caught.value)
    assert "='{FIELD}'" in caught.value.hint


def test_outcomes_of_a_second_file_need_the_file():
    with pytest.raises(ConfigError, match=r"source\.outcomes\.outcome: does nothing"):
        demand_no_idle_keys(source(OutcomesFileConfig(outcome="{resolved}")))


def test_a_table_acts_on_the_outcomes_of_a_second_file():
    demand_no_idle_keys(source(OutcomesFileConfig("r.json", "{i}", "{o}"), outcomes={"ok": 1.0}))


def test_what_acts_on_something_passes():
    demand_no_idle_keys(source(outcome="{o}", messages="{m}", roles={"a": "user"}, reward_max=5.0))


def test_a_dry_run_asks_before_it_reads(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n")
    config = SourceConfig("mine", path=str(path), mapping=MappingConfig(roles={"a": "user"}))
    with pytest.raises(ConfigError, match="does nothing"):
        dry_run(config, "recorded")
