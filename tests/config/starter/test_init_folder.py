"""`forge init`: a folder in which DVC and forge work, and nothing of the user's is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness_forge.cli import main
from harness_forge.config.compose.project import shipped_file
from harness_forge.config.starter import folder

FILES = sorted(folder.texts("target_a"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    # A home with a space in its name, and no settings of Git.
    place = tmp_path / "two words"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path))
    return place


def git(place, *words):
    subprocess.run(["git", *words], cwd=place, check=True, capture_output=True)


def contents(place):
    return {path.name: path.read_text() for path in place.iterdir() if path.is_file()}


def test_starts_a_folder_whose_recipe_composes(here, capsys, monkeypatch):
    assert main(["init", "mine", "recipe=target_b"]) == 0
    said = capsys.readouterr().out
    assert all(f"  made   {name}\n" in said for name in FILES)
    assert "  git: made a repository; nothing is committed\n  dvc: made a project\n" in said
    monkeypatch.chdir("mine")
    assert main(["compose", "--cfg", "recipe"]) == 0
    assert capsys.readouterr().out == "mine\n"
    assert main(["validate"]) == 0


def test_dvc_runs_its_first_stage(here):
    assert main(["init", "."]) == 0
    assert run_compose(here) == "mine"


def test_without_git_dvc_works_too(here, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["init"]) == 0
    assert not (here / ".git").exists()
    assert run_compose(here) == "mine"


def run_compose(place):
    """Run DVC's first stage with the forge of these tests; return the recipe that it composed."""
    (place / "forge").write_text(
        f'#!/bin/sh\nPYTHONPATH="{Path(__file__).parents[3]}" exec "{sys.executable}"'
        ' -m harness_forge.cli "$@"\n'
    )
    (place / "forge").chmod(0o755)
    env = os.environ | {"PATH": f"{place}:{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    dvc = [sys.executable, "-m", "dvc", "repro", "--quiet", "compose"]
    done = subprocess.run(dvc, cwd=place, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (place / "outputs/resolved.yaml").read_text().splitlines()
    return next(line for line in lines if line.startswith("recipe:")).split()[1]


def test_again_it_changes_nothing(here, capsys):
    main(["init"])
    before = contents(here)
    capsys.readouterr()
    assert main(["init"]) == 0
    said = capsys.readouterr().out
    assert all(f"  there  {name}\n" in said for name in FILES)
    assert "  git: has this folder already\n  dvc: has this folder already\n" in said
    assert contents(here) == before


def test_keeps_the_users_files_and_says_what_they_lack(here, capsys):
    own = {".gitignore": "data\n.forge\n", "dvc.yaml": "stages: {}\n", "params.yaml": "a: 1\n"}
    for name, text in own.items():
        (here / name).write_text(text)
    assert main(["init"]) == 0
    said = capsys.readouterr().out
    assert {name: (here / name).read_text() for name in own} == own
    assert "  there  params.yaml: names no recipe; add: recipe: mine\n" in said
    missing = ".venv*/, /outputs/, /dvc_plots/, /.dvc/forge-plots.html, /multirun/, *.log"
    assert f"  there  .gitignore: does not list {missing}\n" in said
    stages = shipped_file("dvc.yaml")
    assert f"  there  dvc.yaml: has no stages of forge; they stand in {stages}\n" in said


def test_in_a_repository_it_makes_no_other(here, capsys):
    git(here, "init", "-q")
    assert main(["init", "sub"]) == 0
    assert f"  git: has this folder already, as part of {here}\n" in capsys.readouterr().out
    assert not (here / "sub/.git").exists()
    assert run_compose(here / "sub") == "mine"


def test_where_the_repository_ignores_it_it_makes_one(here, capsys):
    git(here, "init", "-q")
    (here / ".gitignore").write_text("/sub/\n")
    assert main(["init", "sub"]) == 0
    assert f"  git: made a repository, for {here} ignores it;" in capsys.readouterr().out
    assert run_compose(here / "sub") == "mine"


def test_the_example_of_a_group_of_ones_own_is_sound(here):
    main(["init"])
    example = (here / "conf/README.md").read_text().split("```yaml\n")[1].split("```")[0]
    (here / "conf/filters").mkdir()
    (here / "conf/filters/mine.yaml").write_text(example)
    assert main(["compose", "filters=mine"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["file"], "file: is a file\n  hint: name a folder: forge init FOLDER\n"),
        (["a", "b"], "command line: 'b' says nothing here\n  hint: forge init [FOLDER] "),
        (["a", "seed=1"], "command line: 'seed=1' says nothing here\n"),
        (
            ["a", "recipe=targt_b"],
            "recipe: there is no 'targt_b'\n  hint: did you mean 'target_b'?",
        ),
    ],
)
def test_a_slip_makes_nothing(here, words, said, capsys):
    (here / "file").write_text("")
    assert main(["init", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (here / "a").exists()


def test_tools_of_a_folder_near_by_are_named(here, capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.config.starter.tools.project.source_tree", lambda: None)
    assert main(["init", "first"]) == 0
    assert "another project has: forge_home=DIR under overrides" in capsys.readouterr().out
    for tool in ("worksets/train/bin/python", "models/tiny/config.json", "scap/tools/x"):
        (here / ".forge" / tool).parent.mkdir(parents=True)
        (here / ".forge" / tool).touch()
    assert main(["init", "second"]) == 0
    said = capsys.readouterr().out
    assert f"{here}/.forge has train, tiny, scanner; to use them here" in said
    # The line that it says is one that params.yaml takes, whatever the folder is called.
    line = next(line for line in said.splitlines() if line.startswith("  overrides: "))
    params = here / "second" / "params.yaml"
    params.write_text(params.read_text().replace("overrides: []", line.strip()))
    monkeypatch.chdir("second")
    assert main(["compose", "--cfg", "forge_home"]) == 0
    assert capsys.readouterr().out == f"{here}/.forge\n"


def test_forges_own_source_is_no_project(capsys):
    assert main(["init", str(Path(__file__).parents[3])]) == 2
    assert "is forge's own source\n" in capsys.readouterr().err


def test_a_refusal_of_dvc_is_told_in_its_own_words(here, capsys):
    (here / ".dvc").symlink_to("nowhere/at/all")
    assert main(["init"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"forge: {here}: dvc init failed: ")
    assert "ERROR: " in said
    assert said.endswith("  hint: run `dvc init` there yourself, then forge init again\n")


def test_a_dvc_init_that_fails_half_way_names_one_remedy(here, capsys):
    git(here, "init", "--quiet")
    lock = here / ".git" / "index.lock"
    lock.touch()
    assert main(["init"]) == 2
    hint = capsys.readouterr().err.splitlines()[-1]
    remedy = f"rm -r '{here}/.dvc', then forge init again"
    assert hint == f"  hint: see to that; what is left of it is in the way: {remedy}"
    assert main(["init"]) == 0
    assert f"  dvc: has this folder already; its config is empty, {LEFT}. If so: {remedy}\n" in (
        capsys.readouterr().out
    )
    lock.unlink()
    subprocess.run(["sh", "-c", remedy.partition(",")[0]], check=True)
    assert main(["init"]) == 0
    assert "  dvc: made a project\n" in capsys.readouterr().out


LEFT = "as a `dvc init` that failed leaves it"


def test_a_dvc_folder_without_a_config_is_an_error_with_its_remedy(here, capsys):
    (here / ".dvc").mkdir()
    assert main(["init"]) == 2
    assert capsys.readouterr().err == (
        f"forge: {here}/.dvc/config: is missing, {LEFT}\n"
        f"  hint: rm -r '{here}/.dvc', then forge init again\n"
    )


def test_verbs_mean_the_projects_recipe_and_what_it_sets(here, capsys):
    main(["init", ".", "recipe=dark_factory"])
    (here / "params.yaml").write_text("recipe: mine\noverrides: [train.rank=7]\n")
    capsys.readouterr()
    assert main(["compose", "--cfg", "train", "train.alpha=9"]) == 0
    said = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert {"name: dark-factory", "rank: 7", "alpha: 9"} <= {*said}
    assert main(["env", "doctor"]) == 0, "its skill is recorded: no scanner is looked for"
    assert capsys.readouterr().out == "codebase: needs nothing that forge sets up\n"
    assert main(["compose", "recipe=target_b", "--cfg", "train.rank"]) == 0
    assert capsys.readouterr().out == "16\n", "of a recipe that is named it is as it stands"


@pytest.mark.parametrize("text", ["lr: 0.1\n", "- a\n", ""])
def test_a_params_file_of_another_program_says_nothing(here, text, capsys):
    (here / "params.yaml").write_text(text)
    assert main(["compose", "--cfg", "recipe"]) == 0
    assert capsys.readouterr().out == "target_a\n"
