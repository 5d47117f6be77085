"""A server held against the training stack, on figures made up here and on one that speaks HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from harness_forge.core.errors import EvalError, ServeError
from harness_forge.evaluation.proof import agreement
from harness_forge.evaluation.proof.agreement import ServerAnswers
from harness_forge.evaluation.proof.server_check import compared
from harness_forge.serving.scoring import Scorer

IDS = [[5, 6, 7, 8], [5, 9, 9]]
BASE = [[{"7": -1.0, "8": -2.0}, {"7": -3.0, "1": -1.0}], [{"7": -1.0}, {"2": -2.0}]]
OWN = [[{"7": -1.5, "8": -2.5}, {"7": -3.5, "1": -0.5}], [{"7": -0.5}, {"2": -1.5}]]
TRAINED = {"ids": IDS, "base": BASE, "adapter": OWN}
PROMPTS = [[{"role": "user", "content": str(n)}] for n in range(2)]


def shifted(scores, by):
    return [[{i: p + by for i, p in place.items()} for place in probe] for probe in scores]


def refused(trained=None, base=BASE, again=BASE, adapter=OWN, ids=IDS):
    with pytest.raises(EvalError) as caught:
        found = agreement.agreement(trained or TRAINED, ServerAnswers(ids, base, again, adapter))
        agreement.check("mine", found)
    return str(caught.value).splitlines()[0]


def test_a_server_that_agrees_passes():
    told = ServerAnswers(IDS, shifted(BASE, 0.01), shifted(BASE, 0.011), shifted(OWN, -0.01))
    found = agreement.agreement(TRAINED, told)
    agreement.check("mine", found)
    assert found.places == 4
    assert (found.floor, found.moved) == pytest.approx((0.001, 0.5), abs=0.03)
    assert found.as_dict()["adapter_gap"] == 0.01


def test_the_base_under_the_adapters_name_is_told():
    assert "is not what the server answers with" in refused(adapter=BASE)


def test_noise_as_large_as_the_difference_is_no_difference():
    assert "asking the base again moves 0.1" in refused(again=shifted(BASE, 0.1))


def test_another_base_is_told():
    said = refused(base=shifted(BASE, 0.2), again=shifted(BASE, 0.2))
    assert "the server's base model is another: it lies 0.2 nats" in said


def test_an_adapter_of_another_scale_is_told():
    assert "is served otherwise than it was trained: 0.2 nats" in refused(adapter=shifted(OWN, 0.2))


def test_half_an_adapter_is_told_though_it_is_within_the_tolerance():
    small = shifted(BASE, 0.06)
    said = refused({"ids": IDS, "base": BASE, "adapter": small}, adapter=shifted(BASE, 0.03))
    assert "as something between itself and the base" in said


def test_numbers_that_are_none_do_not_pass():
    assert "nan nats" in refused(adapter=shifted(OWN, float("nan")))


def test_a_token_that_one_side_does_not_list_is_below_its_last_one():
    assert agreement.gap([[{"1": -1.0, "2": -4.0}]], [[{"1": -1.0, "3": -2.0}]]) == (0 + 0 + 2) / 3


def test_what_was_trained_on_four_bits_is_held_against_those():
    trained = TRAINED | {"trained": shifted(OWN, 0.2)}
    assert "0.2 nats a token apart" in refused(trained)


@pytest.mark.parametrize(
    ("told", "at"), [([[5, 6, 7, 8], [5, 9]], "probe 2"), ([[5, 6, 1, 8], [5, 9, 9]], "probe 1")]
)
def test_another_template_is_told(told, at):
    with pytest.raises(EvalError, match=f"renders {at} to other tokens than training did"):
        agreement.check_words(IDS, told)


class Vllm(BaseHTTPRequestHandler):
    """Answers as vLLM does; `scores` by model and prompt, `extra` tokens in front of a prompt."""

    scores: ClassVar[dict] = {}
    extra: ClassVar[list] = []

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            ids = IDS[int(asked["messages"][0]["content"])]
            return self.say({"tokens": self.extra + ids})
        ids = asked["prompt"]
        probe = next(n for n, whole in enumerate(IDS) if whole[: len(ids)] == ids)
        place = self.scores[asked["model"]][probe][len(ids) - len(IDS[probe]) - 1]
        told = {f"token_id:{i}": p for i, p in place.items()}
        return self.say({"choices": [{"logprobs": {"top_logprobs": [told]}}]})

    def do_GET(self):
        self.say({"data": [{"id": name} for name in self.scores]})

    def say(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def ask():
    """Return what proves an adapter against a server with those scores."""
    servers = []

    def go(scores, extra=(), tools=()):
        handler = type("Of", (Vllm,), {"scores": scores, "extra": list(extra)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        with Scorer(url, tools, 2) as scorer:
            return compared(scorer, ("base", "mine"), PROMPTS, TRAINED, "mine", 0.05)

    yield go
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_server_is_asked_for_its_words_and_scores(ask):
    found = ask({"base": BASE, "mine": OWN})
    assert (found.floor, found.adapter_gap, found.moved) == (0.0, 0.0, 0.5)


def test_a_server_without_the_adapter_is_caught(ask):
    with pytest.raises(EvalError, match="not what the server answers with"):
        ask({"base": BASE, "mine": BASE})


def test_a_server_with_another_template_is_caught(ask):
    with pytest.raises(EvalError, match=r"from token 1 on \(5 instead of 4\)"):
        ask({"base": BASE, "mine": OWN}, extra=[1])


def test_a_server_that_is_not_there_is_one_line():
    with Scorer("http://127.0.0.1:9/v1", (), 2) as scorer, pytest.raises(ServeError):
        scorer.names()
