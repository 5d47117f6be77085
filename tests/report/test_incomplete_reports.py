"""The report of what is not there yet, is damaged or does not fit together."""

import hashlib
import json
import shutil

import pytest
from loop_files import Loop, dataset, lines
from report_html import parsed, section, text

from harness_forge import cli
from harness_forge.config.promote import ConditionConfig, ConditionKind, asks_suites

COMMANDS = {
    "The decision": "forge export",
    "First-try success": "forge replay",
    "By family": "forge replay",
    "Flips": "forge replay",
    "Training": "forge train",
    "From rows": "forge export",
    "Answers": "forge replay",
    "Next": "forge export",
}


def test_an_empty_folder_gives_a_page_that_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "-o", "page.html", "forge_home=home"]) == 0
    tree = parsed((tmp_path / "page.html").read_text())
    for title, command in COMMANDS.items():
        assert command in text(section(tree, title))
    assert "%" not in text(tree.find(".//main"))
    said = capsys.readouterr().out
    assert said.startswith(
        "not there yet, in the order to make it:\n"
        "  dataset     forge export\n"
        "  training    forge train\n"
        "  proof       forge prove\n"
        "  replay      forge replay\n"
        "  evaluation  forge evaluate\n"
        "  decision    forge promote\n"
    )
    assert "First comes the dataset. Run forge export." in text(tree.find(".//header"))


def test_what_the_rule_does_not_ask_for_is_not_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "promote=replay_only", "forge_home=home", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["not_there_yet"]
    assert found == ["dataset", "training", "proof", "replay", "decision"]
    tree = parsed((tmp_path / "outputs" / "report.html").read_text())
    checks = text(section(tree, "Form of the answers"))
    assert "No suite was evaluated; the recipe's rule asks for none." in checks
    assert "forge evaluate" not in text(tree.find(".//body"))


def test_the_next_step_is_the_first_that_is_missing(loop, tmp_path, monkeypatch):
    shutil.copytree(loop.root / "data", tmp_path / "data")
    shutil.copytree(loop.outputs, tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)

    def told():
        assert cli.main(["report", f"forge_home={loop.home}"]) == 0
        tree = parsed((tmp_path / "outputs" / "report.html").read_text())
        parts = tree.find(".//header"), section(tree, "The decision"), section(tree, "Next")
        return [text(one.findall(".//code")[0]) for one in parts]

    (tmp_path / "outputs" / "promote.json").unlink(missing_ok=True)
    assert told() == ["forge promote"] * 3
    (tmp_path / "outputs" / "evaluate.json").unlink()
    assert told() == ["forge evaluate"] * 3
    (tmp_path / "outputs" / "replay.json").unlink()
    assert told() == ["forge replay"] * 3


@pytest.mark.parametrize(
    ("conditions", "asks"),
    [
        ({"a": {"kind": "proof"}, "b": {"kind": "sign_flip"}}, False),
        ({"a": {"kind": "score"}}, True),
        ({"a": {"kind": "score", "enabled": False}}, False),
        ({"a": {"kind": "beyond_noise"}}, False),
        ({"a": {"kind": "beyond_noise", "suite": "sums"}}, True),
        ({"a": {"kind": "any", "of": {"b": {"kind": "all", "of": {"c": {"kind": "gain"}}}}}}, True),
        ({"a": ConditionConfig(ConditionKind.metric)}, True),
        ({"a": ConditionConfig(ConditionKind.any, of={"b": {"kind": "rate"}})}, False),
    ],
)
def test_a_rule_asks_for_suites_by_its_conditions(conditions, asks):
    assert asks_suites(conditions) is asks


def test_what_cannot_be_replayed_is_not_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    recorded = ["report", "skill=recorded", "skill.name=mine", "forge_home=home"]
    assert cli.main(recorded) == 0
    said = capsys.readouterr().out
    why = "skill mine: is recorded: there is no environment to attempt it in"
    assert f"nothing to replay: {why}\n" in said
    assert "forge replay" not in said
    shown = (tmp_path / "outputs" / "report.html").read_text()
    assert f"Nothing can be replayed: {why}." in shown
    assert "forge replay" not in shown
    # A stage that has run says it in its file.
    (tmp_path / "outputs" / "replay.json").write_text('{"nothing": "it is so"}')
    assert cli.main(["report", "forge_home=home"]) == 0
    assert "nothing to replay: it is so\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["promote", "replay", "evaluate", "prove"])
@pytest.mark.parametrize("content", ["{", "[]", '{"candidate": 1}', '{"labels": {"base": 3}}'])
def test_a_damaged_file_costs_its_section_only(loop, name, content, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    shutil.copytree(loop.outputs / "adapters", outputs / "adapters")
    for other in ("promote", "replay", "evaluate", "prove"):
        source = loop.outputs / f"{other}.json"
        if source.exists():
            (outputs / source.name).write_text(source.read_text())
    (outputs / f"{name}.json").write_text(content)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "forge_home=home"]) == 0
    assert section(parsed((outputs / "report.html").read_text()), "Provenance") is not None


def test_files_about_another_adapter_are_named(tmp_path, monkeypatch):
    made = Loop(tmp_path, tmp_path / "home")
    made.train()
    made.prove()
    made.train(0.5)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", f"forge_home={made.home}"]) == 0
    told = text(section(parsed((made.outputs / "report.html").read_text()), "Provenance"))
    assert "prove.json is about another adapter" in told


def test_a_ledger_that_disagrees_is_told(tmp_path, monkeypatch):
    made = Loop(tmp_path, tmp_path / "home")
    dataset(made)
    ledger = tmp_path / "data" / "dataset" / "ledger.jsonl"
    ledger.write_text("".join(f"{json.dumps(line)}\n" for line in lines(ledger)[1:]))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", f"forge_home={made.home}"]) == 0
    tree = parsed((made.outputs / "report.html").read_text())
    assert "has 199 lines and says otherwise" in text(section(tree, "From rows"))


def test_a_training_without_dvclive_shows_its_own_log(tmp_path, monkeypatch):
    made = Loop(tmp_path, tmp_path / "home")
    made.train()
    log = made.home / "training" / "k1" / "metrics.jsonl"
    log.parent.mkdir(parents=True)
    # Step 2 was made twice, before and after a kill.
    steps = [(1, 2.0), (2, 9.0), (2, 1.5), (3, 1.0)]
    log.write_text("".join(json.dumps({"step": s, "loss": v}) + "\n" for s, v in steps))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", f"forge_home={made.home}"]) == 0
    told = text(section(parsed((made.outputs / "report.html").read_text()), "Training"))
    assert "2.000 at first, 1.000 at step 3" in told


def test_without_stages_the_replayed_adapter_is_shown(loop, tmp_path, monkeypatch):
    (tmp_path / "outputs").mkdir()
    shutil.copy(loop.outputs / "replay.json", tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", f"forge_home={loop.home}"]) == 0
    tree = parsed((tmp_path / "outputs" / "report.html").read_text())
    assert text(tree.find(".//h1")) == f"{loop.name}-{loop.digest[:12]}: not decided"


@pytest.fixture
def by_hand(tmp_path, monkeypatch):
    """A dataset, and an adapter of the registry that no stage of the loop made."""
    monkeypatch.chdir(tmp_path)
    loop = Loop(tmp_path, tmp_path / "home")
    dataset(loop)
    loop.train()
    shutil.rmtree(loop.outputs)
    log = loop.home / "training" / "k1" / "metrics.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f'{{"step": {n}, "loss": {2 / n}}}\n' for n in range(1, 6)))
    lineage = loop.home / "adapters" / loop.name / "lineage.json"
    manifest = (tmp_path / "data/dataset/manifest.json").read_bytes()

    def report(trained_on):
        facts = json.loads(lineage.read_text())
        facts["dataset"]["manifest"] = hashlib.sha256(trained_on or manifest).hexdigest()
        lineage.write_text(json.dumps(facts))
        assert cli.main(["report", "forge_home=home", f"train.name={loop.name}"]) == 0
        return parsed((tmp_path / "outputs" / "report.html").read_text())

    return report


def test_an_adapter_that_was_trained_by_hand_is_shown(by_hand):
    tree = by_hand(None)
    assert "5 steps" in text(section(tree, "Training"))
    assert "First comes the proof" in text(tree.find(".//header"))


def test_a_training_whose_log_is_gone_is_not_asked_for_again(by_hand, tmp_path, capsys):
    shutil.rmtree(tmp_path / "home" / "training")
    shown = text(section(by_hand(None), "Training"))
    assert "5 steps" in shown
    assert "gone with the training's folder" in shown
    assert "forge train" not in shown + capsys.readouterr().out


def test_an_adapter_of_that_name_from_another_dataset_is_not_shown(by_hand):
    tree = by_hand(b"another project's")
    assert "forge train" in text(section(tree, "Training"))
