"""`dvc metrics` shows a few numbers, `dvc plots` needs no network: with DVC itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import loop_files
import pytest

from harness_forge.cli import main
from harness_forge.report import metrics, plots_page

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The real dvc.yaml over what the loop leaves, in git."""
    loop = loop_files.whole(tmp_path)
    loop_files.dataset(loop)
    shutil.copytree(ROOT / ".dvc", tmp_path / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache"))
    for name in ("dvc.yaml", "params.yaml", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    rows = "".join(f"{step}\t{20 + step}\n" for step in range(1, 9))
    curves = loop.outputs / "live/sft/plots/metrics"
    (curves / "tokens_per_s.tsv").write_text(f"step\ttokens_per_s\n{rows}")
    monkeypatch.chdir(tmp_path)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@x", *words], check=True)
    return loop


def dvc(*words):
    command = [sys.executable, "-m", "dvc", *words]
    env = os.environ | {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(Path.cwd() / "site")}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def few(loop, loss=0.1234567):
    write = metrics.write
    write("train_sft", {"last_loss": loss, "seconds": 1312.4, "steps": 480}, loop.outputs)
    for name in ("prove", "evaluate", "replay"):
        write(name, json.loads((loop.outputs / f"{name}.json").read_text()), loop.outputs)


def test_metrics_are_a_few_short_numbers(project):
    few(project)
    shown = dvc("metrics", "show")
    assert max(map(len, shown.splitlines())) <= 240
    numbers = re.findall(r"(?<= )\d[\d.e-]*(?= |$)", shown, re.MULTILINE)
    assert 8 <= len(numbers) < 40
    for word in ("loss", "kl_nats", "tool_call.adapter", "new_rule.adapter", "gain"):
        assert word in shown
    assert "0.1235" in shown


def test_a_difference_is_a_line_a_number(project):
    few(project)
    subprocess.run(["git", "add", "-Af", "outputs/metrics"], check=True)
    author = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *author, "commit", "-qm", "two"], check=True)
    few(project, loss=0.5)
    shown = dvc("metrics", "diff").splitlines()
    assert len(shown) == 2
    assert shown[1].split() == ["outputs/metrics/train_sft.json", "loss", "0.1235", "0.5", "0.3765"]


def test_stages_of_two_suites_have_a_number_a_suite_and_label(tmp_path):
    one = {
        "suite": "a",
        "metrics": ["valid", "right"],
        "labels": {"base": {"all": {"valid": 0.25}}},
    }
    two = {"suite": "b", "metrics": ["right"], "labels": {"base": {"all": {"right": None}}}}
    metrics.write("evaluate", one | {"suites": {"a": one, "b": two}}, tmp_path)
    written = (tmp_path / "metrics/evaluate.json").read_text()
    assert written == '{\n  "a": {\n    "base": 0.25\n  },\n  "b": {\n    "base": null\n  }\n}\n'


def test_plots_have_vega_in_the_page(project):
    pytest.importorskip("vl_convert", reason="an extra: plots")
    shutil.copytree(ROOT / "conf", "conf")
    shutil.copytree(ROOT / "recipes", "recipes")
    assert main(["stage", "compose"]) == 0
    dvc("plots", "show")
    page = Path("dvc_plots/index.html")
    text = page.read_text()
    assert "training tokens per second" in text
    assert not re.search(r"<(script|link|img)[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//", text)
    ignored = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True)
    assert "dvc_plots" not in ignored.stdout
    assert "forge-plots" not in ignored.stdout
    if CHROMIUM:
        assert drawn(page) == 2


def drawn(page):
    """Return how many plots a browser without a network draws."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000"]
    done = subprocess.run([*command, page.resolve().as_uri()], capture_output=True, text=True)
    return len(re.findall(r"<(?:canvas|svg)[^>]*class=\"marks\"", done.stdout))


def test_without_the_package_the_page_is_as_dvc_makes_it_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    text = plots_page.page()
    assert "{scripts}" in text
    assert "pip install 'harness-forge[plots]'" in text


def test_a_folder_without_dvc_gets_no_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plots_page.write()
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_there_is_not_made_again(tmp_path, monkeypatch):
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    plots_page.write()
    made = plots_page.PLACE.read_text()
    monkeypatch.setattr(plots_page, "page", pytest.fail)
    plots_page.write()
    assert plots_page.PLACE.read_text() == made
    monkeypatch.setattr(plots_page, "LITE", "6")
    monkeypatch.setattr(plots_page, "page", lambda: "of another version")
    plots_page.write()
    assert plots_page.PLACE.read_text() == "of another version"
