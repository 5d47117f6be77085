"""A model of two layers and adapters for it, made once in the train workset: live, dead and odd."""

import json
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import WorksetError
from harness_forge.registry.adapters.package import Adapter, package
from harness_forge.registry.models.folder import find_base_model
from harness_forge.worksets.worksets import environment_of, python_of

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "conf/model/templates/chatml_hermes.jinja"
MAKER = Path(__file__).with_name("tiny_parts_maker.py")


@dataclass(frozen=True)
class Parts:
    """What is there.

    Args:
        config: a composition whose base model is the tiny one.
        raw: folder with an adapter a folder, as a training leaves it.
        adapter: the live one, packaged as `tiny`.
    """

    config: ForgeConfig
    raw: Path
    adapter: Adapter

    def lineage(self) -> dict:
        return lineage(self.config)

    def odd(self, name: str) -> Adapter:
        """Return an adapter that packaging would not have made."""
        return Adapter(name, self.raw / name, "e" * 64, self.lineage())


def lineage(config: ForgeConfig) -> dict:
    base = find_base_model(config.model, Path(config.forge_home))
    template = sha256(base.template.encode()).hexdigest()
    return {
        "key": "k",
        "base": {
            "name": base.name,
            "title": base.title,
            "licence": "MIT",
            "digest": base.digest,
            "template": template,
        },
        "dataset": {"name": "d", "rows": 3, "digest": "d" * 64, "licences": []},
        "train": {"adapter": "lora", "rank": 12, "alpha": 24, "hardware": "cpu", "precision": "-"},
        "audit": {"rows": 3, "tokens": 30, "trained": 9},
        "measured": {"steps": 5, "seconds": 2.0, "first_loss": 2.0, "last_loss": 1.0},
    }


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    home = ROOT / ".forge"
    try:
        python, variables = python_of("train", home), environment_of("train", home)
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    # Several folders of tests import this fixture: the second finds what the first made.
    place = tmp_path_factory.getbasetemp() / "tiny-parts"
    if not place.exists():
        command = [python, MAKER, place, TEMPLATE]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (place / "worksets").symlink_to((home / "worksets").resolve())
    config = compose(
        None,
        [
            "model=local",
            f"model.path={place}/model",
            f"forge_home={place}",
            "train.name=tiny",
            "train.threads=1",
            "serve.port=0",
            "serve.max_model_len=1024",
            "serve.smoke_tokens=12",
        ],
    )
    adapter = package(place / "raw" / "live", "tiny", place / "adapters", lineage(config))
    return Parts(config, place / "raw", adapter)


def edit_json(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
