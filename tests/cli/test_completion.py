"""TAB: what may come next, from Python and through each shell's own machinery."""

import shutil
import subprocess
import sys

import pytest

from harness_forge.cli import main
from harness_forge.cli.suggestions import suggestions
from harness_forge.cli.verbs import VERBS
from harness_forge.config.compose.project import choices
from harness_forge.config.schema import GROUPS


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/plums.yaml").write_text("# Mine, of plums.\n")
    (tmp_path / "conf/skill").mkdir(parents=True)
    (tmp_path / "conf/skill/lamps.yaml").write_text("# Lamps.\n")
    (tmp_path / "conf/skill/la$(touch pwned).yaml").write_text("# Bad.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(line):
    return [word for word, _ in suggestions(line)]


def test_verbs_with_their_summary():
    assert dict(suggestions("forge ")) == VERBS
    assert words("forge labe") == ["labels"]


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_and_its_choices(group):
    assert f"{group}=" in words("forge run ")
    safe = [name for name in choices(group) if "$" not in name]
    assert words(f"forge run {group}=") == [f"{group}={name}" for name in safe]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("forge run skill=la", ["skill=lamps"]),
        ("forge run recipe=pl", ["recipe=plums"]),
        ("forge show pl", ["plums"]),
        ("forge ls ski", ["skill", "skill=", "skill.", "skills."]),
        ("forge serve sta", ["status"]),
        ("forge train dp", ["dpo", "dpo=", "dpo."]),
        ("forge train train.preci", ["train.precision="]),
        ("forge run filters.le", ["filters.length."]),
        ("forge run filters.length.max", ["filters.length.max_tokens="]),
        ("forge run run.fresh=", ["run.fresh=true", "run.fresh=false"]),
        ("forge run purpose=c", ["purpose=collect"]),
        ("forge run --cfg tra", ["train"]),
        ("forge export --dry", ["--dry-run"]),
        ("forge rollback --r", ["--reason="]),
        ("forge --json ls rec", ["recipe", "recipe="]),
        ("forge workset info tr", ["train", "training_infra", "train="]),
        ("forge validate ", []),
        ("forge store psql -- -", []),
        ("forge nonsense x", []),
        ("forge audit data/", []),
        ("forge run 'skill=la", ["skill=lamps"]),
        ("X=1 /opt/bin/forge run skill=la", ["skill=lamps"]),
        ("forge run skill=lamps", []),
        ("forge run nonsense.", []),
    ],
)  # fmt: skip
def test_a_line(line, found):
    assert words(line) == found


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from harness_forge.cli import main\n"
        "main(['completion', 'suggest', '--', 'forge run train.'])\n"
        "heavy = {'yaml', 'hydra', 'omegaconf', 'numpy', 'httpx', 'psycopg', 'dvc'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("train.name=\t")


def test_a_line_with_help_in_it_is_completed_and_not_answered(capsys):
    assert main(["completion", "suggest", "--", "forge run --help skill=la"]) == 0
    assert capsys.readouterr().out == "skill=lamps\tLamps.\n"


def test_an_unknown_shell_names_the_nearest(capsys):
    assert main(["completion", "bsh"]) == 2
    assert "hint: did you mean 'bash'? bash, zsh, fish" in capsys.readouterr().err


@pytest.fixture
def program(own, monkeypatch):
    """Put the tested forge on the PATH."""
    script = own / "bin" / "forge"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m harness_forge.cli "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")


def shell(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout.splitlines()


BASH = """\
source <(forge completion bash)
complete -p forge >&2 || exit 1
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
COMP_LINE=$1 COMP_POINT=${#1}
_forge forge
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [("forge run skill=la", ["lamps"]), ("forge sho", ["show"]), ("forge run train.preci",
      ["train.precision="]), ("forge show pl", ["plums"])],
)  # fmt: skip
def test_bash(program, line, found):
    assert shell("bash", "--norc", "-c", BASH, "bash", line) == found


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish(program):
    code = "forge completion fish | source; complete -C 'forge run skill=la'"
    assert shell("fish", "--no-config", "-c", code) == ["skill=lamps\tLamps."]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_reads_its_script(program):
    begun = "autoload -Uz compinit; compinit -u -D"
    code = f"{begun}; source <(forge completion zsh); print $_comps[forge]"
    assert shell("zsh", "-f", "-c", code) == ["_forge"]
