"""Real lm-eval on a model of two layers and an adapter that learnt two answers by heart."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from suite_documents import PARSER, ROOT, TOOL, call, document

from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.core.errors import EvalError, WorksetError
from harness_forge.evaluation.lmeval import recording
from harness_forge.evaluation.lmeval.answers import CUT_OFF, summed
from harness_forge.evaluation.lmeval.asking import EvaluatedModel, RecordedRuns, answers
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.worksets.worksets import environment_of, folder, python_of, read_stamp

TEMPLATE = ROOT / "conf/model/templates/chatml_hermes.jinja"
SUITE = SuiteConfig(max_tokens=64, batch_size=4)
GOOD, WRONG_FILE = call("chmod 600 /etc/key"), call("chmod 600 /etc/door")
DOCUMENTS = [
    document("mode_of_key", ("/etc/key",), references=["chmod  600 '/etc/key' # so"]),
    document("mode_of_lock", ("/etc/lock",), references=["chmod 600 /etc/lock"]),
    document("unheard_of", ()),
]
LESSONS = [(DOCUMENTS[0], GOOD), (DOCUMENTS[1], WRONG_FILE)]

pytestmark = [pytest.mark.workset, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def home():
    """The project's own forge home: worksets take minutes to install."""
    home = ROOT / ".forge"
    try:
        python_of("eval", home)
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    return home


@pytest.fixture(scope="module")
def variables(home):
    # So small a model gains nothing from a second core, and loses much on a busy one.
    return environment_of("eval", home) | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def child(home, variables):
    def run(script, *words):
        done = subprocess.run(
            [python_of("eval", home), script, *words],
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(scope="module")
def subject(home, variables, child, tmp_path_factory):
    place = tmp_path_factory.mktemp("subject")
    model, adapter = place / "model", place / "adapter"
    child(ROOT / "tests/training/tiny_model.py", model, TEMPLATE)
    lessons = [(list(each.messages), each.tools, answer) for each, answer in LESSONS]
    (place / "lessons.json").write_text(json.dumps(lessons))
    child(Path(__file__).with_name("taught_adapter.py"), model, adapter, place / "lessons.json")
    return EvaluatedModel(
        python=python_of("eval", home),
        variables=variables,
        versions=read_stamp(folder("eval", home))["digest"],
        model=model,
        model_digest="m",
        adapter=adapter,
        adapter_digest="a",
        context=2048,
        dtype="float32",
        device="cpu",
    )


@pytest.fixture(scope="module")
def ask(subject, tmp_path_factory):
    """Return a function that asks, and tells what was said and shown on the way."""
    store = tmp_path_factory.mktemp("evaluations")

    def run(suite=SUITE, documents=DOCUMENTS, recorded=None, **changes):
        said, shown = [], []
        found = answers(
            replace(subject, **changes),
            suite,
            documents,
            PARSER,
            store,
            recorded=recorded,
            say=said.append,
            show=lambda *numbers: shown.append(numbers),
        )
        return found, said, shown

    run.store = store
    return run


@pytest.fixture(scope="module")
def asked(ask):
    return ask()


def test_answers_are_scored_by_what_they_hold(asked):
    found, _, shown = asked
    key, lock, _ = found
    assert key.answer == GOOD
    assert (key.finish_reason, set(key.scores.values())) == ("stop", {1.0})
    assert lock.answer == WRONG_FILE
    assert lock.scores == {
        "valid_call": 1.0, "valid_json": 1.0, "right_tool": 1.0, "arguments_match": 0.0,
        "script_parses": 1.0, "names_target": 0.0,
    }  # fmt: skip
    assert "names_target" not in found[2].scores
    assert shown[-1] == (3, 3)


def test_lm_eval_sums_them_up_as_we_do(asked, ask):
    results = json.loads(next(ask.store.rglob("results_*.json")).read_text())["results"]
    found = [("validation", answer.scores) for answer in asked[0]]
    ours = summed(found, SUITE.metrics)["all"]
    for name in SUITE.metrics:
        theirs = results["tool_call"][f"{name},none"]
        assert theirs == pytest.approx(ours[name], abs=1e-6)


def test_the_same_question_is_asked_once(asked, ask):
    found, said, shown = ask()
    assert found == asked[0]
    assert said == ["was asked before, with these settings"]
    assert not shown


def test_recorded_answers_have_the_scores_that_asking_gives(asked, ask):
    given = {(one.skill, one.item_id): (one.answer, one.finish_reason) for one in asked[0]}
    # Nothing is loaded: there is no such adapter.
    found, said, _ = ask(recorded=RecordedRuns({"made_up": "run-1"}, given), adapter=Path("none"))
    assert found == asked[0]
    assert not said
    again, said, _ = ask(recorded=RecordedRuns({"made_up": "run-1"}, given))
    assert again == found
    assert said == ["these answers were scored before, with these settings"]


def test_a_missing_recorded_answer_is_no_empty_answer(asked, ask, monkeypatch):
    given = {(one.skill, one.item_id): ("", "stop") for one in asked[0]}
    write = recording.write
    monkeypatch.setattr(recording, "write", lambda file, rows: write(file, list(rows)[1:]))
    with pytest.raises(EvalError, match="has no answer to mode_of_key as it is asked here"):
        ask(recorded=RecordedRuns({"made_up": "run-1"}, given))


def test_a_suite_of_checks_is_asked_without_tools_and_scored_by_its_checks(ask):
    suite = replace(SUITE, name="words", kind=SuiteKind.bundle, max_tokens=4,
                    metrics=["score", "completed", "concise", "token_efficiency"])  # fmt: skip
    checks = {
        "any": {"kind": "mentions", "all": [], "budget": 50},
        "none": {"kind": "number", "value": 7, "budget": 50},
    }
    documents = [
        Document("words", name, name, "", "", "fixed", [{"role": "user", "content": "Say 7."}], [],
                 check=check, bead="b")
        for name, check in checks.items()
    ]  # fmt: skip
    found, _, _ = ask(suite, documents, adapter=None, adapter_digest=None)
    assert [sorted(one.scores) for one in found] == [["concise", "score", "token_efficiency"]] * 2
    # So small a model never ends its turn, and what is cut off is wrong.
    assert {one.finish_reason for one in found} == {"length"}
    assert {value for one in found for value in one.scores.values()} == {0.0}
    assert "<tools>" not in found[0].prompt


def test_the_likeliest_choice_counts(ask):
    suite = replace(SUITE, name="choices", kind=SuiteKind.mmlu, metrics=["accuracy"])
    documents = [
        Document("choices", f"q{number}", "", "", "", "fixed",
                 [{"role": "user", "content": "Which?"}], [], choices=("A", "B", "C", "D"),
                 check={"kind": "choice", "answer": right})
        for number, right in enumerate("ABCD")
    ]  # fmt: skip
    found, _, shown = ask(suite, documents, adapter=None, adapter_digest=None)
    # One question asked four times has one likeliest answer, which is right once.
    assert len({one.answer for one in found}) == 1
    assert [one.scores["accuracy"] for one in found].count(1.0) == 1
    right = next(one for one in found if one.scores["accuracy"])
    assert right.answer == "ABCD"[int(right.item_id[1])]
    assert shown[-1] == (16, 16)
    assert found[0].finish_reason == "stop"


def test_the_prompt_is_what_the_local_policy_feeds(asked, subject, child, tmp_path):
    rows = [
        (list(each.messages), each.tools, answer.prompt)
        for each, answer in zip(DOCUMENTS, asked[0], strict=True)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    out = tmp_path / "same.json"
    child(
        Path(__file__).with_name("same_tokens.py"),
        ROOT, subject.model, tmp_path / "rows.json", tmp_path / "tokenizer", out,
    )  # fmt: skip
    found = json.loads(out.read_text())
    assert (found["own"], found["with_start"]) == (True, True)
    # An answer ends with any of the tokens that the model's own settings name.
    assert found["two_ends"] == "one two"
    assert found["one_end"] == f"one two<|im_start|>one two{CUT_OFF}"
    assert json.dumps(TOOL["function"]["parameters"]["properties"]) in rows[0][2]


def test_a_prompt_without_room_for_an_answer_is_refused(ask):
    with pytest.raises(EvalError, match="the prompt of mode_of_key has more than 36 tokens"):
        ask(context=100)
    assert not list(ask.store.glob(".*.partial"))
