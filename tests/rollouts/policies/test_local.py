"""A local model in a real child process: how it decodes, and how it takes faults."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_parts import tiny  # noqa: F401

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.core.errors import EndpointError
from harness_forge.rollouts.policies.local import LocalModel
from harness_forge.worksets.worksets import environment_of, python_of

CHECK = Path(__file__).with_name("decoding_check.py")
GREEDY = {"temperature": 0.0, "max_tokens": 8}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "description": "Run a script.",
            "parameters": {"type": "object", "properties": {"fix_script": {"type": "string"}}},
        },
    }
]

pytestmark = pytest.mark.workset


def ask(rule):
    return [{"role": "system", "content": "Fix it."}, {"role": "user", "content": f"Rule: {rule}"}]


@pytest.fixture(scope="module")
def report(tiny):  # noqa: F811
    home = Path(tiny.config.forge_home)
    done = subprocess.run(
        [python_of("train", home), CHECK, home / "model", tiny.raw / "live"],
        env=environment_of("train", home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def open_model(tiny):  # noqa: F811
    home = Path(tiny.config.forge_home)
    config = PolicyConfig(
        PolicyKind.model, local=str(home / "model"), adapter=str(tiny.raw / "live"), concurrency=4
    )

    def start(**changes):
        variables = environment_of("train", home)
        return LocalModel(replace(config, **changes), python_of("train", home), variables)

    return start


@pytest.fixture(scope="module")
def model(open_model):
    model = open_model()
    yield model
    model.close()


def test_greedy_answers_are_those_of_generate(report):
    assert report["decoder"] == "Batch"
    for found, wanted in report["greedy"].values():
        assert found == wanted
    assert report["penalised"]
    # Some ended by themselves, some were as long as they may be.
    assert 0 < report["stopped"] < len(report["greedy"])


def test_rows_end_one_by_one_and_others_take_their_places(report):
    assert sorted(report["order"]) == list(range(8))
    assert report["order"] != sorted(report["order"])


def test_a_sampled_answer_does_not_depend_on_its_company(report):
    assert report["together"] == report["alone"]
    assert len({tuple(answer) for answer in report["alone"].values()}) == 4


def test_rounding_to_bf16_does_not_depend_on_company_either(report):
    if "rounded" not in report:
        pytest.skip("this CPU does not multiply bfloat16")
    alone, *others = report["rounded"]
    assert others == [alone, alone]


def test_a_model_with_windows_is_left_to_generate(report):
    assert report["windowed"] == "Whole"
    assert report["whole"]


def test_a_short_answer_does_not_wait_for_a_long_one(model):
    def answer(tokens):
        done = model.complete(ask("a"), TOOLS, {"temperature": 0.0, "max_tokens": tokens})
        return done.completion_tokens, time.monotonic()

    with ThreadPoolExecutor(2) as pool:
        long, short = pool.submit(answer, 200), pool.submit(answer, 3)
        assert short.result()[0] == 3
        assert short.result()[1] < long.result()[1]


def test_more_threads_than_slots_get_the_answers_of_one(model):
    rules = [f"rule_{number % 3}" for number in range(9)]
    alone = {rule: model.complete(ask(rule), TOOLS, GREEDY).message for rule in set(rules)}
    with ThreadPoolExecutor(9) as pool:
        done = list(pool.map(lambda rule: model.complete(ask(rule), TOOLS, GREEDY), rules))
    assert [each.message for each in done] == [alone[rule] for rule in rules]
    assert {each.finish_reason for each in done} <= {"length", "stop"}


def test_a_template_without_tools_is_a_fault_of_that_request(open_model, tmp_path):
    bare = tmp_path / "bare.jinja"
    bare.write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    model = open_model(chat_template=str(bare))
    try:
        with pytest.raises(EndpointError, match=r"renders no tools\n.*policy.chat_template"):
            model.complete(ask("a"), TOOLS, GREEDY)
        assert model.complete(ask("a"), (), GREEDY).completion_tokens > 0
    finally:
        model.close()


def test_a_child_that_is_killed_is_told_to_all_who_wait(open_model):
    model = open_model()
    threading.Timer(0.5, model._child.kill).start()
    long = {"temperature": 0.0, "max_tokens": 100_000}
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(model.complete, ask(rule), TOOLS, long) for rule in "abc"]
    for future in futures:
        with pytest.raises(EndpointError, match=r"ended with code -9.*\n.*lower policy.concurr"):
            future.result()
    with pytest.raises(EndpointError, match="code -9"):
        model.complete(ask("a"), TOOLS, GREEDY)
    model.close()


def test_closing_does_not_wait_for_answers(open_model):
    model = open_model()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(model.complete, ask("a"), TOOLS, {"max_tokens": 100_000})
        time.sleep(0.3)
        started = time.monotonic()
        model.close()
        with pytest.raises(EndpointError, match="ended with code 0"):
            future.result()
    assert time.monotonic() - started < 5


def test_a_folder_without_a_model(tmp_path):
    config = PolicyConfig(PolicyKind.model, local=str(tmp_path))
    with pytest.raises(EndpointError, match=r"holds no model \(no config.json\)"):
        LocalModel(config, Path("/bin/true"))


def test_a_model_that_cannot_be_loaded_is_told_in_one_line(open_model, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EndpointError, match="cannot be loaded: ") as caught:
        open_model(local=str(tmp_path), adapter=None)
    assert len(str(caught.value).splitlines()) == 1
