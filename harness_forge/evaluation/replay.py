"""Judges an adapter on held-out items, beside five baselines, pair by pair.

The base model, the base model with three worked examples, a copy of the nearest
training answer, such a copy with the item's own words put in, and what the prompt
itself quotes show what the adapter adds to format and copying. Every policy is asked
once, with the same settings; existing runs are read from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose, split_of
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import is_recorded
from harness_forge.core.files import write_json
from harness_forge.core.records import Split
from harness_forge.core.results import EvalResult
from harness_forge.evaluation import recipes, result_files
from harness_forge.evaluation.comparison import Comparison, compare
from harness_forge.evaluation.gate_power import describe_gate
from harness_forge.evaluation.rates import Rate, rates
from harness_forge.evaluation.recipes import RecipeResult
from harness_forge.evaluation.sample_size import sample_sizes_of
from harness_forge.registry.adapters import fitted
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.current import current_adapter
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs.results import first_tries
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.levels import LookLevel

SHOTS = 3
"""Worked examples of the few-shot baseline."""

LABELS = ("base", "few_shot", "nearest", "template", "extractive", "adapter")
BASE, FEW_SHOT, NEAREST, TEMPLATE, EXTRACTIVE, ADAPTER = LABELS


@dataclass(frozen=True)
class Replay:
    """The results of every policy, and of the adapter against each other one.

    Args:
        rates: label to part to rate.
        runs: label to skill to run id.
        comparisons: such as `adapter_vs_base`.
        levels: skill to the adapter's look at its holdout and its significance
            level; empty if the split is no holdout.
        recipe: all adapters of the recipe; None for an adapter alone.
        nothing: why no policy was asked; '' if they were.
    """

    split: str
    adapter: Adapter
    rates: Mapping[str, Mapping[str, Rate]]
    runs: Mapping[str, Mapping[str, str]]
    comparisons: Mapping[str, Comparison]
    levels: Mapping[str, LookLevel]
    recipe: RecipeResult | None = None
    nothing: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as a DVC metrics file holds it."""
        more = {} if self.recipe is None else {"recipe": self.recipe.as_dict()}
        more |= {"nothing": self.nothing} if self.nothing else {}
        return {
            "split": self.split,
            "candidate": {"name": self.adapter.name, "digest": self.adapter.digest},
            "looks": {
                skill: {"number": level.number, "alpha": level.alpha}
                for skill, level in self.levels.items()
            },
            "policies": {
                label: {
                    part: {**rate.as_dict(), "run_id": ",".join(self.runs[label].values())}
                    for part, rate in by_part.items()
                }
                for label, by_part in self.rates.items()
            },
            "comparisons": {name: one.as_dict() for name, one in self.comparisons.items()},
            **more,
        }


def replay(
    config: ForgeConfig,
    out: Path,
    adapter: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Replay:
    """Run the six policies on a split of every skill of `config`, and compare them.

    Writes `<label>.jsonl` into `out`, and the metrics to `<out>.json`. The split
    is `run.split`, or the holdout. A complete run is not repeated; a stopped one
    resumes. With `train.replicates` the recipe's other adapters are asked too, `adapter-2.jsonl`
    and on; all of them are one look.

    Args:
        config: of one skill or of several.
        out: folder of the per-item files, such as outputs/replay.
        adapter: a name in the registry or a packaged folder; None takes
            `policy.adapter`, else the current adapter.

    Raises:
        TrainError: the base model or the adapter is missing or damaged.
        EvalError: the ledger of looks cannot be written, or results do not pair.
    """
    split = split_of(config.run).value
    candidate = current_adapter(config, adapter or config.policy.adapter)
    fitted.check_prompt(candidate.name, candidate.prompt_contexts, config.prompt.context)
    adapters = recipes.adapters_of(config, candidate)
    recipe = recipes.name_of(adapters)
    others: dict[int, list[EvalResult]] = {n: [] for n in range(2, len(adapters) + 1)}
    other_runs: dict[int, dict[str, str]] = {n: {} for n in others}
    metrics = out.with_name(f"{out.name}.json")
    # The old metrics are out of date now; they must not be taken for this replay's.
    metrics.unlink(missing_ok=True)
    results: dict[str, list[EvalResult]] = {label: [] for label in LABELS}
    runs: dict[str, dict[str, str]] = {label: {} for label in LABELS}
    for skill in attempted(_evaluating(config, split), say):
        # Keep it open: the embedded server then starts once, not once for each policy.
        with opened_skill(skill) as store:
            for one in sample_sizes_of(store, skill, Split(split)):
                say(f"{one.skill} {one.part}: {describe_gate(one.clusters, one.alpha)}")
            policies = _policies(skill, candidate)

            def ask(label: str, policy: PolicyConfig, skill=skill, store=store):
                named = recipe if label.startswith(ADAPTER) else ""
                summary = opening.run(replace(skill, policy=policy), say, recipe=named)
                found = first_tries(store, summary["run_id"])
                passed = sum(result.passed for result in found)
                if summary["new_items"] < len(found):
                    # What was asked now has said so at its end.
                    say(f"{skill.skill.name} {label}: {passed} of {len(found)}, asked before")
                return summary["run_id"], found

            for label, policy in policies.items():
                runs[label][skill.skill.name], found = ask(label, policy)
                results[label] += found
            for number in others:
                folder = str(adapters[number - 1].folder)
                policy = replace(policies[ADAPTER], adapter=folder)
                run_id, found = ask(f"{ADAPTER}-{number}", policy)
                other_runs[number][skill.skill.name] = run_id
                others[number] += found
    for label, found in results.items():
        result_files.write(out / f"{label}.jsonl", found)
    for number, found in others.items():
        result_files.write(out / f"{ADAPTER}-{number}.jsonl", found)
    done = summarise(results, split, candidate, runs, _levels(config, split, runs[ADAPTER]))
    if others:
        judged = [results[ADAPTER], *others.values()]
        ran = [runs[ADAPTER], *other_runs.values()]
        baselines = {label: results[label] for label in LABELS if label != ADAPTER}
        done = replace(done, recipe=recipes.summarise(adapters, judged, ran, baselines))
    write_json(metrics, done.as_dict())
    return done


def nothing_to_replay(
    config: ForgeConfig, out: Path, adapter: str, say: Callable[[str], None] = lambda line: None
) -> Replay:
    """Write the replay of a recipe whose attempts were all recorded elsewhere: no policy, and why.

    A rule that asks for a replay then comes to `incomplete`; one on suites alone decides.

    Args:
        out, adapter: as in `replay`.

    Raises:
        TrainError: the adapter is missing or damaged.
    """
    why = str(opening.no_environment(skills_of(config)[0]).said)
    say(why)
    out.mkdir(parents=True, exist_ok=True)
    candidate, split = current_adapter(config, adapter), split_of(config.run).value
    done = Replay(split, candidate, {}, {}, {}, {}, nothing=why)
    write_json(out.with_name(f"{out.name}.json"), done.as_dict())
    return done


def attempted(config: ForgeConfig, say: Callable[[str], None]) -> list[ForgeConfig]:
    """Return the skills with an environment.

    Raises:
        RunError: there is none.
    """
    skills = skills_of(config)
    found = [one for one in skills if not is_recorded(one.skill)]
    if not found:
        raise opening.no_environment(skills[0])
    for one in skills:
        if is_recorded(one.skill):
            say(f"{one.skill.name}: nothing to replay, its attempts are recorded")
    return found


def summarise(
    results: Mapping[str, Sequence[EvalResult]],
    split: str,
    adapter: Adapter,
    runs: Mapping[str, Mapping[str, str]],
    levels: Mapping[str, LookLevel],
) -> Replay:
    """Return rates and comparisons of results by label."""
    return Replay(
        split=split,
        adapter=adapter,
        rates={label: rates(found) for label, found in results.items()},
        runs=runs,
        comparisons={
            f"{ADAPTER}_vs_{other}": compare(results[ADAPTER], results[other], (ADAPTER, other))
            for other in LABELS
            if other != ADAPTER
        },
        levels=levels,
    )


def _evaluating(config: ForgeConfig, split: str) -> ForgeConfig:
    return replace(config, run=replace(config.run, purpose=Purpose.evaluate, split=split))


def _policies(config: ForgeConfig, adapter: Adapter) -> dict[str, PolicyConfig]:
    """Return the six policies; only speed settings come from the recipe's own policy."""
    own = config.policy
    splits = list(adapter.fitted)
    model = PolicyConfig(
        PolicyKind.model,
        workset=own.workset,
        concurrency=own.concurrency,
        chat_template=own.chat_template,
    )
    return {
        BASE: model,
        # The baselines get the splits that the adapter was trained on, no more and no less.
        FEW_SHOT: replace(model, shots=SHOTS, example_splits=splits),
        NEAREST: PolicyConfig(PolicyKind.nearest, example_splits=splits),
        TEMPLATE: PolicyConfig(PolicyKind.template, example_splits=splits),
        EXTRACTIVE: PolicyConfig(PolicyKind.extractive),
        ADAPTER: replace(model, adapter=str(adapter.folder)),
    }


def _levels(config: ForgeConfig, split: str, runs: Mapping[str, str]) -> dict[str, LookLevel]:
    if split != Split.HOLDOUT:
        return {}
    ledger = HoldoutLedger(config.budget, Path(config.forge_home))
    found = {skill: ledger.of(skill, run_id) for skill, run_id in runs.items()}
    return {skill: LookLevel(look.number, look.alpha) for skill, look in found.items() if look}
