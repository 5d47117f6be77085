"""`forge kernel cycle`: the verbs, their order, and where it goes on; they are only noted here."""

from types import SimpleNamespace

import pytest

from harness_forge.cli import kernel_cycle
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import EvalError, ExportError

OWN = ["recipe=kernel", "model=smollm2-135m"]
STEPS = [
    "export format=sft", "train", "export format=dpo", "train dpo", "prove kernel-agent-dpo",
    "evaluate kernel-agent-dpo run.split=holdout", "promote kernel-agent-dpo", "report",
]  # fmt: skip


@pytest.fixture
def cycle(tmp_path, monkeypatch):
    """Returns what runs a cycle and gives its candidate and the verbs that were run."""
    kernel = SimpleNamespace(
        config=compose("kernel", [f"forge_home={tmp_path}"]), score_waiting=lambda: 3
    )

    def run(fails=(), again=False, own=OWN):
        ran = []

        def module(name):
            def main(argv):
                said = " ".join([name.rpartition(".")[2], *argv])
                assert said.endswith(" ".join(own))
                said = said.removesuffix(" ".join(own)).strip()
                for verb, error in fails:
                    if said.startswith(verb):
                        raise error
                ran.append(said)
                return 10  # a rejection, or whatever else a verb ends with, ends no cycle

            return SimpleNamespace(main=main)

        monkeypatch.setattr(kernel_cycle, "import_module", module)
        try:
            return kernel_cycle.cycle(kernel, own, again=again, say=lambda text: None), ran
        except EvalError:
            return None, ran

    return run


def test_its_verbs_are_run_in_order_and_the_second_stages_adapter_is_decided_on(cycle):
    assert cycle() == ("kernel-agent-dpo", STEPS)


def test_without_pairs_the_first_stages_adapter_is_decided_on(cycle):
    candidate, ran = cycle(fails=[("export format=dpo", ExportError("", "no pairs"))])
    assert (candidate, ran[2]) == ("kernel-agent", "prove kernel-agent")


def test_it_goes_on_where_it_was_broken_off_and_then_begins_anew(cycle):
    broken = [("evaluate", EvalError("", "lm-eval died"))]
    assert cycle(fails=broken) == (None, STEPS[:5])
    assert cycle() == ("kernel-agent-dpo", STEPS[5:])
    assert cycle() == ("kernel-agent-dpo", STEPS)


@pytest.mark.parametrize("more", [{"again": True}, {"own": [*OWN, "train.rank=32"]}])
def test_again_or_with_other_settings_nothing_counts_as_done(cycle, more):
    cycle(fails=[("evaluate", EvalError("", "lm-eval died"))])
    assert cycle(**more) == ("kernel-agent-dpo", STEPS)
