"""Invented records of a harness: lamplighters of towns that do not exist.

Every word is drawn from syllables with a fixed seed, so the same call gives the same
records. Each kind of trouble that an export must deal with stands in some of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

SYLLABLES = (
    "ba", "bri", "cor", "da", "del", "fen", "gal", "hur", "il", "jor", "ka", "lun", "mer", "nor",
    "o", "pel", "qua", "ros", "sil", "tor", "ul", "ven",
)  # fmt: skip
FAMILIES = ("wick", "glass", "oil", "post", "chain")
MODELS = ("ember-1", "ember-2")
KIT = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Lets a lamplighter {name.replace('_', ' ')}.",
            "parameters": {
                "type": "object",
                "properties": {"lamp": {"type": "integer"}, "steps": {"type": "string"}},
                "required": ["lamp"],
            },
        },
    }
    for name in ("trim_lamp", "ask_warden")
]


class Town:
    """Records of one town, each a conversation with its job, role, night and reward."""

    def __init__(self, name: str, jobs: int, seed: int) -> None:
        self.name, self.jobs = name, jobs
        self._draw = random.Random(seed)
        self._words = [self._word() for _ in range(900)]
        self._tasks = [self._task(job) for job in range(jobs)]

    def records(self) -> Iterator[dict]:
        """Yield every record, job by job."""
        for job in range(self.jobs):
            yield from self._of_workers(job)
            yield from self._of_planners(job)
            if job % 2 == 0:
                yield from self._of_agents(job)
        yield from self._broken()

    def _word(self) -> str:
        return "".join(self._draw.choices(SYLLABLES, k=self._draw.randint(2, 4)))

    def text(self, words: int) -> str:
        """Return so many drawn words."""
        return " ".join(self._draw.choices(self._words, k=words))

    def _task(self, job: int) -> str:
        text = f"Lamp {job} of {self.text(3)}: {self.text(24)}."
        if job % 7 == 3:
            text += f" {secret(job)}"
        return text

    def _record(self, job: int, role: str, night: str, light: float | None, talk: list) -> dict:
        place = sum(map(ord, night)) % 28 + 1
        return {
            "job": f"{self.name}-{job:03}",
            "kind": FAMILIES[job % len(FAMILIES)],
            "role": role,
            "night": night,
            "who": MODELS[(place + job) % len(MODELS)],
            "at": f"2026-03-{place:02}T06:{job % 60:02}:00Z",
            "check": f"look at lamp {job}",
            "kit": KIT,
            "talk": talk,
            "light": light,
        }

    def _of_workers(self, job: int) -> Iterator[dict]:
        asked = [
            {"role": "system", "content": "You light lamps. Answer with one call."},
            {"role": "user", "content": self._tasks[job]},
        ]
        steps = self.text(60)
        for number, night in enumerate(("gold", "mutated", "first", "second", "third")):
            own = steps if night == "gold" else self.text(55)
            light = (1.0 if job % 4 else 0.6, 0.0, float(job % 3 == 0), float(job % 2), None)[
                number
            ]
            if night == "first" and job % 6 == 0:  # nearly what gold says
                own = f"{steps} {self.text(1 if job % 12 else 25)}"
            if night == "second" and job % 9 == 0:  # what gold says, and it fails
                own, light = steps, 0.0
            if night == "second" and job % 8 == 5:  # says what another job asks
                own = f"{own} {self._tasks[(job + 1) % self.jobs]}"
            given = {"lamp": job, "steps": own}
            if job % 7 == 3:
                given["steps"] += f" {secret(job)}"
            shown = given if job % 2 else json.dumps(given, separators=(",", ":"))
            record = self._record(job, "worker", night, light, [*asked, call(shown, job)])
            if night == "second" and job % 10 == 7:
                record["ended"] = "length"
            yield record

    def _of_planners(self, job: int) -> Iterator[dict]:
        asked = {"role": "user", "content": f"Plan the night. {self._tasks[job]}"}
        word = ("CONTINUE", "PIVOT", "ESCALATE")[job % 3]
        plan = f"VERDICT: {word}\n{self.text(20)}"
        for number in range(2):
            light = float((job + number) % 2)
            own = [asked, {"role": "assistant", "content": plan if number else self.text(30)}]
            yield self._record(job, "architect", "plans", light, own)
        told = f"VERDICT: {'PASS' if job % 4 else 'FAIL'}. {self.text(15)}"
        asked = {"role": "user", "content": f"Audit it. {self._tasks[job]}"}
        own = [asked, {"role": "assistant", "content": told}]
        yield self._record(job, "auditor", "audits", float(job % 5 != 0), own)
        asked = {"role": "user", "content": f"Why did it fail? {self._tasks[job]}"}
        for night in ("mutated", "first", "second"):
            said = f"REFLECTION: {self.text(25)}\nTIPS_JSON: []"
            own = [asked, {"role": "assistant", "content": said}]
            yield self._record(job, "reflector", night, 0.0, own)

    def _of_agents(self, job: int) -> Iterator[dict]:
        opening = [
            {"role": "system", "content": "You help lamplighters."},
            {"role": "user", "content": f"{self.text(12)}? {self._tasks[job]}"},
        ]
        for night in ("first", "second"):
            talk = [
                *opening,
                {"role": "assistant", "content": f"Which warden? {self.text(8)}"},
                {"role": "user", "content": f"The one of {self.text(4)}, é & \"all\" 'of' them."},
                call({"lamp": job, "steps": self.text(6)}, job, "ask_warden"),
                {"role": "tool", "tool_call_id": f"c{job}", "content": f"lamp {job}: cold"},
                {
                    "role": "assistant",
                    "content": f"It is cold. {self.text(9)}",
                    "reasoning_content": self.text(5),
                },
                {"role": "user", "content": "Then light it."},
                call({"lamp": job, "steps": self.text(14)}, job + 1000),
            ]
            yield self._record(job, "agent", night, float(night == "first" or job % 4 == 0), talk)
        # Two answers to one question, one right and one wrong: a pair.
        for night in ("first", "second"):
            talk = [*opening, {"role": "assistant", "content": self.text(40)}]
            record = self._record(job, "agent", f"quick-{night}", float(night == "first"), talk)
            yield {**record, "kit": []}

    def _broken(self) -> Iterator[dict]:
        job, user = self.jobs, {"role": "user", "content": self.text(20)}
        answer = {"role": "assistant", "content": self.text(20)}
        orphan = {"role": "tool", "tool_call_id": "c0", "content": "lit"}
        late = {"role": "system", "content": "Be brief."}
        for talk in (
            [user, orphan, answer],
            [user, answer, late, user, answer],
            [user, {**answer, "content": "half \ud800 a character"}],
            [user, {**answer, "weight": 0}],
            [user, call("{broken", job)],
            [user, call({"lamp": job}, job, "fly")],
            [user, {"role": "wizard", "content": "no such role"}],
            [user, {**answer, "content": "again and again " * 60}],
            [user, {**answer, "content": "<div><p><b>x</b></p></div>" * 9}],
        ):
            yield self._record(job, "agent", "broken", 1.0, talk)
            job += 1


def call(arguments: dict | str, number: int, name: str = "trim_lamp") -> dict:
    """Return an assistant's message with one call."""
    function = {"name": name, "arguments": arguments}
    calls = [{"id": f"c{number}", "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def secret(job: int) -> str:
    """Return a sentence with what redaction must find; put together here, so that no scanner
    takes this file for a leak."""
    body = "".join(random.Random(job).choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=36))
    token = "_".join(("ghp", body))
    return (
        f"Log in as warden{job}@lamps-{job}.corp with {token},"
        f" or ssh keeper{job}@10.20.{job}.7; export PGPASSWORD={body[:14]}"
    )


def traffic(town: Town, requests: int) -> Iterator[dict]:
    """Yield requests and responses of an OpenAI-compatible endpoint."""
    for number in range(requests):
        request = {
            "model": "ember-1",
            "messages": [{"role": "user", "content": f"Question {number}: {town.text(18)}"}],
            "tools": KIT,
        }
        message = {"role": "assistant", "content": town.text(22)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        response = {"id": f"r{number}", "object": "chat.completion", "choices": [choice]}
        yield {"request": request, "response": response, "outcome": float(number % 3 > 0)}
