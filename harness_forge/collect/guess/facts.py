"""All that is not the conversation: item, outcome, model and what else a record says."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.collect.guess import verdicts
from harness_forge.collect.guess.fields import Field
from harness_forge.collect.guess.guessed import Guess
from harness_forge.collect.sources import settings
from harness_forge.collect.sources.templates import DIGEST, MappingTemplate

_ITEM = (
    *("item", "item_id", "task_id", "instance_id", "problem_id", "question_id", "prompt_id"),
    *("case_id", "example_id", "ticket_id", "issue_id", "sample_id", "scenario_id", "test_id"),
    *("task", "problem", "ticket", "issue", "instance", "scenario"),
    *("case", "job", "name", "id", "uuid", "uid", "key"),
)
_MODEL = ("model", "model_name", "model_id", "llm", "engine")
_RUN = ("run", "run_id", "experiment", "experiment_id", "batch_id")
_ATTEMPT = ("attempt", "attempt_num", "trial", "epoch", "try", "sample_index", "repeat")
_FAMILY = ("family", "category", "domain", "topic", "subject", "benchmark", "repo")
_SYSTEM = (
    *("system_prompt", "system", "system_message", "systemprompt", "systemmessage"),
    *("systeminstruction", "system_instruction", "system_instructions"),
)
_STEPS = (
    *("step", "step_id", "step_num", "step_number", "step_index", "step_idx", "timestep", "t"),
    *("turn", "turn_id", "turn_num", "turn_index", "turn_idx"),
)
_STARTED = ("started_at", "timestamp", "created_at", "start_time", "time", "date")


def put_facts(places: Sequence[Field], made: Guess) -> set[str]:
    """Guess all that is not the conversation; return the paths that are named."""
    mapping = made.settings["mapping"]
    words = [one for one in places if one.is_words()]
    taken = {text[1:-1] for text in mapping.values() if isinstance(text, str)}
    said = {key: text for key, text in made.given.items() if isinstance(text, str)}
    for key, text in said.items():
        taken.update(MappingTemplate(f"source.mapping.{key}", text).paths)
    if "prompt" in mapping and (steps := _steps(words)):
        made.open.append(steps)
    taken |= {made.settings.get("group", "")[1:-1], made.settings.get("explode", "")}

    def put(key: str, names: Sequence[str], among: Sequence[Field]) -> Field | None:
        free = [one for one in among if one.path not in taken]
        if key not in mapping and (one := named(free, names)):
            made.put(key, f"{{{one.path}}}", f"in {one.seen_in}, such as {_shown(one)}")
            taken.add(one.path)
            return one
        return None

    free = [one for one in places if one.path not in taken]
    unclear = "" if "outcome" in mapping else verdicts.contradiction(free)
    made.open += [unclear] if unclear else []
    if "outcome" not in mapping and not unclear and (judged := verdicts.chosen(free)):
        one, question = judged
        made.put("outcome", f"{{{one.path}}}", f"in {one.seen_in}, such as {_shown(one)}")
        taken.add(one.path)
        made.open += [question] if question else []
    _judge(places, made)
    names = [one for one in words if one.share == 1 and _are_names(one)]
    put("item", _ITEM, [one for one in names if _is_one_task(one, made.openings)])
    if "item" not in mapping:
        why = "no field names it: each record is its own item, known by what it holds"
        made.put("item", f"{{{DIGEST}}}", why)
        free = [one for one in words if one.path not in taken and one.share == 1]
        names = [f"'{{{one.path}}}'" for one in free if _may_name(one)][:3]
        perhaps = f"={' or '.join(names)}" if names else ""
        made.open.append(
            f"what was each record a try at? say source.mapping.item{perhaps}, or no two are"
            " compared"
        )
    put("model", _MODEL, [one for one in words if all(isinstance(v, str) for v in one.values)])
    put("run", _RUN, words)
    numbers = [one for one in places if all(type(v) is int and v >= 0 for v in one.values)]
    if (one := put("attempt", _ATTEMPT, numbers)) and min(one.values) == 0:
        made.put("attempt_base", 0, "the first is 0")
    if not put("family", _FAMILY, words):
        made.put("family", "other", "no field names one; intervals and splits use it: say it")
    if mapping.keys() & {"messages", "prompt"}:
        put("system", _SYSTEM, [one for one in places if all(map(_is_told, one.values))])
    put("tools", ("tools", "functions", "tool_definitions"), places)
    if made.calls and "tools" not in mapping:
        made.open.append(
            "which tools were offered? only calls of these are learned: source.mapping.tools,"
            " source.tools_file=FILE, or source.observed_tools=true for those that were called"
        )
    put("started_at", _STARTED, places)
    if "outcome" not in mapping and not unclear:
        maybe = verdicts.perhaps([one for one in places if one.path not in taken])[:2]
        asked = "".join(
            f"; '{one.path}' counts what passed, which is no verdict"
            + (f": source.mapping.outcome='{share}'" if share else "")
            for one in places
            if verdicts.is_count(one, places)
            for share in [verdicts.as_share(one, places)]
        )
        asked += "".join(f"; is it source.mapping.outcome='{{{one}}}'?" for one in maybe)
        made.open.append(f"no outcome was found: the rows will have no verdict{asked}")
    return taken


def _judge(places: Sequence[Field], made: Guess) -> None:
    """Say what an outcome's numbers or words are worth."""
    text = made.settings["mapping"].get("outcome")
    if text is None:
        return
    one = next((place for place in places if f"{{{place.path}}}" == text), None)
    if one is None:  # several fields, or none that was looked at
        return
    low, high = verdicts.ends(one.values)
    if (most := verdicts.most_of(one, places)) is not None and most >= high:
        high = most
        made.put("reward_max", float(high), "as a field beside it says")
    elif high > 1:
        made.put("reward_max", float(high), "the most that was seen: is it the most?")
    if low < 0:
        made.put("reward_min", float(low), "the least that was seen: is it the least?")
    if "passes_from" not in made.given and any(
        0 < share < 1 for v in one.values if (share := verdicts.worth(v, low, high)) is not None
    ):
        made.open.append(
            "from which share of the reward does a try pass? source.mapping.passes_from=1"
        )
    words = [v for v in dict.fromkeys(one.values) if isinstance(v, str)]
    unknown = [word for word in words if not verdicts.is_known(word)]
    table = {w: worth for w in unknown if (worth := verdicts.guessed(w)) is not None}
    if table:
        made.put("outcomes", table, "words for outcomes that forge does not know: is this right?")
    made.open += [
        f"what is the outcome '{word}' worth? {settings.worth(word)}"
        for word in unknown
        if word not in table and word not in made.given.get("outcomes", {})
    ]


def _steps(words: Sequence[Field]) -> str:
    """Return what to ask where each line may be a step of one try; '' for nothing."""
    counted = [
        one for one in words if one.key in _STEPS and all(isinstance(n, int) for n in one.values)
    ]
    shared = [
        one
        for one in words
        if one.share == 1 and one not in counted and 1 < len(set(one.values)) <= len(one.values) / 2
    ]
    for count, one in itertools.product(counted, shared):
        places = set(zip(one.values, count.values, strict=False))
        if count.share == 1 and len(places) == len(one.values):
            return (
                f"lines of one '{one.path}' are numbered by '{count.path}': is each a try, with"
                " a verdict of its own? steps of one try are put together before"
                ' (docs/sources.md, "Steps in lines")'
            )
    return ""


def _is_told(value: Any) -> bool:
    """Return whether a value may be a system prompt: sentences, parts, or an object with them."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("parts", "content", "text") if key in value), None)
    # A word or two may name a machine.
    return len(value.split()) > 2 if isinstance(value, str) else isinstance(value, list)


def _are_names(one: Field) -> bool:
    alike = len(one.values) > 1 and len(set(map(str, one.values))) == 1
    return not alike and all(len(str(value)) <= 400 for value in one.values)


def _is_one_task(one: Field, openings: Mapping[int, str]) -> bool:
    """Return whether a word may name what was asked: tries at one thing begin alike.

    An id is believed: where a user is simulated, tries at one task begin otherwise.
    """
    if "id" in one.key.split("_") or one.key in ("uuid", "uid"):
        return True
    found: dict[str, str] = {}
    for at, word in zip(one.at, map(str, one.values), strict=True):
        if at in openings and found.setdefault(word, openings[at]) != openings[at]:
            return False
    return True


def _may_name(one: Field) -> bool:
    """Return whether values look like ids although their field is called otherwise."""
    words = list(map(str, one.values))
    return len(set(words)) > len(words) / 4 and all(
        len(word) <= 80 and len(word.split()) == 1 for word in words
    )


def named(places: Sequence[Field], names: Sequence[str]) -> Field | None:
    """Return the field with the first of the names; nearest to the top, in most records."""
    for name in names:
        found = [one for one in places if one.key == name]
        if found:
            return min(found, key=lambda one: (-one.share, one.depth))
    return None


def unnamed(places: Sequence[Field], used: set[str]) -> list[Field]:
    """Return the fields that nothing names, not those within or around one that is."""
    free = [
        one
        for one in places
        if not any(is_within(one.path, path) or is_within(path, one.path) for path in used if path)
    ]
    return [
        one
        for one in free
        if not any(one is not other and is_within(one.path, other.path) for other in free)
    ]


def overlap(one: str, other: str) -> bool:
    """Return whether one place is the other, or in it."""
    return is_within(one, other) or is_within(other, one)


def is_within(path: str, outer: str) -> bool:
    """Return whether a place is another one, or in it."""
    return path == outer or path.startswith(f"{outer}.")


def _shown(one: Field) -> str:
    text = str(one.values[0])
    return text if len(text) <= 40 else f"{text[:39]}…"
