"""`forge champion`: the champions, their decisions, and the differences of two."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.champion_check import check
from harness_forge.cli.columns import columns
from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import percent, points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness_forge.promotion.history import SlotHistory
    from harness_forge.registry.champion import ChampionTerm

SUMMARY = "show which adapters are champions and every decision, the ledger verified"
USAGE = (
    "[ls | show [NAME [ENTRY]] | diff [NAME] [ENTRY ENTRY] | check [NAME] [--dry-run] | NAME]"
    " [key=value …]"
)
EXAMPLES = (
    "forge champion",
    "forge champion stig-worker",
    "forge champion ls",
    "forge champion show stig.worker",
    "forge champion show stig-worker 1.0.0",
    "forge champion diff",
    "forge champion diff stig.worker 1.0.0 1.1.0",
    "forge champion check",
    "forge champion check stig.worker --dry-run proxy=ab",
)
KEYS = ("promote", "budget", "proxy", "skill", "store", "forge_home")
JSON = (
    "an array of slots with their champion; show: an object; diff: first, second, scores; check:"
    " an array with tests, regressed, taken_down, champion_after"
)

LS, SHOW, DIFF, CHECK = "ls", "show", "diff", "check"
"""The actions: one line for each slot, one champion in full, two side by side, judge them again."""
DRY_RUN = "--dry-run"

NOTHING = "no adapter was decided on yet: forge promote"
_MOST = {LS: 0, SHOW: 2, DIFF: 3, CHECK: 1}


def main(argv: list[str]) -> int:
    """Verify the ledger, repair pointers, and show what was asked for."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort, unknown_flag
    from harness_forge.promotion.history import slot_histories

    words, flags, overrides = sort(argv, (DRY_RUN,))
    verb = words.pop(0) if words and words[0] in _MOST else ""
    if len(words) > _MOST.get(verb, 1):
        raise ConfigError("command line", "one name at a time", f"forge champion {USAGE}")
    if flags and verb != CHECK:
        raise unknown_flag(DRY_RUN, ())
    config = composed(overrides)
    if verb == CHECK:
        return check(config, words, dry=bool(flags))
    found = slot_histories(config, lambda text: print(f"champion: {text}", file=sys.stderr))
    if verb == LS:
        report([_slot_facts(one) for one in found], "\n".join(listed(found)) or NOTHING)
    elif verb:
        one, words = _slot(found, words)
        if verb == SHOW:
            term = _entry(one, words[0]) if words else _top(one)
            report(_term_facts(one, term), "\n".join(shown(one, words)))
        else:
            pair = _pair(one, words)
            first, second = (_term_facts(one, term) for term in pair)
            scores = _scores(*pair)
            facts = {"slot": one.slot, "first": first, "second": second, "scores": scores}
            report(facts, "\n".join(different(one, words)))
    else:
        named = _named(found, words)
        text = "\n\n".join(render(one) for one in named)
        facts = [{**_slot_facts(one), "decisions": one.lines} for one in named]
        report(facts, text or NOTHING)
    for line in _tainted(found, Path(config.forge_home)):
        print(f"champion: {line}", file=sys.stderr)
    return 0


def _tainted(found: Sequence[SlotHistory], home: Path) -> Iterator[str]:
    """Yield a line for each champion whose training rows were forgotten."""
    from harness_forge.registry.adapters import taint

    for one in found:
        if one.stack and (told := taint.says(home, one.stack[-1].candidate.digest)):
            yield f"{one.slot} is tainted: {told}; `forge rollback` takes it down"


def _slot_facts(one: SlotHistory) -> dict[str, Any]:
    champion = _term_facts(one, one.stack[-1]) if one.stack else None
    return {"slot": one.slot, "name": one.name, "champion": champion, "before": len(one.stack[:-1])}


def _term_facts(one: SlotHistory, term: ChampionTerm) -> dict[str, Any]:
    return {
        "slot": one.slot,
        "adapter": term.candidate.label,
        "digest": term.candidate.digest,
        "version": term.version,
        "target": term.facts.get("target"),
        "since": term.since,
        "entry": term.line,
        "facts": term.facts,
    }


def render(one: SlotHistory) -> str:
    """Return the champion and one line for each decision, oldest first."""
    top = one.stack[-1] if one.stack else None
    head = f"{one.name}: no champion yet"
    if top:
        head = f"{one.name}: {top.candidate.label} since {top.since}"
    return "\n".join([head, *map(_row, one.lines)])


def listed(found: Sequence[SlotHistory]) -> list[str]:
    """Return a line for each champion: slot, target, version, adapter, since when."""
    if not found:
        return []
    rows = [("slot", "target", "version", "adapter", "since", "before it")]
    for one in found:
        if not one.stack:
            rows.append((one.slot, "", "", "no champion yet", "", ""))
            continue
        top = one.stack[-1]
        target = str(top.facts.get("target", ""))
        before = f"{len(one.stack) - 1}"
        rows.append(
            (one.slot, target, top.version or "unversioned", top.candidate.label, top.since, before)
        )
    return columns(rows)


def shown(one: SlotHistory, words: Sequence[str]) -> list[str]:
    """Return the current or an earlier champion in full."""
    from harness_forge.cli.promote import conditions

    term = _entry(one, words[0]) if words else _top(one)
    facts = term.facts
    is_current = one.stack and term.candidate == one.stack[-1].candidate
    state = "champion" if is_current else "earlier champion"
    lines = [f"{term.version or term.candidate.label}  {state}", *_about(one, term), ""]
    lines += [f"  {row}" for row in conditions(facts.get("conditions", {}))]
    return [*lines, "", f"  {facts.get('why', '')}"]


def _about(one: SlotHistory, term: ChampionTerm) -> Iterator[str]:
    facts, version = term.facts, term.facts.get("version") or {}
    made = version.get("made") or {}
    pairs = {
        "slot": one.slot,
        "target": facts.get("target"),
        "adapter": term.candidate.label,
        "digest": term.candidate.digest,
        "version": version and f"{version['number']}, {version['bump']}: {version['why']}",
        "base": (made.get("base") or {}).get("name"),
        "format": made.get("form"),
        "promoted": f"{term.since}, by rule {facts.get('rule', 'unknown')}",
        "entry": term.line,
        **{f"hash of {name}": value for name, value in (facts.get("inputs") or {}).items()},
    }
    width = max(map(len, pairs))
    yield from (f"  {name:<{width}}  {value}" for name, value in pairs.items() if value)


def different(one: SlotHistory, words: Sequence[str]) -> list[str]:
    """Return two champions of a slot side by side: by default the previous and the current one."""
    first, second = _pair(one, words)
    rows = [("", first.version or first.candidate.label, second.version or second.candidate.label)]
    rows += [row for row in _compared(first, second) if row[1] != row[2]]
    result = [
        (name, percent(score["first"]), percent(score["second"]), points(score["difference"]))
        for name, score in _scores(first, second).items()
    ]
    lines = [*columns(rows), ""]
    head = ("scored", *rows[0][1:], "difference")
    return lines + (columns([head, *result]) if result else ["no score is known of both"])


def _pair(one: SlotHistory, words: Sequence[str]) -> tuple[ChampionTerm, ChampionTerm]:
    if len(words) == 2:
        return _entry(one, words[0]), _entry(one, words[1])
    if words:
        return _entry(one, words[0]), _top(one)
    if len(one.stack) > 1:
        return one.stack[-2], one.stack[-1]
    hint = f"forge champion diff {one.slot} ENTRY ENTRY"
    raise ConfigError(f"champion {one.slot}", "there is no second one to compare with", hint)


def _compared(first: ChampionTerm, second: ChampionTerm) -> Iterator[tuple[str, str, str]]:
    def both(name: str, read: Any) -> tuple[str, str, str]:
        return name, str(read(first)), str(read(second))

    yield both("adapter", lambda one: one.candidate.label)
    yield both("promoted", lambda one: one.since)
    yield both("rule", lambda one: one.facts.get("rule", ""))
    yield both("base", lambda one: _made(one).get("base", {}).get("name", ""))
    yield both("format", lambda one: _made(one).get("form", ""))
    conditions = [one.facts.get("conditions") or {} for one in (first, second)]
    for name in dict.fromkeys([*conditions[0], *conditions[1]]):
        yield (name, *(each.get(name, {}).get("measured", "") for each in conditions))


def _scores(first: ChampionTerm, second: ChampionTerm) -> dict[str, dict[str, float]]:
    old, new = (_made(one).get("scores") or {} for one in (first, second))
    return {
        name: {"first": old[name], "second": new[name], "difference": new[name] - old[name]}
        for name in new
        if name in old
    }


def _made(one: ChampionTerm) -> dict[str, Any]:
    return (one.facts.get("version") or {}).get("made") or {}


def _named(found: Sequence[SlotHistory], words: Sequence[str]) -> list[SlotHistory]:
    from harness_forge.cli.words import one_of

    if not words:
        return list(found)
    names = sorted(set().union(*(one.called for one in found)))
    one_of(words[0], [*_MOST, *names], "action or champion")
    return [one for one in found if words[0] in one.called]


def _slot(found: Sequence[SlotHistory], words: list[str]) -> tuple[SlotHistory, list[str]]:
    """Return the slot, which the first word may name, and the remaining words."""
    from harness_forge.promotion.history import find_slot

    if words and any(words[0] in one.called for one in found):
        return find_slot(found, words[0]), words[1:]
    if len(found) == 1 and (not words or len(words) != _MOST[DIFF]):
        return found[0], words
    if not found:
        raise ConfigError("champion", "no adapter was decided on yet", "forge promote")
    return find_slot(found, words[0] if words else ""), words[1:]


def _entry(one: SlotHistory, word: str) -> ChampionTerm:
    from harness_forge.promotion.history import find_champion

    return find_champion(one, word)


def _top(one: SlotHistory) -> ChampionTerm:
    if not one.stack:
        raise ConfigError(f"champion {one.slot}", "there is none", "forge promote")
    return one.stack[-1]


def _row(line: dict[str, Any]) -> str:
    version = (line.get("version") or {}).get("number")
    result = f"{version}: " if version else ""
    return (
        f"  {line['time']}  {line['candidate']['digest'][:12]}  {line['decision']:<17}  "
        f"{result}{line['why']}"
    )
