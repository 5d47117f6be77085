"""Judges two runs side by side: which answer to the same task is better.

Every pair is asked in both orders. If the preference changes with the order, the
judge has none: the pair counts for neither side and as inconsistent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.judge import JudgeConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import EvalError
from harness_forge.core.files import write_json
from harness_forge.evaluation.agreement import cohen_kappa
from harness_forge.evaluation.judges.asking import ask_all
from harness_forge.evaluation.judges.check import check
from harness_forge.evaluation.judges.endpoint import Judge, JudgeModel, check_host
from harness_forge.evaluation.judges.questions import (
    PromptAndAnswer,
    pair_questions,
    same_answer,
    same_task,
)
from harness_forge.evaluation.judging import reading
from harness_forge.evaluation.judging.drift import Drift, watch
from harness_forge.evaluation.judging.scoring import (
    ADAPTER,
    BASE,
    FOLDER,
    PREFIX,
    candidate_of,
    is_base,
    record_look,
    suite,
)
from harness_forge.evaluation.runs import opened_runs
from harness_forge.evaluation.statistics import mcnemar
from harness_forge.store.verdicts import JudgeVerdict, Preference, VerdictFile, reasons, settled

Pair = tuple[PromptAndAnswer, PromptAndAnswer]
PREFERRED = f"{PREFIX}preferred"


def judge_pairs(
    config: ForgeConfig,
    first: str,
    second: str,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Judge first tries of two runs pair by pair and return the result.

    Stored like one run's, in <forge_home>/judge/<first>__<second>.

    Raises:
        ConfigError, EndpointError, EvalError: as `judge_run`; also if the runs
            have no task in common.
    """
    check(config.judge)
    check_host(config.judge)
    with opened_runs(config) as stores:
        one, other = (reading.read(stores, word) for word in (first, second))
    pairs, left_out = _paired(one, other, config.judge.limit)
    for found in (one, other):
        record_look(config, found)
    folder = Path(config.forge_home) / FOLDER
    name = f"{one.run['id']}__{other.run['id']}"
    asked = [pair for pair in pairs if not same_answer(*pair)]
    everything = [*one.answers, *other.answers]
    verdicts, model, drift = asyncio.run(_ask(config.judge, folder, name, asked, everything, show))
    counted = _counted(pairs, verdicts)
    report = {
        **suite(model, [pair[0].item_id for pair in pairs], other),
        "candidate": candidate_of(other.run),
        "metrics": [PREFERRED],
        "labels": _preferred(counted, BASE if is_base(one.run) else FIRST),
        # `first` and `second` count the pairs that each run won.
        "runs": {"first": _named(one), "second": _named(other)},
        "left_out": left_out,
        **counted,
        "drift": drift.as_dict() if drift else None,
    }
    write_json(folder / f"{name}.json", report)
    return report


FIRST = "first"
"""Label of a first run that is not the base model: another adapter's, or a baseline's."""


def _named(found: reading.JudgedRun) -> dict[str, str]:
    return {"run": found.run["id"], "policy": found.run["policy"]}


def _preferred(counted: Mapping[str, Any], first: str) -> dict[str, Any]:
    """Return the share of pairs that each run won, ties counting half; `first` labels the first."""
    judged, won = counted["judged"], counted["first"] - counted["second"]
    if not judged:
        return {}
    shares = {first: 0.5 + won / judged / 2, ADAPTER: 0.5 - won / judged / 2}
    return {
        label: {"all": {"items": judged, PREFERRED: round(share, 6)}}
        for label, share in shares.items()
    }


async def _ask(
    config: JudgeConfig,
    folder: Path,
    name: str,
    pairs: Sequence[Pair],
    answers: Sequence[PromptAndAnswer],
    show: Callable[[int, int], None],
) -> tuple[dict[str, JudgeVerdict], JudgeModel, Drift | None]:
    questions = [question for pair in pairs for question in pair_questions(*pair)]
    async with Judge(config) as judge:
        with VerdictFile(folder / f"{name}.jsonl") as file:
            verdicts = await ask_all(
                judge,
                questions,
                file=file,
                tries=config.tries,
                concurrency=config.concurrency,
                show=show,
            )
        return verdicts, judge.model, await watch(judge, config, folder, answers)


def _paired(
    one: reading.JudgedRun, other: reading.JudgedRun, limit: int
) -> tuple[list[Pair], dict[str, int]]:
    """Return the first tries at the same tasks, and the number of tries without a partner."""
    firsts, seconds = _by_item(one.answers), _by_item(other.answers)
    shared = sorted(firsts.keys() & seconds.keys())
    pairs = [(firsts[item], seconds[item]) for item in shared]
    same = [pair for pair in pairs if same_task(*pair)]
    if not same or one.skill != other.skill:
        what = "have no task in common that both answered"
        raise EvalError(f"{one.run['id']} and {other.run['id']}", what, "judge runs of one skill")
    left_out = {
        "only_first": len(firsts) - len(shared),
        "only_second": len(seconds) - len(shared),
        "other_task": len(pairs) - len(same),
    }
    return same[: limit or None], left_out


def _by_item(answers: Sequence[PromptAndAnswer]) -> dict[str, PromptAndAnswer]:
    found: dict[str, PromptAndAnswer] = {}
    for answer in answers:
        if answer.first and answer.item_id:
            found.setdefault(answer.item_id, answer)
    return found


def _counted(pairs: Sequence[Pair], verdicts: Mapping[str, JudgeVerdict]) -> dict[str, Any]:
    """Return wins, ties, inconsistent and unjudged pairs, and the agreement with the evaluator."""
    picks = [_pick(pair, verdicts) for pair in pairs]
    counts = Counter(pick.value for pick in picks if pick is not None)
    won = {pick: counts[pick.value] for pick in Preference}
    known = [
        (a.family, _found(a, b), _taken(pick))
        for (a, b), pick in zip(pairs, picks, strict=True)
        if pick is not None and a.passed is not None and b.passed is not None
    ]
    asked = sum(not same_answer(*pair) for pair in pairs)
    judged = len(pairs) - picks.count(None)
    return {
        "pairs": len(pairs),
        "judged": judged,
        "unjudged": picks.count(None),
        "reasons": reasons(verdicts.values()),
        "same_answer": len(pairs) - asked,
        **{pick.value: count for pick, count in won.items()},
        "inconsistent_share": round(won[Preference.INCONSISTENT] / judged, 6) if judged else None,
        "p": mcnemar(won[Preference.FIRST], won[Preference.SECOND]),
        "agreement": cohen_kappa(known).as_dict(),
    }


def _pick(pair: Pair, verdicts: Mapping[str, JudgeVerdict]) -> Preference | None:
    if same_answer(*pair):
        return Preference.TIE
    return settled(*(verdicts.get(question.key) for question in pair_questions(*pair)))


def _found(first: PromptAndAnswer, second: PromptAndAnswer) -> str:
    """Return which of a pair passed by the evaluator's verdict."""
    if first.passed == second.passed:
        return Preference.TIE.value
    return (Preference.FIRST if first.passed else Preference.SECOND).value


def _taken(pick: Preference) -> str:
    return (Preference.TIE if pick is Preference.INCONSISTENT else pick).value
