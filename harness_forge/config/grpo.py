"""Settings of GRPO: a trained adapter on its own answers, as the environment judges them."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.config.limits import between, limited


@dataclass(frozen=True)
class GrpoConfig:
    """Second stage: a trained adapter on answers of its own, rewarded by the environment's judge.

    Each step asks some prompts, every one several times. What an answer is worth is the judge's
    value of it, and it is learned as far as that lies above the mean of its group (Shao et al.
    2024, arXiv 2402.03300). The policy is held to the adapter that it started from.

    Args:
        name: readable name of the adapter; None is `train.name` with -grpo.
        dataset: folder of the prompts; None takes the recipe's, named `<skill>_<role>_grpo`.
        start: the adapter to start from, by name or folder; None takes `train.name`. It has to
            pass sometimes: where all answers to a prompt are worth the same nothing is learned.
        beta: how firmly the policy is held to its start, as the weight of the KL divergence;
            0 leaves it free and saves a forward pass.
        group: answers to each prompt.
        prompts: prompts asked in one step.
        rows: ask at most so many prompts, drawn item by item; None takes all.
        temperature: of sampling. Answers that are all alike teach nothing.
        max_new_tokens: longest answer; one that is cut off is worth 0.
        judge_s: longest wait for the next verdict in seconds, after which the training stops. The
            limits of the environment's own sandbox come first.
        patience: after so many steps in which all answers to each prompt were worth the same, the
            training stops and says so; only at its start. 0 goes on.
        max_steps: steps to make.
        learning_rate: its highest value.
        schedule: how it goes on, as Axolotl names it.
        warmup: share of all steps in which it rises.
        weight_decay: of AdamW.
        micro_batch: answers in one forward pass; `group` times `prompts` is a multiple of it.
        save_steps: most steps between checkpoints; a shorter training makes one each fifth
            of its steps.
        seed: of draw, order and sampling; None takes the recipe's.
    """

    name: str | None = None
    dataset: str | None = None
    start: str | None = None
    beta: float = limited(0.04, between(0))
    group: int = limited(8, between(2))
    prompts: int = limited(4, between(1))
    rows: int | None = None
    temperature: float = limited(1.0, between(0.05, 5))
    max_new_tokens: int = limited(256, between(1))
    judge_s: float = limited(120.0, between(0.1))
    patience: int = limited(5, between(0))
    max_steps: int = limited(100, between(1))
    learning_rate: float = 2e-5
    schedule: str = "constant_with_warmup"
    warmup: float = 0.05
    weight_decay: float = 0.0
    micro_batch: int = limited(8, between(1))
    save_steps: int = 10
    seed: int | None = None

    @property
    def answers(self) -> int:
        """Answers of one step."""
        return self.group * self.prompts
