"""One attempt: its facts, its conversation, how it differs from one with the other outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness_forge.core.account import account
from harness_forge.core.numbers import NONE, count, number, seconds
from harness_forge.report.console import frame, messages
from harness_forge.report.console.differences import difference
from harness_forge.report.console.exchange import (
    PageAnswer,
    PageRefused,
    PageRequest,
    link,
    whole_number,
)
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, section, tag
from harness_forge.store.browsing import attempt
from harness_forge.store.labels.flags import Flag, flags_of
from harness_forge.store.marks import LONGEST, MARKED


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return an attempt; `with` names the one that it is compared with."""
    skill, one, other, flags = _read(site, request)
    facts = one.facts
    title = f"{facts['item_id']}, try {facts['attempt_num']}"
    about = [frame.verdict(facts["verdict"]), f", {facts['title'] or 'no title'}"]
    return frame.page(
        session, "attempts", title,
        _facts(skill, one), _flags(skill, facts, flags, session),
        _compared(skill, one, other), _conversation(one.turns), _others(skill, one),
        about=about,
    )  # fmt: skip


def mark(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Mark an attempt as bad, or take a mark back, and return to it."""
    del session
    skill, identity = site.known(request.path[1]), _identity(request)
    store = site.store().skill(skill)
    if request.form.get("back"):
        store.take_back_mark(identity)
    else:
        why = " ".join(request.form.get("why", "").split())
        if not why:
            raise PageRefused(400, "the mark says not why", "go back and write the reason")
        if not store.mark_bad(identity, why[:LONGEST], account()):
            raise PageRefused(404, f"there is no attempt #{identity} in {skill}")
    return PageAnswer(status=303, location=link("attempts", skill, str(identity)))


def _identity(request: PageRequest) -> int:
    return whole_number(request.path[2], "attempt")


def _read(
    site: ConsoleSite, request: PageRequest
) -> tuple[str, attempt.WholeAttempt, attempt.WholeAttempt | None, Sequence[Flag]]:
    skill, identity = site.known(request.path[1]), _identity(request)
    with site.reading(skill) as connection:
        one = attempt.attempt(connection, identity)
        if one is None:
            raise PageRefused(404, f"there is no attempt #{identity} in {skill}")
        named = request.number("with")
        wanted = named or attempt.counterpart(connection, one.facts)
        other = attempt.attempt(connection, wanted) if wanted else None
        if named and (other is None or other.facts["item_id"] != one.facts["item_id"]):
            raise PageRefused(
                404, f"there is no attempt #{named} of this item", "see below for others"
            )
        flags = flags_of(connection, "attempts", [identity])[identity]
    return skill, one, other, flags


def _facts(skill: str, one: attempt.WholeAttempt) -> Html:
    facts = one.facts
    run = tag("a", facts["run_id"], href=link("attempts", skill=skill, run=facts["run_id"]))
    tokens = [facts["prompt_tokens"], facts["completion_tokens"]]
    told = facts["outcome"] if isinstance(facts["outcome"], Mapping) else {}
    value = facts["outcome_value"]
    return frame.facts([
        ("attempt", f"#{facts['id']} of {skill}"),
        ("run", run),
        ("family", facts["family"]),
        ("split", facts["split"] or "none yet"),
        ("answered by", facts["adapter"] or facts["model"] or facts["policy"]),
        ("how it failed", (facts["failure_mode"] or "").replace("_", " ")),
        ("the evaluator says", told.get("summary")),
        ("value, confidence", f"{number(value)}, {number(facts['outcome_confidence'])}"
         if value is not None else NONE),
        ("judged by", f"{facts['evaluator']} {facts['evaluator_version']}".strip()),
        ("tokens", f"{count(tokens[0])} asked, {count(tokens[1])} answered"
         if None not in tokens else ""),
        ("cost", f"{number(facts['usd'])} USD" if facts["usd"] is not None else ""),
        ("took", seconds(facts["wall_time_s"]) if facts["wall_time_s"] else ""),
        ("reflection", facts["reflection"]),
        ("lesson", facts["lesson"]),
    ])  # fmt: skip


def _flags(
    skill: str, facts: Mapping[str, Any], flags: Sequence[Flag], session: ConsoleSession
) -> Html | None:
    lines = [tag("li", tag("strong", f.reason), f": {_evidence(f)}") for f in flags]
    note = "Exports leave it out, with the reason label_flagged." if flags else None
    listed = [tag("ul", lines), tag("p", note, class_="note")] if flags else []
    if session.write:
        listed.append(_form(skill, facts, flags, session))
    return section("Label", *listed) if listed else None


def _form(
    skill: str, facts: Mapping[str, Any], flags: Sequence[Flag], session: ConsoleSession
) -> Html:
    action = link("attempts", skill, str(facts["id"]), "mark")
    if any(flag.reason == MARKED for flag in flags):
        button = tag("button", "Take the mark back", type="submit", name="back", value="1")
        return frame.form(session, action, button)
    why = frame.text_field("why", "why it must not be learned", "", required=True,
                           maxlength=LONGEST, class_="wide")  # fmt: skip
    return frame.form(session, action, why, tag("button", "Mark as bad", type="submit"))


def _evidence(flag: Flag) -> str:
    if flag.reason == MARKED:
        found = flag.evidence
        return f"{found.get('why')} ({found.get('by')}, {found.get('at')})"
    told = ", ".join(f"{key} {value}" for key, value in flag.evidence.items())
    return told or flag.why or "no evidence was kept"


def _compared(
    skill: str, one: attempt.WholeAttempt, other: attempt.WholeAttempt | None
) -> Html | None:
    if other is None:
        text = "No attempt of this item had the other outcome, so nothing is compared."
        return tag("p", text, class_="note")
    # The passing one is what the failed one should have been, whichever the page is about.
    both = sorted((one, other), key=lambda each: each.facts["verdict"] == "passed")
    names = [_name(skill, each) for each in both]
    about = ["Lines with - are of ", names[0], " alone, those with + of ", names[1], "."]
    shown = difference(*(_answer(each) for each in both))
    return section("Failed and passing answer", tag("p", about, class_="about"), shown)


def _name(skill: str, one: attempt.WholeAttempt) -> list[Any]:
    number_ = one.facts["id"]
    href = link("attempts", skill, str(number_))
    return [tag("a", f"#{number_}", href=href), " (", frame.verdict(one.facts["verdict"]), ")"]


def _answer(one: attempt.WholeAttempt) -> str:
    call = one.facts["tool_call"]
    if isinstance(call, Mapping) and call.get("arguments") is not None:
        return f"{call.get('name')}\n{messages.arguments(call['arguments'])}"
    turns = [turn for turn in one.turns if turn["decisive"]] or list(one.turns[-1:])
    return messages.text_of(turns[0]["response"]) if turns else one.facts["response"] or ""


def _conversation(turns: Sequence[Mapping[str, Any]]) -> Html:
    if not turns:
        return section("Conversation", tag("p", "No turn of it was kept.", class_="gap"))
    shown = list(_turns(turns))
    if len(turns) == attempt.TURNS:
        shown.append(tag("p", f"Its first {attempt.TURNS} turns.", class_="gap"))
    return section("Conversation", *shown)


def _turns(turns: Sequence[Mapping[str, Any]]) -> Iterator[Html]:
    """Yield each turn with the messages that the turn before it had not."""
    before: list[Any] = []
    for turn in turns:
        asked = turn["messages"] if isinstance(turn["messages"], list) else [turn["messages"]]
        response = turn["response"] or {"role": "assistant", "content": turn["content"]}
        parts = [turn["agent"], "decisive" if turn["decisive"] else "", turn["model"] or "",
                 turn["finish_reason"] or ""]  # fmt: skip
        yield tag("h3", ", ".join(part for part in parts if part))
        names = [messages.tool_name(tool) for tool in turn["tools"] or ()]
        if names:
            yield tag("p", f"offered: {', '.join(names)}", class_="note")
        yield messages.conversation([*messages.fresh(asked, before), response])
        before = [*asked, response]


def _others(skill: str, one: attempt.WholeAttempt) -> Html | None:
    if not one.siblings:
        return None
    here = one.facts["id"]
    lines = [
        tag(
            "li",
            tag("a", f"#{each['id']}", href=link("attempts", skill, str(each["id"]))),
            " ", frame.verdict(each["verdict"]), f", try {each['attempt_num']} in ",
            tag("code", each["run_id"]), " ",
            tag("a", "compare", href=link("attempts", skill, str(here), **{"with": each["id"]}),
                aria_label=f"compare with #{each['id']}"),
        )
        for each in one.siblings
    ]  # fmt: skip
    return section("Other attempts of this item", tag("ul", lines, class_="plain"))
