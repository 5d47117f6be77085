import json
from dataclasses import replace

import pytest
import yaml
from suite_documents import PARSER, document

from harness_forge.config.suite import METRICS, SuiteConfig, SuiteKind
from harness_forge.core.errors import ConfigError
from harness_forge.evaluation.lmeval import folder


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!function", lambda loader, node: f"!function {node.value}")


@pytest.fixture
def written(tmp_path):
    folder.write(tmp_path, SuiteConfig(version=3), [document(), document("other", ())], PARSER)
    return tmp_path


def test_the_task_says_how_answers_are_made_and_scored(written):
    task = yaml.load((written / "tool_call.yaml").read_text(), Loader)
    assert task["metadata"] == {"version": 3}
    assert task["process_results"] == "!function scoring.process_results"
    assert task["generation_kwargs"] == {"until": [], "do_sample": False, "max_gen_toks": 256}
    names = [metric["metric"] for metric in task["metric_list"]]
    assert names == list(METRICS[SuiteKind.worker])
    assert all(metric["higher_is_better"] for metric in task["metric_list"])


def test_documents_hold_the_prompt_word_for_word(written):
    rows = [json.loads(line) for line in (written / "documents.jsonl").read_text().splitlines()]
    assert [row["item_id"] for row in rows] == ["mode_of_key", "other"]
    assert json.loads(rows[0]["messages"]) == document().messages
    assert json.loads(rows[0]["tools"]) == document().tools
    assert rows[0]["targets"] == ["/etc/key"]


def test_the_parser_is_the_one_that_judges_attempts(written):
    for module, file in PARSER.items():
        copy = written.joinpath(*module.split(".")).with_suffix(".py")
        assert copy.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("metrics", "what"),
    [(["exact_match"], "there is no metric 'exact_match'"), ([], "names no metric")],
)
def test_metrics_are_checked(tmp_path, metrics, what):
    with pytest.raises(ConfigError, match=what):
        folder.write(tmp_path, replace(SuiteConfig(), metrics=metrics), [document()], PARSER)


def test_what_a_metric_is_made_from_is_scored_though_it_is_not_asked_for():
    assert folder.scored(replace(SuiteConfig(), metrics=["pass_at_1"])) == ["code_parses"]
    assert folder.scored(replace(SuiteConfig(), metrics=["completed", "score"])) == ["score"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a b"])
def test_a_suites_name_must_fit_into_files(tmp_path, name):
    with pytest.raises(ConfigError, match=r"suite\.name: .* is no name"):
        folder.write(tmp_path, SuiteConfig(name=name), [document()], PARSER)


def test_the_checks_lie_beside_the_task(written):
    copied = {file.name for file in (written / "harness_forge/evaluation/scoring").iterdir()}
    assert {"calls.py", "checks.py", "shell.py", "__init__.py"} <= copied
