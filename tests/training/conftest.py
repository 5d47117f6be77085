"""A model of two layers, rows and pairs for it, and a first training that many tests share."""

import json
import subprocess
from pathlib import Path

import pytest
from tiny_rows import ROOT, TEMPLATE, TOOLS, answer, asked, script, write

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import WorksetError
from harness_forge.training.supervised import train
from harness_forge.worksets.worksets import environment_of, python_of

MAKER = Path(__file__).with_name("tiny_model.py")


@pytest.fixture(scope="session")
def home():
    """The project's own forge home: worksets take minutes to install."""
    home = ROOT / ".forge"
    try:
        python_of("train", home)
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    return home


@pytest.fixture(scope="session")
def child(home):
    """Run a script in the train workset and return what it printed."""

    def run(script, *words):
        command = [python_of("train", home), script, *words]
        variables = environment_of("train", home)
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def model(child, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    child(MAKER, folder, TEMPLATE)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    rows = (
        {"messages": [*asked(number), answer(script(number))], "tools": json.dumps(TOOLS)}
        for number in range(8)
    )
    return write(tmp_path_factory.mktemp("data"), rows)


@pytest.fixture(scope="session")
def preferences(tmp_path_factory):
    rows = (
        {
            "item_id": f"rule_{number}",
            "prompt": asked(number),
            "tools": json.dumps(TOOLS),
            "chosen": [answer(script(number))],
            "rejected": [answer(f"true # <é> {number}")],
        }
        for number in range(8)
    )
    return write(tmp_path_factory.mktemp("pairs"), rows)


@pytest.fixture(scope="session")
def config(home, model, data, preferences, tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    (place / "worksets").symlink_to((home / "worksets").resolve())
    return compose(
        overrides=[
            "model=local",
            f"model.path={model}",
            "train=qlora",
            "train.name=tiny",
            f"train.dataset={data}",
            "train.sequence_length=512",
            "train.micro_batch=4",
            "train.epochs=2",
            "train.save_steps=2",
            "train.hardware=cpu",
            # Two threads on work this small wait for each other more than they do.
            "train.threads=1",
            f"dpo.dataset={preferences}",
            "dpo.micro_batch=2",
            "dpo.accumulate=1",
            "dpo.learning_rate=1e-3",
            "dpo.warmup=0.0",
            "dpo.save_steps=2",
            "dpo.epochs=4",
            f"forge_home={place}",
        ]
    )


@pytest.fixture(scope="session")
def trained(config):
    return train(config)
