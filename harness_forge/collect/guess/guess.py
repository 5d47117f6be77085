"""The settings of a source, guessed from the first records of a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness_forge.collect.guess import facts, messages, roles, verdicts
from harness_forge.collect.guess.fields import Field, fields, step
from harness_forge.collect.guess.guessed import AS_GIVEN, Guess
from harness_forge.collect.guess.skeleton import ANSWERS, PROMPTS, grouping, skeleton
from harness_forge.collect.sources import settings, signatures
from harness_forge.collect.sources.formats import known
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.mapping import renamed
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import MappingTemplate, reached
from harness_forge.collect.sources.unpacking import beginning
from harness_forge.collect.sources.wrapped import lists_in
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat.roles import role_of
from harness_forge.core.chat.unread import UnreadFields
from harness_forge.core.errors import SourceError
from harness_forge.core.numbers import counted

SAMPLE = 200
"""Records that are looked at."""
_ENOUGH = 0.5
_WHOLE = 3
"""Objects of a file up to which they may lie around its records, as pages of an API do."""

_BESIDE = ("few_shot", "fewshot", "example", "demo", "reference", "gold", "expected", "ideal")
_SHOWN = 80
"""Characters of an example."""
_AGENTS = 12
"""Names up to which answers are taken for those of several agents."""
_OF_MESSAGES = ("tool_calls", "function_call", "tool_call_id")


_AS_IT_LIES = SourceConfig("guessed")
_GIVEN = ("records", "explode", "group")
"""Settings that say what a record is."""


def guess(
    path: Path, given: SourceConfig = _AS_IT_LIES, mapped: Mapping[str, Any] = MappingProxyType({})
) -> Guess:
    """Return how a file may be read.

    Args:
        given: what a record is, where the user says it: `records`, `explode` and `group`.
        mapped: keys of the mapping that the user says, with their values.

    Raises:
        SourceError: it holds no record.
    """
    signatures.demand_records(path, beginning(path, signatures.LONGEST))
    limit = given.max_line_mb
    found = list(islice(values(path, given.layout, limit, given.records), SAMPLE))
    records = [one.value for one in found if not isinstance(one, LeftOut)]
    records = [one for one in records if isinstance(one, Mapping)]
    if not records:
        said = next((one.detail or one.reason for one in found if isinstance(one, LeftOut)), "")
        raise SourceError(str(path), "holds no JSON object" + (f": {said}" if said else ""))
    said = {key: getattr(given, key) for key in _GIVEN if getattr(given, key)}
    as_they_are = not said.keys() - {"records"}
    if form := _format_of(records) if as_they_are else None:
        return Guess(len(records), source=form.name)
    if as_they_are and sum(map(known.is_traffic, records)) >= _ENOUGH * len(records):
        return Guess(len(records), source="openai_traffic")
    made = Guess(len(records), given=mapped)
    made.settings |= {"kind": "trajectories", "skill": "recorded", **said}
    made.why |= dict.fromkeys(said, AS_GIVEN)
    if given.explode:
        records = _taken_apart(path, records, given.explode)
    places = _conversation(records, made)
    made.put_given()
    if made.skeleton and not said and (held := _lists_of(records)):
        made.open.append(held)
    used = facts.put_facts(places, made)
    made.left_over += facts.unnamed(places, used)
    return made


def _taken_apart(path: Path, records, explode: str) -> list[Mapping[str, Any]]:
    inner = [
        {**outer, **one} for outer in records for one in messages.listed(reached(explode, outer))
    ]
    if not inner:
        raise SourceError(str(path), f"no list of objects at {explode}", "source.explode names it")
    apart = explode.partition(".")[0]
    return [{key: value for key, value in one.items() if key != apart} for one in inner[:SAMPLE]]


def _lists_of(records: Sequence[Mapping[str, Any]]) -> str:
    """Return what to ask where the first record may be an object around the records."""
    held = [(where, len(reached(where, records[0]))) for where in lists_in(records[0])]
    if not held or len(records) > _WHOLE:
        return ""
    lists = ", or ".join(f"source.records={where} ({counted(n, 'object')})" for where, n in held)
    return f"are the records in a list of the file's object? then again with {lists}"


def _format_of(records: Sequence[Mapping[str, Any]]):
    formats = Counter(form.name for one in records if (form := known.recognised(one)))
    if not formats:
        return None
    [(name, count)] = formats.most_common(1)
    return known.named(name) if count >= _ENOUGH * len(records) else None


def _conversation(records, made: Guess) -> list[Field]:
    """Find the messages; return the fields of a record in which they lie."""
    places = fields(records)
    given = made.settings.get("group", "")
    lines = _lines(records)
    if given and (keys := messages.keys_of(lines)):
        return _grouped(records, places, keys, made, given)
    if not given and _messages(places, made):
        return places
    if not made.settings.keys() & {"group", "explode"} and (
        inner := _exploded(records, places, made)
    ):
        return inner
    if not given and (keys := messages.keys_of(lines)):
        return _grouped(records, places, keys, made)
    if not _prompt_and_answer(places, made):
        made.skeleton = skeleton(records, places)
        made.settings["mapping"] = {}
        if group := given or (made.skeleton.group and f"{{{made.skeleton.group}}}"):
            made.put("item", "{@group}", "the conversation itself: say what it was at")
            places = _of_groups(records, group, ())
        made.open.append(f"{made.skeleton.said} (complete the lines in the file)")
        if acting := messages.acting(places):
            made.open.append(
                f'{acting} holds steps, not messages: docs/sources.md, "Steps in a list", has a'
                " script that makes messages of them"
            )
        if turns := signatures.numbered_turns([one.path for one in places]):
            made.open.append(signatures.in_columns(turns))
    return places


def _lines(records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the records without those that may frame a group's messages."""
    kept = [one for one in records if messages.may_speak(one)]
    if len(kept) >= _ENOUGH * len(records):
        return kept
    said = [one for one in records if "role" in one and messages.may_speak(one, without_role=True)]
    return said if len(said) > 1 else records


def _messages(places: Sequence[Field], made: Guess) -> bool:
    """Say where the messages are, if a field holds some; of several the one with most."""
    found = []
    said = made.given.get("messages")
    for place in [one for one in places if said in (None, f"{{{one.path}}}")]:
        lists = [one for value in place.values if (one := messages.listed(value))]
        everything = [one for several in lists for one in several]
        keys = messages.keys_of(everything) if everything else None
        if not keys or len(lists) < _ENOUGH * len(place.values):
            continue
        if said or not all(map(messages.is_answer, everything)):
            found.append((place, keys, lists, len(everything)))
    if not found:
        return False
    place, keys, lists, _ = max(
        found, key=lambda one: (not _is_beside(one[0]), one[0].share, one[3])
    )
    rivals = [one.path for one, *_ in found if not facts.overlap(one.path, place.path)]
    if rivals and not said:
        made.open.append(
            f"is the conversation in '{place.path}', as was taken, or in"
            f" {' or '.join(map(repr, rivals[:3]))}? source.mapping.messages='{{{rivals[0]}}}'"
        )
    made.put("messages", f"{{{place.path}}}", f"in {place.seen_in}")
    made.openings = {
        at: str([one.get(keys.text) for one in messages.before_answers(listed, keys.role)])
        for at, value in zip(place.at, place.values, strict=True)
        if (listed := messages.listed(value))
    }
    everything = _name_words(keys, lists, made)
    made.left_over += _unread(place.path, everything)
    if not any(messages.answers(one, keys.role_key) for one in everything):
        made.open.append(
            f"nobody answers in {place.path}: is the answer in another field? then the records are"
            " requests and responses: docs/sources.md, source=openai_traffic"
        )
    elif answer := _answer_behind(places, lists, keys):
        made.open.append(
            f"{place.path} ends with what a user says: is the model's answer in '{answer}'? then"
            " the records are requests and responses: docs/sources.md, source=openai_traffic"
        )
    return True


def _is_beside(place: Field) -> bool:
    """Return whether a list is called as what is shown to a model, or compared with it."""
    return any(word in place.path.lower() for word in _BESIDE)


def _answer_behind(
    places: Sequence[Field], lists: Sequence[Sequence[Mapping[str, Any]]], keys
) -> str:
    """Return the field of an answer that lies behind messages which end with a question."""
    raw = [several[-1].get(keys.role) for several in lists]
    asked = [word for word in raw if isinstance(word, str) and role_of(word) == "user"]
    if len(asked) < _ENOUGH * len(lists):
        return ""
    one = facts.named(places, ANSWERS)
    return one.path if one else ""


def _unread(path: str, everything: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return the fields of messages that hold content and that nothing reads."""
    seen = UnreadFields()
    seen.add(everything)
    return [
        Field(
            f"{path}.*.{step(one.name, first=False)}",
            [one.example],
            one.messages / len(everything),
            "messages",
        )
        for one in seen.found()
    ]


def _name_words(
    keys: messages.MessageKeys, conversations: Sequence[Sequence[Mapping[str, Any]]], made: Guess
) -> list[Mapping[str, Any]]:
    """Name the words of messages; return all messages with their keys in our words."""
    if table := keys.table():
        named = "role, content and calls" if keys.calls else "role and content"
        made.put("message_keys", table, f"what messages call {named}: is this right?")
    for other, ours in keys.others if "message_keys" not in made.given else ():
        taken = keys.role if ours == "role" else keys.text
        made.open.append(
            f"is '{taken}' the {ours} of a message, as was taken, or '{other}'?"
            f" {settings.how_to_say('message_keys', other, ours, '')}"
        )
    said = made.given.get("roles", {})
    named = [[renamed(one, table, said) for one in several] for several in conversations]
    guessed = roles.guess_roles(named, keys.role_key)
    made.calls = guessed.calls
    if guessed.table:
        why = "words for roles that forge does not know: is this right?"
        made.put("roles", guessed.table, why)
    for word in guessed.behind_calls:
        made.open.append(
            f"the role '{word}' was guessed to be tool, because it stands behind calls; if it is"
            f" not: {settings.role(word)}"
        )
    made.open += [
        f"the role '{word}' is not known: {settings.role(word)}" for word in guessed.unknown
    ]
    everything = [one for several in named for one in several]
    if "agent" not in made.given and (several := _agents(keys, conversations, everything)):
        made.open.append(several)
    return everything


def _agents(
    keys: messages.MessageKeys,
    conversations: Sequence[Sequence[Mapping[str, Any]]],
    named: Sequence[Mapping[str, Any]],
) -> str:
    """Return what to ask where answers are of several agents; '' where one answers."""
    raw = [one for several in conversations for one in several]
    for key in ("name", keys.role):
        words = {
            word
            for one, ours in zip(raw, named, strict=True)
            if messages.answers(ours, keys.role_key)
            and isinstance(word := one.get(key), str)
            and role_of(word) is None
        }
        if 1 < len(words) <= _AGENTS:
            return (
                f"are the answers of several agents ({', '.join(sorted(words))})?"
                f" source.mapping.agent='{{@message.{key}}}' has each export by its name"
            )
    return ""


def _exploded(records, places: Sequence[Field], made: Guess) -> list[Field] | None:
    """Say which list holds the records, if the elements of one have messages."""
    for place in places:
        held = [(outer, messages.listed(reached(place.path, outer))) for outer in records]
        inner = [{**outer, **one} for outer, several in held for one in several][:SAMPLE]
        if not inner:
            continue
        below = fields(inner)
        trial = Guess(len(inner), given=made.given)
        trial.settings |= made.settings | {"explode": place.path}
        if _messages([one for one in below if not one.path.startswith(place.path)], trial):
            made.settings, made.why, made.open = trial.settings, trial.why, trial.open
            made.left_over, made.calls = trial.left_over, trial.calls
            made.openings = trial.openings
            made.why["explode"] = f"each object of {place.path} has messages of its own"
            return [one for one in below if not facts.is_within(one.path, place.path)]
    return None


def _grouped(
    records, places, keys: messages.MessageKeys, made: Guess, given: str = ""
) -> list[Field]:
    """Say what lines have in common, where each is a message.

    Args:
        given: template of what they have in common, where the user says it.

    Returns:
        The fields of a conversation's first line, which its record has; and of its last line
        what may be an outcome.
    """
    shared, is_named = ("", True) if given else grouping(records, places, keys.role)
    group = given or (f"{{{shared}}}" if shared else "{@stem}")
    made.settings["group"] = group
    one_file = group == "{@stem}"
    why = f"each line is a message; {'of one file' if one_file else 'they have this in common'}"
    made.why.setdefault("group", why)
    if shared and not is_named:
        made.open.append(
            f"do the lines of one conversation share '{shared}', as was taken? if a file is one:"
            " source.group='{@stem}'"
        )
    made.put("item", "{@group}", "the conversation itself: say what it was at, if a line does")
    made.put("messages", "{lines}", why)
    everything = _name_words(keys, _parts(_lines(records), group), made)
    _pass_over(_parts(records, group), made)
    common = MappingTemplate("source.group", group).names
    everything = [{k: v for k, v in one.items() if k not in common} for one in everything]
    made.left_over += _unread("lines", everything)
    passed_over = {keys.role, keys.text, *keys.table(), *_OF_MESSAGES}
    passed_over |= {one.path.removeprefix("lines.*.") for one in made.left_over}
    return _of_groups(records, group, passed_over)


def _pass_over(parts: Sequence[Sequence[Mapping[str, Any]]], made: Guess) -> None:
    """Say what becomes of lines without a role that stand between messages."""
    events = [one for lines in parts for one in lines[1:-1] if not messages.may_speak(one)]
    if not events or "none" in made.given.get("roles", {}):
        return
    telling = [one for one in events if any(map(_is_telling, one.values()))]
    if not telling:
        table = {**made.settings["mapping"].get("roles", {}), "none": "skip"}
        made.put("roles", table, "lines without a role are no messages: is this right?")
        return
    shown = json.dumps(telling[0], ensure_ascii=False)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    made.open.append(
        f"lines without a role lie between the messages, such as {shown}: if they are no messages,"
        " source.mapping.roles.none=skip; if they are calls or results, write them as such before"
    )


def _is_telling(value: Any) -> bool:
    """Return whether a value may be part of a conversation, as a number or a word is not."""
    return isinstance(value, list | Mapping) or (isinstance(value, str) and len(value.split()) > 1)


def _parts(records, group: str) -> list[list[Mapping[str, Any]]]:
    template = MappingTemplate("source.group", group)
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for one in records:
        parts.setdefault(template.word({**one, "@stem": ""}) or "", []).append(one)
    return list(parts.values())


def _of_groups(records, group: str, passed_over: Collection[str]) -> list[Field]:
    """Return what the record of a group has: fields of its first line, a verdict in its last."""
    parts = _parts(records, group)
    first = fields([one[0] for one in parts])
    known_there = {one.path: one.values for one in first}
    last = [
        one
        for one in fields([one[-1] for one in parts])
        # What a try begins with is no verdict where its end says otherwise.
        if known_there.get(one.path) != one.values
        and one.path not in passed_over
        and verdicts.chosen([one])
    ]
    passed_over = {*passed_over, *(one.path for one in last)}
    ends = [replace(one, path=f"lines.-1.{one.path}", of="last lines") for one in last]
    return [*(one for one in first if one.path not in passed_over), *ends]


def _prompt_and_answer(places: Sequence[Field], made: Guess) -> bool:
    texts = [one for one in places if all(isinstance(text, str) for text in one.values)]
    asked, answer = facts.named(texts, PROMPTS), facts.named(texts, ANSWERS)
    others = [one.path for one in texts if one.key in ANSWERS and one is not answer]
    where = answer.path if answer else _answer_alone(places)
    if not asked or not where:
        return False
    made.put("prompt", f"{{{asked.path}}}", "no messages: the prompt is rebuilt of this text")
    made.openings = dict(zip(asked.at, asked.values, strict=True))
    made.put("answer", f"{{{where}}}", f"in {(answer or asked).seen_in}")
    if others and "answer" not in made.given:
        made.open.append(
            f"did the model say '{where}', as was taken, or {' or '.join(map(repr, others[:3]))}?"
            f" source.mapping.answer='{{{others[0]}}}'"
        )
    return True


def _answer_alone(places: Sequence[Field]) -> str:
    """Return the path of an answer without its question, as a completion's body has it."""
    for place in places:
        lists = [messages.listed(value) for value in place.values]
        if all(len(one) == 1 and messages.is_answer(one[0]) for one in lists):
            inner = ".message" if isinstance(lists[0][0].get("message"), Mapping) else ""
            return f"{place.path}.0{inner}"
    return ""
