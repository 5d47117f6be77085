"""A real vLLM and a real training stack on one tiny model: what agrees, and each planted fault."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.core.errors import EvalError
from harness_forge.evaluation.proof import local_check, prove, server_check
from harness_forge.registry import current
from harness_forge.rollouts.policies import probes
from harness_forge.serving.scoring import Scorer
from harness_forge.worksets.worksets import environment_of, python_of

pytestmark = [pytest.mark.workset, pytest.mark.timeout(900)]
HOSTS = ["a host"]


def trained(tiny, base):
    """Return what the training stack makes of the probes."""
    home = Path(tiny.config.forge_home)
    return local_check.measure(
        tiny.adapter,
        base,
        probes=probes.messages(HOSTS),
        tools=probes.tools(),
        python=python_of("train", home),
        environment=environment_of("train", home),
        threads=1,
    )["tokens"]


@pytest.fixture(scope="module")
def tokens(tiny):
    return trained(tiny, current.base_model_of(tiny.config))


def asked(tiny_server, tokens, own):
    _, server = tiny_server
    with Scorer(server.url, probes.tools(), len(tokens["base"][0])) as scorer:
        prompts = probes.messages(HOSTS)
        return server_check.compared(scorer, ("local", own), prompts, tokens, own, 0.05)


def test_server_and_training_stack_agree(tiny_server, tokens):
    found = asked(tiny_server, tokens, "tiny")
    print(found)
    assert found.adapter_gap < found.tolerance / 10
    assert found.moved > 0.02 > 10 * found.floor
    assert found.moved == pytest.approx(found.trained_moved, rel=0.01)


@pytest.mark.parametrize("name", ["local", "zero"])
def test_the_base_under_an_adapters_name_is_caught(tiny_server, tokens, name):
    with pytest.raises(EvalError, match="is not what the server answers with"):
        asked(tiny_server, tokens, name)


def test_a_server_with_another_template_is_caught(tiny, tiny_server):
    base = current.base_model_of(tiny.config)
    other = replace(base, template=base.template.replace("<|im_start|>", "<|im_start|> ", 1))
    assert other.template != base.template
    with pytest.raises(EvalError, match="renders probe 1 to other tokens than training did"):
        asked(tiny_server, trained(tiny, other), "tiny")


def test_a_server_of_another_base_is_caught(tiny_server, tokens):
    # As a base of four bits would be: a little off everywhere.
    base = [[{i: p - 0.2 for i, p in at.items()} for at in probe] for probe in tokens["base"]]
    off = tokens | {"base": base}
    with pytest.raises(EvalError, match="the server's base model is another"):
        asked(tiny_server, off, "tiny")


def test_the_proof_of_a_running_server_is_written(tiny, tiny_server, tmp_path):
    config = replace(tiny.config, prove=replace(tiny.config.prove, server=tiny_server[1].url))
    report = prove.prove(config, "tiny", tmp_path / "prove.json")
    assert report["server"]["adapter_gap"] < 0.005
    assert len(set(report["templates"].values())) == 1
    assert report["mask"]["trained"] == 9
