"""`forge workset` on the shipped worksets; nothing is installed."""

import io
import re

import pytest

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.project import locks_folder
from harness_forge.worksets.hardware import has_nvidia
from harness_forge.worksets.locks import lock_of

WORKSETS = compose().worksets
DECLARED = ("nemo", "observability", "training_infra")
"""Worksets that forge does not install."""


def forge(capsys, tmp_path, *words):
    code = cli.main(["workset", *words, f"forge_home={tmp_path}"])
    return code, *capsys.readouterr()


def test_ls_shows_each_with_its_state(capsys, tmp_path):
    code, out, _ = forge(capsys, tmp_path, "ls")
    assert code == 0
    ours = ("train", "serve", "eval", "gguf", "graph", "reasoning", "hf", "unsloth")
    status = dict.fromkeys((*ours, "arcee", "serving"), "missing")
    status |= dict.fromkeys(DECLARED, "declared")
    assert {line.split()[0]: line.split()[1:3] for line in out.splitlines()} == {
        name: [word, "\u2013"] for name, word in status.items()
    }


@pytest.mark.parametrize("name", WORKSETS)
def test_info_states_what_a_user_agrees_to(capsys, tmp_path, name):
    _, out, _ = forge(capsys, tmp_path, "info", name)
    keys = [line.split()[0] for line in out.splitlines()[1:]]
    said = {"state", "instead"}
    if name not in DECLARED:
        said = {"pins", "lock", "disk", "time", "sets"}
    assert set(keys) >= {"network", "data", "telemetry", "licences", *said}


@pytest.mark.parametrize("action", ["install", "bundle"])
def test_what_is_only_declared_says_what_forge_does_instead(capsys, tmp_path, action):
    code, out, err = forge(capsys, tmp_path, action, "nemo")
    assert (code != 0, out) == (True, "")
    assert "workset nemo: is only declared: forge installs nothing: `forge export` writes" in err


@pytest.mark.skipif(has_nvidia(), reason="this machine has a GPU")
def test_what_needs_a_gpu_is_refused_before_anything_is_downloaded(capsys, tmp_path):
    code, out, err = forge(capsys, tmp_path, "install", "unsloth", "--yes")
    assert (code != 0, out) == (True, "")
    assert err.startswith("forge: workset unsloth: needs an NVIDIA GPU; there is none here\n")
    assert not (tmp_path / "worksets").exists()


@pytest.mark.parametrize("name", WORKSETS)
def test_every_pin_is_exact_and_every_part_has_a_licence(name):
    for variant in WORKSETS[name].variants.values():
        pins = variant.first + variant.pins
        assert pins
        assert all(re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.+]+", pin) for pin in pins)
        assert variant.imports
        parts = {re.split(r"[\[=]", pin)[0] for pin in pins}
        assert parts <= set(WORKSETS[name].licences)


@pytest.mark.parametrize("name", WORKSETS)
def test_every_variant_has_a_lock_of_its_pins(name):
    for variant in WORKSETS[name].variants.values():
        lock = lock_of(name, variant, locks_folder(WORKSETS[name]))
        assert lock.python == WORKSETS[name].python
        known = {package.name: package for package in lock.packages}
        for pin in variant.first + variant.pins:
            part, _, version = pin.partition("==")
            assert known[part.partition("[")[0]].version == version
        assert not set(variant.without) & set(known)


LOCKS = sorted(locks_folder(WORKSETS["train"]).glob("*.txt"))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_host_and_is_small(path):
    assert "//" not in path.read_text()
    assert path.stat().st_size < 1e6


def test_train_and_eval_read_adapters_alike():
    both = [
        {
            one.name: one.version
            for one in lock_of(
                name, WORKSETS[name].variants["cpu"], locks_folder(WORKSETS[name])
            ).packages
        }
        for name in ("train", "eval")
    ]
    for shared in ("torch", "transformers", "peft", "accelerate", "datasets", "safetensors"):
        assert both[0][shared] == both[1][shared]


def test_install_without_a_user_asks_for_yes(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, out, err = forge(capsys, tmp_path, "install", "eval")
    assert code == 2
    assert "licences" in out
    assert err == "forge: command line: nobody is there to agree\n  hint: add --yes\n"
    assert not (tmp_path / "worksets").exists()


def test_several_are_named_at_once(capsys, tmp_path):
    code, out, _ = forge(capsys, tmp_path, "remove", "eval", "train")
    assert (code, [line.split(":")[0] for line in out.splitlines()]) == (0, ["eval", "train"])


def test_remove_of_nothing_says_so(capsys, tmp_path):
    assert forge(capsys, tmp_path, "remove", "eval") == (
        0,
        "eval: there was nothing to remove\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["instal"], "there is no action 'instal'\n  hint: did you mean 'install'? ls, info, "),
        (["info", "trian"], "there is no workset 'trian'\n  hint: did you mean 'train'? train, "),
        (["info"], "info names no workset\n  hint: write: forge workset info NAME …"),
        (["ls", "train"], "ls takes no name\n  hint: write: forge workset ls"),
        (
            ["bundle", "train", "eval", "--to", "x"],
            "--to is for one workset at a time\n  hint: forge",
        ),
        (["ls", "--from", "x"], "--from belongs to install\n  hint: forge workset install"),
        (
            ["install", "eval", "--from", "--yes"],
            "--from says nothing\n  hint: write: --from VALUE",
        ),
        (["ls", "--all"], "unknown flag '--all'\n  hint: flags: --yes, --from, --to"),
    ],
)
def test_a_wrong_word_gets_one_line(capsys, tmp_path, words, told):
    code, _, err = forge(capsys, tmp_path, *words)
    assert code == 2
    assert err.startswith(f"forge: command line: {told}")
