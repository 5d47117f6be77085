"""A recipe from elsewhere cannot carry this machine's secrets into what forge writes."""

import shutil
from pathlib import Path

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    monkeypatch.setenv("FORGE_STORE_URL", "postgresql://forge:hush@db/forge")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${oc.env:SECRET_TOKEN}", "may not read SECRET_TOKEN from the environment"),
        ("a-${ oc.env:SECRET_TOKEN,x }", "may not read SECRET_TOKEN from the environment"),
        ("${oc.env:FORGE_STORE_URL}", "may not read FORGE_STORE_URL from the environment"),
        ("${oc.env:${seed}}", "may not read ${seed from the environment"),
        ("${oc.decode:${oc.env:SECRET_TOKEN}}", "may not call oc.decode"),
        ("${oc.select:store.url}", "may not call oc.select"),
        ("${hydra:job.name}", "may not call hydra"),
        ("${store.url}", "may not repeat store.url"),
        ("${..store.url}", "may not repeat store.url"),
    ],
)
def test_no_key_reads_what_it_may_not(value, said):
    with pytest.raises(ConfigError) as caught:
        compose(overrides=["store=server", f"train.name='{value}'"])
    assert caught.value.where == "recipes/target_a.yaml: train.name"
    assert caught.value.what == said
    assert "hush" not in str(caught.value)


def test_a_recipes_own_file_is_named(tmp_path, monkeypatch):
    for name in ("conf", "recipes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    file = tmp_path / "conf/train/lora.yaml"
    file.write_text(file.read_text().replace("name: ${skill.name}", "name: ${oc.env:SECRET_TOKEN}"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        compose()
    assert caught.value.where == "conf/train/lora.yaml: train.name"


def test_some_are_read_all_the_same(monkeypatch):
    monkeypatch.setenv("USER", "mara")
    config = compose(overrides=["store=server", "train.name='${oc.env:USER}-${skill.name}'"])
    assert config.train.name == "mara-stig"
    assert config.store.url == "postgresql://forge:hush@db/forge"
