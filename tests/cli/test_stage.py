"""dvc.yaml and `forge stage`: what reruns when, with DVC itself."""

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from harness_forge import cli
from harness_forge.cli.stage import OUTPUTS, SHOWN
from harness_forge.config.compose.shapes import fields_of
from harness_forge.config.schema import ForgeConfig

ROOT = Path(__file__).parents[2]


def pipeline():
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def written(stage):
    told = [*stage.get("outs", []), *stage.get("metrics", [])]
    # One with settings of its own is a mapping of one key.
    return [next(iter(one)) if isinstance(one, dict) else one for one in told]


def test_stages_and_outputs_are_those_of_dvc_yaml():
    named = {name: written(stage)[0] for name, stage in pipeline().items()}
    assert named == {name: str(path) for name, path in OUTPUTS.items()}
    assert list(pipeline()) == list(OUTPUTS)


def test_every_stage_reads_what_the_one_before_wrote():
    made = {"conf", "recipes"}
    for stage in pipeline().values():
        assert set(stage.get("deps", [])) <= made
        made |= set(written(stage))


def test_stages_are_shown_by_words_that_exist():
    for verb, *names in SHOWN.values():
        module = import_module(f"harness_forge.cli.{verb}")
        assert all(callable(getattr(module, name)) for name in names if name)


def test_stages_depend_on_sections_that_exist():
    for stage in pipeline().values():
        for entry in stage.get("params", []):
            if isinstance(entry, dict):
                assert set(entry["outputs/resolved.yaml"]) <= set(fields_of(ForgeConfig))


def test_the_demo_says_each_step_before_it_and_how_long_it_takes():
    made = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True).stdout
    said = re.findall(r'"demo: (\d) of (\d): .*(?:seconds|minutes?)"(?:; forge stage (\w+))?', made)
    assert [int(number) for number, *_ in said] == list(range(1, int(said[0][1]) + 1))
    named = [stage for *_, stage in said if stage]
    assert named == ["export", "audit", "train_sft", "prove", "replay", "promote"]


def test_dvc_reports_nothing_home():
    assert "analytics = false" in (ROOT / ".dvc/config").read_text()


LEAVE = """
import sys
from pathlib import Path
for name in sys.argv[1:]:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("{}")
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The real dvc.yaml and the real compose stage; the others only leave a trace.

    What a user wrote into the clone's params.yaml is no matter of these tests.

    `store` stands for the database that the watermark is taken of, `start` for the adapter
    that a training starts from.
    """
    for name in ("conf", "recipes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "params.yaml").write_text("recipe: target_a\noverrides: []\n")
    stages = pipeline()
    stages["compose"]["cmd"] = (
        f"echo compose >> ran; {sys.executable} -m harness_forge.cli stage compose"
    )
    for name, stage in stages.items():
        if name != "compose":
            stage["cmd"] = (
                f"echo {name} >> ran; {sys.executable} leave.py {' '.join(written(stage))}"
            )
    stages["watermark"]["cmd"] = (
        "echo watermark >> ran; cp store outputs/watermark.json; cp start outputs/start.json"
    )
    stages["export"]["cmd"] = "echo export >> ran; mkdir -p data/dataset; cp store data/dataset"
    (tmp_path / "leave.py").write_text(LEAVE)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    (tmp_path / "store").write_text("one row\n")
    (tmp_path / "start").write_text("one adapter\n")
    (tmp_path / ".dvc").mkdir()
    config = f"[core]\n no_scm = true\n analytics = false\n site_cache_dir = {tmp_path}/site\n"
    (tmp_path / ".dvc/config").write_text(config)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def repro(project):
    """Run `dvc repro` and return the stages that ran."""
    (project / "ran").write_text("")
    command = [sys.executable, "-m", "dvc", "repro", "--quiet"]
    env = os.environ | {"DVC_NO_ANALYTICS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, capture_output=True, cwd=project, env=env)
    return (project / "ran").read_text().split()


AFTER_EXPORT = [
    "pairs",
    "audit",
    "train_sft",
    "train_dpo",
    "prove",
    "replay",
    "evaluate",
    "promote",
    "report",
]


def test_only_what_is_out_of_date_runs_again(project):
    # What a stage leaves here is always the same, so a stage after it that
    # depends on that alone has nothing to do.
    assert repro(project) == ["compose", "attempt", "watermark", "export", *AFTER_EXPORT]
    # Items, store and champion are outside DVC: what reads them always runs again.
    assert repro(project) == ["attempt", "watermark", "promote"]
    (project / "store").write_text("two rows\n")
    assert repro(project) == [
        "attempt", "watermark", "export", "pairs", "audit", "train_sft", "replay", "promote",
        "report",
    ]  # fmt: skip
    override(project, "export.max_pairs_per_item=2")
    assert repro(project) == [
        "compose", "attempt", "watermark", "export", "pairs", "promote", "report",
    ]  # fmt: skip
    # Attempts that wrote nothing new leave the dataset as it is.
    override(project, "export.max_pairs_per_item=2, run.limit=3")
    assert repro(project) == ["compose", "attempt", "watermark", "replay", "evaluate", "promote"]


def test_settings_of_training_and_rule_leave_the_dataset_alone(project):
    repro(project)
    override(project, "train.epochs=4")
    assert repro(project) == [
        "compose", "attempt", "watermark", "audit", "train_sft", "train_dpo", "promote",
    ]  # fmt: skip
    # A changed rule decides again and trains nothing.
    override(project, "train.epochs=4, promote.conditions.enough_pairs.minimum=100")
    assert repro(project) == ["compose", "attempt", "watermark", "promote"]


def test_another_adapter_to_start_from_trains_again_and_exports_nothing(project):
    repro(project)
    (project / "start").write_text("another adapter\n")
    assert repro(project) == ["attempt", "watermark", "train_sft", "promote"]


def test_what_is_signed_is_looked_at_again(project):
    repro(project)
    override(project, "signing.key=keys/own.pem")
    ran = ["compose", "attempt", "watermark", "train_sft", "train_dpo", "prove", "promote"]
    assert repro(project) == ran


def override(project, text):
    (project / "params.yaml").write_text(f"recipe: target_a\noverrides: [{text}]\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], f"command line: which stage?\n  hint: forge stage {'|'.join(OUTPUTS)}"),
        (
            ["exprot"],
            "command line: there is no stage 'exprot'\n"
            f"  hint: did you mean 'export'? {', '.join(OUTPUTS)}",
        ),
        (
            ["export", "seed=1"],
            "command line: 'seed=1' would not reach DVC\n"
            "  hint: a stage reads params.yaml: put it under `overrides` there, and `dvc repro`",
        ),
    ],
)
def test_a_wrong_stage_gets_one_line(capsys, words, told):
    assert cli.main(["stage", *words]) == 2
    assert capsys.readouterr().err == f"forge: {told}\n"
