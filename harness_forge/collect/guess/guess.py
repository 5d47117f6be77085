"""The settings of a source, guessed from the first records of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from harness_forge.collect.guess import roles
from harness_forge.collect.guess.fields import Field, fields
from harness_forge.collect.sources import outcomes, settings, signatures
from harness_forge.collect.sources.formats import known
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.mapping import DIGEST, Misfit, reached
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.unpacking import beginning
from harness_forge.config.source import Layout, SourceConfig
from harness_forge.core.errors import SourceError

SAMPLE = 200
"""Records that are looked at."""
_ENOUGH = 0.5

_ITEM = (
    *("item", "item_id", "task_id", "instance_id", "problem_id", "question_id", "prompt_id"),
    *("case_id", "example_id", "task", "problem", "name", "id", "uuid", "uid"),
)
_OUTCOME = (
    *("outcome", "reward", "score", "passed", "success", "successful", "resolved", "solved"),
    *("is_correct", "correct", "is_resolved", "is_solved", "is_success", "verdict", "grade"),
)
_TRUTH = ("result", "label", "target", "rating", "ok")
"""Names of outcomes where they are truth values; of gold answers otherwise."""
_MODEL = ("model", "model_name", "model_id", "llm", "engine")
_RUN = ("run", "run_id", "experiment", "experiment_id", "batch_id")
_ATTEMPT = ("attempt", "attempt_num", "trial", "epoch", "try", "sample_index", "repeat")
_FAMILY = ("family", "category", "domain", "topic", "subject", "benchmark", "repo")
_STARTED = ("started_at", "timestamp", "created_at", "start_time", "time", "date")
_PROMPT = ("prompt", "question", "instruction", "query", "input", "problem", "request")
_ANSWER = ("answer", "response", "completion", "output", "solution", "prediction", "generation")
_SESSION = ("session", "conversation", "thread", "dialog", "dialogue", "chat", "trace", "episode")


@dataclass
class Guess:
    """How a file may be read.

    Args:
        records: how many were looked at.
        source: a source that comes with forge and reads it; '' for none.
        settings: of `source`, as a source's file has them.
        why: what each setting was chosen for, by its key.
        open: what only the user can say.
        left_over: places that nothing names.
    """

    records: int
    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    left_over: list[Field] = field(default_factory=list)

    def put(self, key: str, value: Any, why: str) -> None:
        """Set one key of the mapping."""
        self.settings.setdefault("mapping", {})[key] = value
        self.why[key] = why


def guess(path: Path) -> Guess:
    """Return how a file may be read.

    Raises:
        SourceError: it holds no record, or nothing that looks like a conversation.
    """
    signatures.demand_records(path, beginning(path, signatures.LONGEST))
    found = list(islice(values(path, Layout.auto, SourceConfig.max_line_mb), SAMPLE))
    records = [one.value for one in found if not isinstance(one, LeftOut)]
    records = [one for one in records if isinstance(one, Mapping)]
    if not records:
        said = next((one.detail or one.reason for one in found if isinstance(one, LeftOut)), "")
        raise SourceError(str(path), "holds no JSON object" + (f": {said}" if said else ""))
    if form := _format_of(records):
        return Guess(len(records), source=form.name)
    if sum(map(known.is_traffic, records)) >= _ENOUGH * len(records):
        return Guess(len(records), source="openai_traffic")
    made = Guess(len(records), settings={"kind": "trajectories", "skill": "recorded"})
    places = _conversation(records, made, path)
    used = _facts(records, places, made)
    made.left_over = _unnamed(places, used)
    return made


def _format_of(records: Sequence[Mapping[str, Any]]):
    formats = Counter(form.name for one in records if (form := known.recognised(one)))
    if not formats:
        return None
    [(name, count)] = formats.most_common(1)
    return known.named(name) if count >= _ENOUGH * len(records) else None


def _conversation(records, made: Guess, path: Path) -> list[Field]:
    """Find the messages; return the fields of a record in which they lie.

    Raises:
        SourceError: there are none.
    """
    places = fields(records)
    if _messages(places, made):
        return places
    if inner := _exploded(records, places, made):
        return inner
    if keys := roles.keys_of(records):
        return _grouped(records, places, keys, made)
    if _prompt_and_answer(places, made):
        return places
    seen = ", ".join(one.path for one in places if not one.depth)[:160]
    raise SourceError(
        str(path),
        f"has nothing that looks like a conversation: {seen}",
        "say which field is what: docs/sources.md, 'Mapping'",
    )


def _messages(places: Sequence[Field], made: Guess) -> bool:
    """Say where the messages are, if a field holds some; of several the one with most."""
    found = []
    for place in places:
        lists = [one for value in place.values if (one := roles.listed(value))]
        everything = [one for several in lists for one in several]
        keys = roles.keys_of(everything) if everything else None
        if keys and len(lists) >= _ENOUGH * len(place.values):
            found.append((place, keys, everything))
    if not found:
        return False
    place, keys, everything = max(found, key=lambda one: (one[0].share, len(one[2])))
    made.put("messages", f"{{{place.path}}}", f"in {place.seen_in}")
    _name_words(keys, everything, made)
    if not any(roles.answers(one, keys) for one in everything):
        made.open.append(
            f"nobody answers in {place.path}: is the answer in another field? then the records are"
            " requests and responses: docs/sources.md, source=openai_traffic"
        )
    return True


def _name_words(keys: roles.MessageKeys, messages, made: Guess) -> None:
    if table := keys.table():
        made.put("message_keys", table, "what messages call role and content")
    words = [str(one[keys.role]) for one in messages if keys.role in one]
    table, unknown = roles.role_table(words)
    if table:
        made.put("roles", table, "words for roles that forge does not know: is this right?")
    made.open += [f"the role '{word}' is not known: {settings.role(word)}" for word in unknown]


def _exploded(records, places: Sequence[Field], made: Guess) -> list[Field] | None:
    """Say which list holds the records, if the elements of one have messages."""
    for place in places:
        held = [(outer, roles.listed(reached(place.path, outer))) for outer in records]
        inner = [{**outer, **one} for outer, several in held for one in several][:SAMPLE]
        if not inner:
            continue
        below = fields(inner)
        trial = Guess(len(inner), settings=made.settings | {"explode": place.path})
        if _messages([one for one in below if not one.path.startswith(place.path)], trial):
            made.settings, made.why, made.open = trial.settings, trial.why, trial.open
            made.why["explode"] = f"each object of {place.path} has messages of its own"
            return [one for one in below if not _within(one.path, place.path)]
    return None


def _grouped(records, places, keys: roles.MessageKeys, made: Guess) -> list[Field]:
    """Say what lines have in common, where each is a message."""
    likely = [
        one
        for one in places
        if one.is_words() and one.share == 1 and any(word in one.key for word in _SESSION)
    ]
    repeats = [one for one in likely if len(set(map(str, one.values))) < len(records)]
    group = f"{{{repeats[0].path}}}" if repeats else "{@stem}"
    made.settings["group"] = group
    why = f"each line is a message; {'they have this in common' if repeats else 'of one file'}"
    made.why["group"] = why
    made.put("item", "{@group}", "the conversation itself: say what it was at, if a line does")
    made.put("messages", "{lines}", why)
    _name_words(keys, records, made)
    return [one for one in places if one.key not in (keys.role, keys.text)]


def _prompt_and_answer(places: Sequence[Field], made: Guess) -> bool:
    texts = [one for one in places if all(isinstance(text, str) for text in one.values)]
    asked, said = _named(texts, _PROMPT), _named(texts, _ANSWER)
    if not asked or not said:
        return False
    made.put("prompt", f"{{{asked.path}}}", "no messages: the prompt is rebuilt of this text")
    made.put("answer", f"{{{said.path}}}", f"in {said.seen_in}")
    return True


def _facts(records, places: Sequence[Field], made: Guess) -> set[str]:
    """Guess all that is not the conversation; return the paths that are named."""
    mapping = made.settings["mapping"]
    words = [one for one in places if one.is_words()]
    taken = {text[1:-1] for text in mapping.values() if isinstance(text, str)}
    taken |= {made.settings.get("group", "")[1:-1], made.settings.get("explode", "")}

    def put(key: str, names: Sequence[str], among: Sequence[Field]) -> Field | None:
        free = [one for one in among if one.path not in taken]
        if key not in mapping and (one := _named(free, names)):
            made.put(key, f"{{{one.path}}}", f"in {one.seen_in}, such as {_shown(one)}")
            taken.add(one.path)
            return one
        return None

    put("outcome", _OUTCOME, [one for one in places if _are_outcomes(one)])
    put("outcome", _TRUTH, [one for one in places if all(isinstance(v, bool) for v in one.values)])
    _judge(places, made)
    put("item", _ITEM, [one for one in words if one.share == 1 and _are_names(one)])
    if "item" not in mapping:
        why = "no field names it: each record is its own item, known by what it holds"
        made.put("item", f"{{{DIGEST}}}", why)
        made.open.append(
            "what was each record a try at? say source.mapping.item, or no two are compared"
        )
    put("model", _MODEL, [one for one in words if all(isinstance(v, str) for v in one.values)])
    put("run", _RUN, words)
    numbers = [one for one in places if all(type(v) is int and v >= 0 for v in one.values)]
    if (one := put("attempt", _ATTEMPT, numbers)) and min(one.values) == 0:
        made.put("attempt_base", 0, "the first is 0")
    if not put("family", _FAMILY, words):
        made.put("family", "other", "no field names one; intervals and splits use it: say it")
    put("tools", ("tools", "functions", "tool_definitions"), places)
    put("started_at", _STARTED, places)
    if "outcome" not in mapping:
        made.open.append("no outcome was found: the rows will have no verdict")
    return taken


def _judge(places: Sequence[Field], made: Guess) -> None:
    """Say what an outcome's numbers or words are worth."""
    text = made.settings["mapping"].get("outcome")
    if text is None:
        return
    [one] = [place for place in places if place.path == text[1:-1]]
    numbers = [v for v in one.values if isinstance(v, int | float) and not isinstance(v, bool)]
    if numbers and max(numbers) > 1:
        made.put("reward_max", float(max(numbers)), "the most that was seen: is it the most?")
    if numbers and min(numbers) < 0:
        made.put("reward_min", float(min(numbers)), "the least that was seen: is it the least?")
    if any(0 < v < max(1, *numbers) for v in numbers):
        made.open.append(
            "from which share of the reward does a try pass? source.mapping.passes_from=1"
        )
    words = [v for v in dict.fromkeys(one.values) if isinstance(v, str) and not _is_known(v)]
    made.open += [f"what is the outcome '{word}' worth? {settings.worth(word)}" for word in words]


def _are_outcomes(one: Field) -> bool:
    kinds = (bool, int, float, str)
    if not all(isinstance(value, kinds) for value in one.values):
        return False
    texts = [value for value in one.values if isinstance(value, str)]
    few = len(set(texts)) <= 4 and all(len(text) <= 20 for text in texts)
    return one.share >= _ENOUGH and few


def _is_known(word: str) -> bool:
    try:
        outcomes.reward(word, 0, 1, 1)
    except Misfit:
        return False
    return True


def _are_names(one: Field) -> bool:
    alike = len(one.values) > 1 and len(set(map(str, one.values))) == 1
    return not alike and all(len(str(value)) <= 400 for value in one.values)


def _named(places: Sequence[Field], names: Sequence[str]) -> Field | None:
    """Return the field with the first of the names; nearest to the top, in most records."""
    for name in names:
        found = [one for one in places if one.key == name]
        if found:
            return min(found, key=lambda one: (-one.share, one.depth))
    return None


def _unnamed(places: Sequence[Field], used: set[str]) -> list[Field]:
    """Return the fields that nothing names, not those within or around one that is."""
    free = [
        one
        for one in places
        if not any(_within(one.path, path) or _within(path, one.path) for path in used if path)
    ]
    return [
        one
        for one in free
        if not any(one is not other and _within(one.path, other.path) for other in free)
    ]


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _shown(one: Field) -> str:
    text = str(one.values[0])
    return text if len(text) <= 40 else f"{text[:39]}…"
