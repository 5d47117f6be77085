"""Every verb and every stage means the same adapter."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from harness_forge.cli import stages
from harness_forge.config.compose.resolved import write_resolved
from harness_forge.promotion.files import Files
from harness_forge.registry import current
from harness_forge.registry.adapters import package, registry
from harness_forge.serving import gguf, swapping


class Found(Exception):
    """Ends a command once it has loaded the adapter that it means."""


@pytest.fixture
def staged(loop, monkeypatch):
    """The digest of the stages' adapter, where the registry has a newer one of the name."""
    monkeypatch.chdir(loop.root)
    kept, aside = loop.outputs / "adapters" / "sft", loop.root / "aside"
    digest = package.load(kept).digest
    kept.rename(aside)
    newer = loop.train(0.75)
    kept.rename(loop.root / "newer")
    aside.rename(kept)
    assert registry.resolve(loop.name, loop.home).digest == newer != digest
    return digest


@pytest.fixture
def loaded(monkeypatch):
    """Return the digests of what commands load; each ends with the first."""
    digests = []

    def load(folder, real=package.load):
        digests.append(real(Path(folder)).digest)
        raise Found

    monkeypatch.setattr(registry, "load", load)
    return digests


@pytest.mark.parametrize("verb", ["prove", "replay", "promote"])
def test_a_verb_without_a_name_means_the_adapter_that_the_loop_trained(verb, loop, staged, loaded):
    main = import_module(f"harness_forge.cli.{verb}").main
    with pytest.raises(Found):
        main([f"forge_home={loop.home}", f"train.name={loop.name}", "skill=stig"])
    assert loaded == [staged]


@pytest.mark.parametrize(
    "command",
    [lambda config: gguf.write(config, None), lambda config: swapping.swapped(config, "a", None)],
)
def test_serving_without_a_name_means_it_too(command, config, staged, loaded, monkeypatch):
    monkeypatch.setattr(current, "base_model_of", lambda config: None)
    monkeypatch.setattr(swapping, "server", lambda config: None)
    with pytest.raises(Found):
        command(config)
    assert loaded == [staged]


@pytest.mark.parametrize("stage", ["prove", "evaluate", "replay", "promote"])
def test_a_stage_means_it_too(stage, loop, staged, monkeypatch):
    given = []

    def caught(*args, **options):
        places = [getattr(one, "adapter", one) for one in args]
        places = [one for one in places if isinstance(one, str | Path)]
        given.extend(one for one in map(Path, places) if (one / package.LINEAGE).is_file())
        raise Found

    for place in ("evaluation.proof.prove.prove", "evaluation.suite_run.evaluate"):
        monkeypatch.setattr(f"harness_forge.{place}", caught)
    for place in ("evaluation.replay.replay", "promotion.decide.decide"):
        monkeypatch.setattr(f"harness_forge.{place}", caught)
    resolved = loop.root / "resolved.yaml"
    write_resolved(resolved, "target_a", [f"forge_home={loop.home}"])
    with pytest.raises(Found):
        getattr(stages, stage)(resolved, Path("outputs") / stage)
    assert [package.load(place).digest for place in given] == [staged]


def test_the_last_training_of_the_loop_counts(loop, staged):
    newer = registry.resolve(loop.name, loop.home)
    package.copy(newer, loop.outputs / "adapters" / "dpo")
    assert package.load(current.trained_folder(loop.outputs)).digest == newer.digest
    assert Files.of(loop.outputs).adapter == current.trained_folder(loop.outputs)


def test_where_no_loop_ran_it_is_the_newest_of_the_recipe(config, tmp_path, monkeypatch, loop):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    config = replace(config, forge_home=str(loop.home))
    assert current.current_adapter(config) == registry.resolve(loop.name, loop.home)
