"""The recipes that answer a founding document have the numbers that it names."""

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.several import skills_of, suites_of

AITHER = {
    "rank": 32, "alpha": 64, "learning_rate": 2e-4, "schedule": "cosine", "epochs": 3,
    "micro_batch": 4, "accumulate": 4,
}  # fmt: skip


def test_dark_factory_is_aitheros():
    config = compose("dark_factory")
    assert {key: getattr(config.train, key) for key in AITHER} == AITHER
    assert config.train.adapter.value == "qlora"
    assert (config.generate.most, config.filters.balance.max_per_category) == (600, 600)
    assert config.filters.repetition.max_bigram_repeat == 0.4
    assert (config.suite.name, config.promote.name) == ("aither", "aither")
    assert config.schedule.every_hours == 12


def test_b4mad_takes_in_three_sources_and_asks_four_suites():
    config = compose("b4mad")
    assert (config.train.adapter.value, config.train.rank) == ("qlora", 32)
    assert set(config.sources) == {"gold", "beads", "bead_sessions"}
    assert [one.skill.name for one in skills_of(config)] == ["tool_calls", "beads"]
    suites = {"tool_calls", "bead_lifecycle", "delegation", "end_to_end"}
    assert set(suites_of(config)) == suites
    assert suites < set(config.promote.conditions)


def test_kernel_trains_on_what_the_judge_found_neither_hopeless_nor_perfect():
    config = compose("kernel")
    scores = config.filters.score_range
    assert (scores.min_value, scores.max_value, scores.reads.value) == (0.3, 0.95, "judge")
    assert (config.proxy.port, config.schedule.idle.minutes) == (30000, 30)


def test_model_lab_promotes_what_beats_base_and_champion():
    config = compose("model_lab")
    against = {one.against for one in config.promote.conditions.values() if one.against}
    assert {getattr(one, "value", one) for one in against} >= {"base", "champion"}


@pytest.mark.parametrize(
    ("recipe", "model"),
    [("dark_factory", "nemotron-orchestrator-8b"), ("b4mad", "qwen3-8b"), ("kernel", "qwen3-14b")],
)
def test_its_documents_base_model_is_a_choice(recipe, model):
    config = compose(recipe, [f"model={model}", "model.path=."])
    assert config.model.name == model
