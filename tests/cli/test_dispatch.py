"""The command `forge` itself: verbs, help, faults and exit codes."""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from harness_forge import cli
from harness_forge.cli.verbs import VERBS
from harness_forge.core.errors import StoreError

ROOT = Path(__file__).parents[2]
HEAVY = {
    "dvc", "httpx", "hydra", "lxml", "neo4j", "omegaconf", "orjson",
    "psycopg", "sqlalchemy", "tqdm", "yaml",
}  # fmt: skip


def forge(*words, **options):
    command = [sys.executable, "-m", "harness_forge.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, **options)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_agrees_with_the_table(verb):
    module = import_module(f"harness_forge.cli.{verb}")
    assert VERBS[verb] == module.SUMMARY
    assert callable(module.main)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_tells_usage_examples_and_keys(verb, capsys):
    module = import_module(f"harness_forge.cli.{verb}")
    assert cli.main([verb, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: forge {verb}")
    assert all(example in said for example in module.EXAMPLES)
    assert module.EXAMPLES
    assert all(f"\n{key}:\n" in said for key in module.KEYS)


def test_no_verb_is_missing_from_the_table():
    modules = {
        path.stem
        for path in (ROOT / "harness_forge" / "cli").glob("*.py")
        if "\ndef main(" in path.read_text() and not path.stem.startswith("__")
    }
    assert modules == set(VERBS)


def test_help_answers_at_once_and_imports_nothing_heavy():
    code = (
        "import sys; from harness_forge.cli import main; main(['--help']); "
        f"print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds.append(time.monotonic() - started)
    assert done.stderr == "[]\n"
    # 0.05 s on a quiet machine; the limit is generous because CI is not one.
    assert min(seconds) < 0.5


def test_help_of_a_verb_imports_no_hydra():
    code = (
        "import sys; from harness_forge.cli import main; main(['run', '--help']); "
        "print('hydra' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "False\n"


def test_an_override_before_the_verb_is_put_behind_it(capsys):
    assert cli.main(["recipe=target_a", "export"]) == 2
    assert capsys.readouterr().err == (
        "forge: command line: 'recipe=target_a' stands before the verb\n"
        "  hint: forge export recipe=target_a\n"
    )


def test_an_unknown_verb_names_the_nearest(capsys):
    assert cli.main(["exprot"]) == 2
    assert capsys.readouterr().err == (
        "forge: there is no verb 'exprot'\n"
        f"  hint: did you mean 'export'? verbs: {', '.join(VERBS)}\n"
    )


def test_no_verb_shows_help_and_fails(capsys):
    assert cli.main([]) == 2
    assert capsys.readouterr().out.startswith("usage: forge <verb>")


def test_a_fault_is_one_line_with_its_exit_code(capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.cli.compose.main", broken(StoreError("here", "is down")))
    assert cli.main(["compose"]) == 3
    assert capsys.readouterr().err == "forge: here: is down\n"


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr("harness_forge.cli.compose.main", broken(StoreError("here", "is down")))
    with pytest.raises(StoreError):
        cli.main(["compose", "--debug"])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "forge: stopped\n"),
        (
            OSError(28, "No space left on device", "x"),
            1,
            "forge: x: No space left on device\n"
            "  hint: free some disk; the same command goes on from here\n",
        ),
        (OSError(5, "Input/output error", "x"), 1, "forge: x: Input/output error\n"),
        (
            ValueError("odd"),
            1,
            "forge: ValueError: odd\n  hint: this is a fault of forge; --debug shows where\n",
        ),
    ],
)
def test_other_ends(error, code, said, capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.cli.compose.main", broken(error))
    assert cli.main(["compose"]) == code
    assert capsys.readouterr().err == said


def broken(error):
    def main(argv):
        raise error

    return main


def test_a_reader_that_leaves_is_no_fault():
    done = forge_to_head()
    assert done.stderr == ""


def forge_to_head():
    command = f"{sys.executable} -m harness_forge.cli compose | head -1"
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=True
    )


def test_cfg_prints_a_section_and_runs_nothing(capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.cli.run.main", broken(AssertionError))
    assert cli.main(["run", "--cfg", "run", "run.limit=7"]) == 0
    assert "limit: 7\n" in capsys.readouterr().out


def test_cfg_leaves_the_verbs_own_words_alone(capsys):
    assert cli.main(["store", "status", "--cfg=policy.kind", "policy=mutated"]) == 0
    assert capsys.readouterr().out == "mutated\n"


def test_multirun_runs_the_verb_for_each_choice(capsys):
    assert cli.main(["compose", "-m", "policy=gold,mutated", "--cfg=policy.kind"]) == 0
    said = capsys.readouterr()
    assert said.out == "gold\nmutated\n"
    assert said.err.splitlines()[0] == "[1/2] forge compose policy=gold"


def test_what_follows_two_dashes_is_not_read(monkeypatch):
    got = []
    monkeypatch.setattr("harness_forge.cli.compose.main", lambda argv: got.extend(argv) or 0)
    assert cli.main(["compose", "seed=1", "--", "-m", "--cfg"]) == 0
    assert got == ["seed=1", "--", "-m", "--cfg"]


def test_version(capsys):
    from harness_forge.core.version import __version__

    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_being_ended_is_told_as_ctrl_c_is(tmp_path):
    # What a verb started hangs on its ending in order: `finally` must run.
    program = (
        "import os, signal, sys\n"
        "from harness_forge import cli\n"
        "from harness_forge.cli import validate\n"
        "def main(argv):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    finally:\n"
        "        print('child ended')\n"
        "validate.main = main\n"
        "sys.exit(cli.main(['validate']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "child ended\n", "forge: stopped\n")
