"""What the trials of a `command` skill come to, in the lines of `forge env check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from harness_forge.config.run import RunConfig
from harness_forge.core.errors import RunError
from harness_forge.core.hints import did_you_mean_any
from harness_forge.core.numbers import count
from harness_forge.core.numbers import seconds as spent
from harness_forge.rollouts.environments.command.trials import Trial
from harness_forge.rollouts.environments.sandbox.checks import Requirement

_NAMED = 5

Word = Callable[[Trial], str]


def sampled(items: Iterable[str], run: RunConfig) -> list[str]:
    """Return the items that a check tries: those that the run names, or all, spread evenly.

    Raises:
        RunError: there is no such item.
    """
    there, named = list(items), set(run.items)
    if unknown := named.difference(there):
        name = min(unknown)
        hint = did_you_mean_any(name, there, "the items are those of skills.NAME.command.items")
        raise RunError(f"run.items: {name}", "no such work item in this skill", hint)
    chosen = [name for name in there if name in named] if named else there
    few = min(run.limit or len(chosen), len(chosen))
    return [chosen[at * len(chosen) // few] for at in range(few)]


def report(
    trials: Mapping[str, Trial], gold: bool, there: int | None = None
) -> tuple[list[str], bool]:
    """Return the lines, and whether the judge can be believed of any item.

    Args:
        gold: whether answers that must pass are known.
        there: items of the skill, where not all were tried.
    """
    checks = [
        Requirement("same", True, "judged twice, every item got the same verdict"),
        _all(trials, "untouched", "fails untouched", lambda t: t.untouched, _fails),
        _all(trials, "empty", "fails with an empty answer", lambda t: t.empty, _fails),
        _all(trials, "wiped", "fails with everything deleted", lambda t: t.wiped, _fails),
    ]
    if gold:
        checks.append(_others(trials))
        checks.append(_all(trials, "gold", "passes with its gold answer", _of_gold, _passes))
        golds = [trial.gold for trial in trials.values()]
        if any(map(_fails, golds)) and not any(map(_passes, golds)):
            said = "does the judge pass the folder as it is? a test that fails there fails all"
            checks.append(Requirement("folder", False, said))
    else:
        said = "no answers are known to pass: whether the items can be solved is not shown"
        checks.append(Requirement("gold", True, said))
    times = sorted(trial.seconds for trial in trials.values())
    said = f"an attempt takes {spent(median(times))}, the slowest {spent(times[-1])}"
    checks.append(Requirement("seconds", True, said))
    fit = sum(not trial.reason for trial in trials.values())
    left = f"; {len(trials) - fit} are left out" if fit < len(trials) else ""
    checks.append(Requirement("items", fit > 0, f"{fit} of {len(trials)} can be attempted{left}"))
    if there and there > len(trials):
        said = (
            f"{count(len(trials))} of {count(there)} items were tried; `forge run` tries the rest"
        )
        checks.append(Requirement("sampled", True, said))
    whole = fit > 0 and all(check.ok for check in checks if check.name == "others")
    return [str(check) for check in checks], whole


def _others(trials: Mapping[str, Trial]) -> Requirement:
    """Return whether the judge tells answers apart: most of other items must not pass."""
    tried = [trial.other for trial in trials.values() if trial.other]
    passed = sum(map(_passes, tried))
    said = f"{passed} of {len(tried)} items pass with another item's answer"
    if passed * 2 > len(tried):
        return Requirement("others", False, f"{said}: the judge looks at too little of an answer")
    return Requirement("others", True, said)


def _of_gold(trial: Trial) -> str:
    return f"{trial.gold}, {trial.said}" if trial.said else trial.gold


def _fails(word: str) -> bool:
    return word.startswith("fail")


def _passes(word: str) -> bool:
    return word.startswith("pass")


def _all(
    trials: Mapping[str, Trial], name: str, said: str, word: Word, fits: Callable[[str], bool]
) -> Requirement:
    """Return the check that all trials hold, or one that names those that do not."""
    wrong = {item: word(trial) for item, trial in trials.items() if not fits(word(trial))}
    if not wrong:
        return Requirement(name, True, f"every item {said}")
    shown = [f"\n      {item}: {what}" for item, what in list(wrong.items())[:_NAMED]]
    more = f"\n      and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    what = f"not so for {len(wrong)} of {len(trials)} items, which are left out:"
    return Requirement(name, False, f"an item {said}: {what}{''.join(shown)}{more}")
