"""`forge champion check`: the champions judged again on what came since their promotion."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness_forge.cli.health import ALERTS
from harness_forge.core.errors import ForgeError, ServeError
from harness_forge.core.numbers import counted, number, points

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.promotion.recheck import Recheck

NONE = "no champion of this recipe's skills: forge promote"
_NOTHING = (
    "nothing to read yet: make new items and `forge replay` the champion on them, "
    "or divide traffic with `forge proxy proxy=ab`"
)


def check(config: ForgeConfig, words: Sequence[str], *, dry: bool) -> int:
    """Print what each test says; take down what is worse, and let a running server follow."""
    from harness_forge.cli.results import report
    from harness_forge.promotion.mlflow_mirror import mirror
    from harness_forge.promotion.recheck import recheck

    def say(text: str) -> None:
        print(f"champion: {text}", file=sys.stderr)

    done = recheck(config, words[0] if words else None, say, dry=dry)
    followed = {one.slot: list(_follow(config, one)) for one in done if one.taken_down}
    if followed:
        mirror(config, say)
    lines = [line for one in done for line in [*_told(one), *followed.get(one.slot, ())]]
    report([_facts(one) for one in done], "\n".join(lines) or NONE)
    return ALERTS if any(one.regressed for one in done) else 0


def _facts(one: Recheck) -> dict[str, Any]:
    return {
        "slot": one.slot,
        "champion": one.champion.label,
        "since": one.since,
        "alpha": one.alpha,
        "tests": [asdict(test) for test in one.tests],
        "notes": list(one.notes),
        "regressed": one.regressed and one.regressed.against,
        "taken_down": one.taken_down,
        "champion_after": one.restored.label if one.restored else None,
    }


def _told(one: Recheck) -> Iterator[str]:
    yield f"{one.slot}: {one.champion.label}, champion since {one.since}"
    for test in one.tests:
        seen = counted(test.seen, "item")
        ahead = points(test.difference) if test.difference is not None else "no"
        yield (
            f"  {test.against}: {seen}, {ahead} points, "
            f"e-value {number(test.e_value)} of {number(1 / one.alpha)} for being worse"
        )
    yield from (f"  {note}" for note in one.notes)
    if not one.tests and not one.notes:
        yield f"  {_NOTHING}"
    elif one.regressed is None:
        yield "  not shown to be worse"
    else:
        yield f"  it is worse ({one.regressed.against}); {_became(one)}"


def _became(one: Recheck) -> str:
    if not one.taken_down:
        return "left as it is: forge rollback"
    if one.restored is None:
        return "taken down: it was the first, so the base model answers alone"
    return f"taken down: {one.restored.label} is champion again"


def _follow(config: ForgeConfig, one: Recheck) -> Iterator[str]:
    """Let a running server follow, and yield what became of it."""
    from harness_forge.cli.servers import swapped
    from harness_forge.serving import swapping

    try:
        swapping.server(config)
    except ServeError:
        return
    try:
        if one.restored is None:
            for alias in swapping.to_base(config, one.slot):
                yield f"  serve: {alias} is the base model"
        else:
            for done in swapping.followed(config)[0]:
                yield from (f"  {line}" for line in swapped(done))
    except ForgeError as error:
        yield f"  the server did not follow ({error.said}): forge serve swap"
