"""A batch of questions over real HTTP: parsable, broken, slow and failing answers."""

import asyncio
import json
import time

import pytest
from fake_judge import GOOD, FakeJudge

from harness_forge.config.judge import JudgeConfig
from harness_forge.core.errors import ConfigError, EndpointError, EvalError
from harness_forge.evaluation.judges import endpoint as endpoints
from harness_forge.evaluation.judges.asking import ask_all
from harness_forge.evaluation.judges.endpoint import Judge
from harness_forge.evaluation.judges.questions import PromptAndAnswer, pair_questions, single
from harness_forge.store.verdicts import Preference, VerdictFile, reasons, settled


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(endpoints, "PAUSE_S", 0.001)
    servers = []

    def start(*plan, **settings):
        servers.append(FakeJudge(plan, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def answer(name, said=None, passed=None):
    asked = [{"role": "user", "content": f"Do {name}, please."}]
    return PromptAndAnswer(
        name, name, "net", asked, {"role": "assistant", "content": said or name}, passed
    )


def judged(server, questions, path=None, **settings):
    config = JudgeConfig(endpoint=server.url, **settings)

    async def go():
        async with Judge(config) as judge:
            asked = {"tries": config.tries, "concurrency": config.concurrency}
            if path is None:
                return await ask_all(judge, questions, file=None, **asked)
            with VerdictFile(path) as file:
                return await ask_all(judge, questions, file=file, **asked)

    return asyncio.run(go())


def test_scores_come_greedily_and_the_outcome_is_never_shown(fake):
    server = fake()
    found = judged(server, [single(answer("one", passed=True))])
    assert found["one"].scores == GOOD
    (body,) = server.asked
    assert body["temperature"] == 0
    assert "pass" not in json.dumps(body["messages"]).lower()


def test_a_broken_verdict_is_asked_for_again_in_other_words(fake):
    server = fake(("one", ["Looks fine to me!", GOOD]))
    found = judged(server, [single(answer("one"))])
    assert (found["one"].scores, found["one"].tries) == (GOOD, 2)
    again = server.asked[1]["messages"]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert again[2]["content"] == "Looks fine to me!"


def test_what_stays_unreadable_is_unjudged_and_no_score(fake):
    server = fake(("one", ["7/10"]), ("two", ["it is so…"]), ("three", [400]))
    found = judged(server, [single(answer(name)) for name in ("one", "two", "three", "four")])
    assert [found[name].unjudged for name in found if found[name].scores is None]
    told = {name: (one.scores, one.unjudged, one.tries) for name, one in found.items()}
    assert told == {
        "one": (None, "unparsable", 3),
        "two": (None, "cut_off", 3),
        "three": (None, "refused", 1),
        "four": (GOOD, "", 1),
    }
    assert reasons(found.values()) == {"cut_off": 1, "refused": 1, "unparsable": 1}


def test_server_errors_are_tried_again_and_never_a_verdict(fake):
    server = fake(("one", [500, 429, 503, GOOD]))
    assert judged(server, [single(answer("one"))])["one"].scores == GOOD
    assert len(server.asked) == 4


def test_many_are_in_flight_and_no_more_than_asked(fake):
    server = fake(("Do", [(0.1, GOOD)]))
    questions = [single(answer(f"n{number}")) for number in range(12)]
    began = time.monotonic()
    assert len(judged(server, questions, concurrency=6)) == 12
    assert 2 <= server.busiest <= 6
    assert time.monotonic() - began < 1.1  # one after the other takes 1.2 s


def test_a_slow_judge_is_lost_and_the_rest_is_kept(fake, tmp_path):
    server = fake(("slow", [(0.6, GOOD)]))
    questions = [single(answer(name)) for name in ("one", "slow", "two")]
    path = tmp_path / "run.jsonl"
    with pytest.raises(EndpointError) as caught:
        judged(server, questions, path, timeout_s=0.15, concurrency=1)
    assert caught.value.what == (
        "no answer within 0.15 s, 4 tries; 1 of 3 questions have no verdict"
    )
    assert set(VerdictFile(path).known()) == {"one", "two"}


def test_a_dead_server_is_not_asked_for_every_question(fake):
    server = fake(("Do", [500]))
    questions = [single(answer(f"n{number}")) for number in range(200)]
    with pytest.raises(EndpointError, match="200 of 200 questions have no verdict"):
        judged(server, questions, concurrency=2)
    assert len(server.asked) < 40


def test_a_wrong_key_stops_at_once(fake):
    server = fake(("Do", [401]))
    with pytest.raises(EndpointError, match="answered 401"):
        judged(server, [single(answer(f"n{number}")) for number in range(50)], concurrency=2)
    assert len(server.asked) <= 2


def test_judging_goes_on_where_it_was_and_a_torn_line_is_none(fake, tmp_path):
    path = tmp_path / "run.jsonl"
    server = fake()
    # One by one: of two that are asked at once either may be written last.
    judged(server, [single(answer("one"))], path)
    judged(server, [single(answer("one")), single(answer("two"))], path)
    path.write_bytes(path.read_bytes()[:-20])
    server.asked.clear()
    found = judged(server, [single(answer(name)) for name in ("one", "two", "three")], path)
    assert len(found) == 3
    assert sorted(body["messages"][1]["content"][10:40] for body in server.asked) == sorted(
        one.messages[1]["content"][10:40] for one in map(single, (answer("two"), answer("three")))
    )


def test_another_judge_or_another_answer_is_asked_anew(fake, tmp_path):
    path = tmp_path / "run.jsonl"
    tags = [{"name": "tiny", "digest": "aaaa"}]
    server = fake(tags=tags)
    judged(server, [single(answer("one"))], path)
    judged(server, [single(answer("one"))], path)
    assert len(server.asked) == 1
    judged(server, [single(answer("one", said="otherwise"))], path)
    assert len(server.asked) == 2
    tags[0]["digest"] = "bbbb"
    assert judged(server, [single(answer("one"))], path)["one"].digest == "bbbb"
    assert len(server.asked) == 3


def test_an_unjudged_answer_is_asked_again_only_with_more_tries(fake, tmp_path):
    path = tmp_path / "run.jsonl"
    server = fake(("one", ["no"]))
    judged(server, [single(answer("one"))], path, tries=2)
    judged(server, [single(answer("one"))], path, tries=2)
    assert len(server.asked) == 2
    judged(server, [single(answer("one"))], path, tries=3)
    assert len(server.asked) == 5


def test_two_processes_do_not_judge_into_one_file(tmp_path):
    with (
        VerdictFile(tmp_path / "run.jsonl"),
        pytest.raises(EvalError, match="being judged"),
        VerdictFile(tmp_path / "run.jsonl"),
    ):
        pass


def test_a_pair_is_asked_both_ways_and_a_judge_of_places_has_no_preference(fake):
    better, worse = answer("task", "GOOD answer"), answer("task", "bad answer")
    fair = fake(("<answer_A>\nGOOD", ['{"better": "A"}']), ("<answer_A>\nbad", ['{"better": "B"}']))
    biased = fake(("task", ['{"better": "A"}']))
    even = fake(("task", ['{"better": "tie"}']))
    mute = fake(("<answer_A>\nbad", ["hm"]), ("<answer_A>\nGOOD", ['{"better": "A"}']))
    told = []
    for server in (fair, biased, even, mute):
        questions = pair_questions(better, worse)
        found = judged(server, questions)
        told.append(settled(*(found[question.key] for question in questions)))
    assert told == [Preference.FIRST, Preference.INCONSISTENT, Preference.TIE, None]


@pytest.mark.parametrize(
    "url", ["http://judge.example.com/v1", "http://10.0.0.5:8000/v1", "http://127.0.0.1.evil.io/v1"]
)
def test_a_judge_elsewhere_is_refused_unless_named(url):
    with pytest.raises(ConfigError, match="is not this machine"):
        Judge(JudgeConfig(endpoint=url))
    host = url.split("/")[2].split(":")[0]
    assert endpoints.check_host(JudgeConfig(endpoint=url, allow=[host])) == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1/", "http://localhost:1/v1", "http://[::1]:1/v1"]
)
def test_a_judge_on_this_machine_may_be_asked(url):
    assert endpoints.check_host(JudgeConfig(endpoint=url)) == url.rstrip("/")


@pytest.mark.parametrize("url", [None, "", "127.0.0.1:8000", "ftp://127.0.0.1/v1", "http://"])
def test_what_is_no_server_is_told(url):
    with pytest.raises(ConfigError):
        Judge(JudgeConfig(endpoint=url))


def test_a_proxy_of_the_environment_is_not_used(fake, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert judged(fake(), [single(answer("one"))])["one"].scores == GOOD


def test_a_model_that_is_not_served_is_told(fake):
    with pytest.raises(EndpointError) as caught:
        judged(fake(), [single(answer("one"))], model="huge")
    assert caught.value.hint == "it serves: tiny"
