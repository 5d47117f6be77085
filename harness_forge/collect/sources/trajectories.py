"""Whole conversations with a reward: one attempt a record, one turn an assistant message.

Each turn has the whole conversation before it as its prompt. Where a record
holds no conversation but a task and an answer, the prompt is rebuilt from the
task and marked so: what else the model was shown is not known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes, settings, tools
from harness_forge.collect.sources.formats.conversation import ANSWERS, FIRST_ANSWER, ModelAnswer
from harness_forge.collect.sources.formats.exchange import behind
from harness_forge.collect.sources.formats.history import History
from harness_forge.collect.sources.group_lines import FramingLines
from harness_forge.collect.sources.mapping import AGENT, Templates
from harness_forge.collect.sources.outcomes_file import OutcomesByItem
from harness_forge.collect.sources.records import Found, LeftOut, RecordedAttempt, Unread
from harness_forge.collect.sources.shaping import misfit, records
from harness_forge.collect.sources.templates import DIGEST, Misfit
from harness_forge.collect.sources.texts import TOO_DEEP
from harness_forge.collect.sources.unmet import UnmetPlaces
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat import calls, exchanges, forms
from harness_forge.core.chat.faults import Malformed, kind
from harness_forge.core.chat.parts import text_of
from harness_forge.core.chat.responses import IncompleteCapture
from harness_forge.core.chat.tools import read_tools
from harness_forge.core.chat.unread import UnreadFields
from harness_forge.core.jsontext import count_in
from harness_forge.core.records import Attempt, Message, Origin, ToolCall, Turn, WorkItem

_LONGEST_KEY = 400
"""Characters of a name; PostgreSQL's index rows hold 2,700 bytes."""

REBUILT = "rebuilt"
"""Variant of an attempt with a prompt that differs from what the model was sent."""


def read(path: Path, config: SourceConfig) -> Iterator[Found]:
    """Yield what a file holds, in its order.

    Raises:
        ConfigError: the mapping cannot be used.
    """
    templates = Templates(config.mapping, ["item"])
    facts = templates.scope_of(path)
    offered = _offered(path, config, templates, facts)
    judged = OutcomesByItem(config.outcomes, path) if config.outcomes.file else None
    unread = UnreadFields()
    frames = FramingLines(templates) if config.group else None
    unmet = UnmetPlaces(templates, *(["source.mapping.outcome"] if judged else []))
    for value in records(path, config):
        if isinstance(value, LeftOut):
            yield value
            continue
        try:
            found = recorded(
                value, templates, facts, config, offered, judged, unread, unmet, frames
            )
            if judged and (said := judged.contradiction(found.item.item_id)):
                yield LeftOut(value.place, outcomes.CONTRADICTORY, said)
            silent = config.mapping.messages and not found.attempt.turns
            yield LeftOut(value.place, "no_answer", "nobody answers in it") if silent else found
        except (Misfit, Malformed) as error:
            yield misfit(value, error, templates, config)
        except RecursionError:  # in a text of the record that is JSON itself
            yield LeftOut(value.place, "too_deep", TOO_DEEP, malformed=True)
    yield from map(Unread, judged.notes() if judged else ())
    if not config.format:  # a format's own reader knows what it leaves out
        yield from (Unread(settings.unread(one)) for one in unread.found())
        yield from map(Unread, unmet.said())
    yield from map(Unread, frames.notes() if frames else ())


def recorded(
    value: LocatedValue,
    templates: Templates,
    facts: Mapping[str, Any],
    config: SourceConfig,
    offered: Sequence[Mapping[str, Any]],
    judged: OutcomesByItem | None = None,
    unread: UnreadFields | None = None,
    unmet: UnmetPlaces | None = None,
    frames: FramingLines | None = None,
) -> RecordedAttempt:
    """Return the attempt of one record.

    Args:
        judged: what a second file says of items.
        unread: counts the fields of messages that nothing reads.
        unmet: looks for the places that the mapping names.
        frames: takes off lines of a group that are no messages.

    Raises:
        Misfit: the mapping does not fit it.
        Malformed: its messages or tools are in no known form.
    """
    scope = scope_of(value, facts)
    item = item_of(templates, scope)
    if unmet is not None:
        unmet.add(scope, item.item_id)
    model = templates.word("model", scope)
    shown, rebuilt, ended = _conversation(templates, scope, frames)
    agents = [one.pop(AGENT, None) for one in shown]
    if unread is not None:
        unread.add(shown)
    made = _turns(shown, agents, templates, scope, model or "recorded", offered, ended)
    if judged is not None:
        scope |= {"@outcome": templates.worth(judged.of(item.item_id))}
    attempt = attempt_of(templates, scope, config, item, made, model)
    if rebuilt:
        attempt = replace(attempt, variant=REBUILT)
    return RecordedAttempt(
        value.place,
        templates.word("run", scope) or "",
        f"model:{model}" if model else "recorded",
        item,
        attempt,
    )


def scope_of(value: LocatedValue, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of a mapping may name.

    Raises:
        Misfit: the record is no object.
    """
    if not isinstance(value.value, Mapping):
        raise Misfit(f"the record is a {type(value.value).__name__}, not an object")
    record = value.value
    own = {"@record": record, "@line": value.place, "@text": value.text}
    if DIGEST in facts:
        held = {key: one for key, one in record.items() if not str(key).startswith("@")}
        own[DIGEST] = _digest(json.dumps(held, sort_keys=True))
    return {**record, **facts, **own}


def item_of(templates: Templates, scope: Mapping[str, Any], name: str | None = None) -> WorkItem:
    """Return the work item that a record is about.

    Args:
        name: of the item where the mapping gives none.

    Raises:
        Misfit: nothing names it.
    """
    name = (templates.word("item", scope) or name) or templates.demand("item", scope)
    judged_by = templates.word("digest", scope)
    return WorkItem(
        item_id=_key("item", name),
        title=templates.word("title", scope) or name,
        severity="",
        family=_key("family", templates.family(scope, name)),
        group_key=_key("group", templates.group(scope, name)),
        digest=_digest(judged_by) if judged_by else "",
    )


def attempt_of(
    templates: Templates,
    scope: Mapping[str, Any],
    config: SourceConfig,
    item: WorkItem,
    turns: Sequence[Turn],
    model: str | None,
) -> Attempt:
    """Return the attempt: its outcome from the mapping, its answer from the last turn.

    Raises:
        Misfit: outcome or number are none.
    """
    mapping = config.mapping
    raw = scope["@outcome"] if "@outcome" in scope else templates.outcome(scope)
    verdict = outcomes.reward(
        raw, mapping.reward_min, mapping.reward_max, mapping.passes_from, mapping.lower_is_better
    )
    reflections = templates.value("reflections", scope)
    signals = {**templates.signals(scope), "place": scope["@line"]}
    signals |= {"reward": raw} if raw is not None else {}
    signals |= {"reflections": reflections} if reflections else {}
    last = turns[-1] if turns else None
    return Attempt(
        item_id=item.item_id,
        attempt_num=_number(templates, scope, mapping.attempt_base),
        origin=Origin.MODEL,
        prompt=forms.rendered(last.messages) if last else "",
        tool_call=_call(turns),
        outcome=outcomes.outcome(verdict, mapping.confidence, config.name, signals),
        turns=turns,
        model=model,
        prompt_tokens=last.prompt_tokens if last else None,
        completion_tokens=last.completion_tokens if last else None,
    )


def _call(turns: Sequence[Turn]) -> ToolCall | None:
    """Return the call that was judged: a worker's last, of any other agent the last turn's."""
    if turns and turns[-1].agent == "worker":
        return calls.answered(turns)
    return calls.only(turns[-1].response) if turns else None


def _number(templates: Templates, scope: Mapping[str, Any], base: int) -> int:
    raw = templates.value("attempt", scope)
    if raw is None or raw == "":
        return 0
    try:
        number = int(raw) - base + 1
    except (TypeError, ValueError, OverflowError):
        raise Misfit(f"attempt {raw!r} is no number") from None
    if not 1 <= number <= 2_000_000_000:
        before = f"comes before the first, source.mapping.attempt_base={base}"
        raise Misfit(f"attempt {raw} {before if number < 1 else 'is no number of one'}")
    return number


def _conversation(
    templates: Templates, scope: Mapping[str, Any], frames: FramingLines | None
) -> tuple[list[Message], bool, str | None]:
    """Return the messages, whether they are rebuilt from task and answer, and why a stream ended.

    Raises:
        Malformed: they are none, or of a role that is not in the table.
        Misfit: the answer is a stream that tells of no answer.
    """
    said = templates.messages(templates.value("messages", scope), scope)
    if frames is not None:
        said = frames.without(said)
    if templates.config.messages and not (said is None and templates.config.prompt):
        return _told(templates, scope, forms.conversation(said)), False, None
    if not templates.config.prompt:
        return [], False, None
    answer = templates.value("answer", scope)
    said, ended = {"role": "assistant", "content": "" if answer is None else answer}, None
    if isinstance(answer, Mapping) and answer.keys() & {"content", "tool_calls"}:
        said = forms.message({**answer, "role": "assistant"})
    if exchanges.is_stream(answer):
        said, ended = _streamed(answer)
    asked = [{"role": "user", "content": templates.demand("prompt", scope)}]
    # An answer that is a list of parts stays one: the exporter says what it is not.
    return [*_told(templates, scope, asked), said], True, ended


def _told(templates: Templates, scope: Mapping[str, Any], shown: list[Message]) -> list[Message]:
    """Return messages behind what the record says beside them that the model was told.

    Raises:
        Malformed: that is neither a text nor parts of one.
    """
    told = templates.value("system", scope)
    if told is None or told in ("", [], {}):
        return shown
    said = (
        next((told[key] for key in _TOLD if key in told), None)
        if isinstance(told, Mapping)
        else told
    )
    made = forms.message({"role": "system", "content": said})
    if text_of(made) is None:
        raise Malformed(f"the system prompt is {kind(told)}, neither a text nor parts of one")
    return behind(made, shown)


_TOLD = ("parts", "content", "text")
"""Keys of an object that holds a system prompt."""


def _streamed(answer: Any) -> tuple[Message, str | None]:
    """Return the message of a stream, and why it ended.

    Raises:
        Misfit: its events are broken, or tell of an error or of no message.
    """
    try:
        whole = exchanges.completion(exchanges.assembled(exchanges.pieces_of(answer) or []))
        [choice] = whole.get("choices") or [{}]
        return forms.message({"role": "assistant", **choice["message"]}), choice["finish_reason"]
    except exchanges.BrokenStream as error:
        raise Misfit(f"the answer is {error.args[0]}") from None
    except (KeyError, ValueError, TypeError, IncompleteCapture):
        raise Misfit("the answer is a stream that tells of no single answer") from None


def _turns(
    conversation: Sequence[Message],
    agents: Sequence[str | None],
    templates: Templates,
    scope: Mapping[str, Any],
    model: str,
    offered: Sequence[Mapping[str, Any]],
    ended: str | None,
) -> list[Turn]:
    own = templates.tools(scope)
    shown = offered if own is None else own
    said = ended or templates.word("finish_reason", scope)
    agent = templates.word("agent", scope) or "agent"
    started = outcomes.moment(templates.value("started_at", scope))
    if answers := scope.get(ANSWERS):
        history = History()
        return [_answered(one, history, agent, shown, model, templates) for one in answers]
    first = scope.get(FIRST_ANSWER, 0)
    places = [
        at for at, one in enumerate(conversation) if at >= first and one["role"] == "assistant"
    ]
    cuts = templates.config.cut_lengths
    return [
        Turn(
            agent=agents[at] or agent,
            messages=conversation[:at],
            tools=shown,
            response=conversation[at],
            model=model,
            finish_reason="length"
            if forms.cut(conversation[at], cuts)
            else said
            if at == places[-1]
            else None,
            started_at=started,
        )
        for at in places
    ]


def _answered(
    answer: ModelAnswer, history: History, agent: str, offered, model: str, templates: Templates
) -> Turn:
    """Return the turn of an answer that says itself what was shown."""
    said = forms.message(answer.said)
    cut = forms.cut(said, templates.config.cut_lengths)
    return Turn(
        agent=answer.agent or agent,
        messages=history.read(answer.shown),
        tools=offered if answer.tools is None else read_tools(answer.tools),
        response=said,
        model=answer.model or model,
        finish_reason="length" if cut else answer.finish_reason,
        prompt_tokens=count_in(answer.prompt_tokens),
        completion_tokens=count_in(answer.completion_tokens),
        cached_tokens=count_in(answer.cached_tokens),
        reasoning_tokens=count_in(answer.reasoning_tokens),
        started_at=outcomes.moment(answer.started_at),
    )


def _offered(path: Path, config: SourceConfig, templates: Templates, facts) -> Sequence:
    """Return the tools for records that hold none."""
    if config.tools_file:
        return tools.from_file(Path(config.tools_file))
    if not config.observed_tools:
        return ()
    observed = tools.ObservedSchemas()
    for messages in _conversations(path, config, templates, facts):
        observed.add(messages)
    return observed.schemas()


def _conversations(path, config, templates, facts) -> Iterable[Sequence[Message]]:
    frames = FramingLines(templates) if config.group else None
    for value in records(path, config):
        if isinstance(value, LocatedValue):
            try:
                scope = scope_of(value, facts)
                if answers := scope.get(ANSWERS):
                    yield [forms.message(one.said) for one in answers]
                else:
                    yield _conversation(templates, scope, frames)[0]
            except (Misfit, Malformed, RecursionError):
                continue  # the reading pass says it


def _key(what: str, name: str) -> str:
    """Return a name that an index can hold.

    Raises:
        Misfit: it is too long to be one.
    """
    if len(name) > _LONGEST_KEY:
        raise Misfit(f"{what} is a text of {len(name)} characters, not a name")
    return name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
