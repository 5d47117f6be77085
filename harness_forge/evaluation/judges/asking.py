"""A batch of questions to a judge, many at a time; each verdict is stored when it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from harness_forge.core.errors import EndpointError
from harness_forge.evaluation.judges.criteria import read_pick, read_scores
from harness_forge.evaluation.judges.endpoint import Judge, JudgeUnreachable
from harness_forge.evaluation.judges.questions import Question
from harness_forge.store.verdicts import JudgeVerdict, VerdictFile

_REFUSAL = ("refused", "no_answer")
"""Faults that another wording of the question does not fix."""


async def ask_all(
    judge: Judge,
    questions: Sequence[Question],
    *,
    file: VerdictFile | None,
    tries: int,
    concurrency: int,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, JudgeVerdict]:
    """Return a verdict for every question, by key.

    A question with a verdict of this very judge is not asked again. A failing
    server gives no verdict: when twice as many requests in a row failed as are
    in flight, the rest is not asked.

    Args:
        file: open for adding; None asks everything and stores nothing.
        tries: how often to ask if the verdict cannot be parsed.
        concurrency: requests in flight.
        show: called with (done, total).

    Raises:
        EndpointError: verdicts are missing because the server failed; those
            that arrived are stored.
    """
    known = _kept(judge, questions, file.known() if file else {}, tries)
    waiting = [question for question in questions if question.key not in known]
    batch = _Batch(judge, file, tries, known, len(questions), show)
    todo: asyncio.Queue[Question] = asyncio.Queue()
    for question in waiting:
        todo.put_nowait(question)
    workers = min(concurrency, len(waiting))
    await asyncio.gather(*(batch.work(todo, patience=2 * workers) for _ in range(workers)))
    if batch.fault:
        missing = len(questions) - len(known)
        what = f"{batch.fault}; {missing} of {len(questions)} questions have no verdict"
        raise EndpointError(judge.url, what, "what was judged is kept: run the same command again")
    return known


class _Batch:
    """What the workers of one batch share."""

    def __init__(self, judge, file, tries, known, total, show) -> None:
        self.fault = ""
        self._judge, self._file, self._tries = judge, file, tries
        self._known, self._total, self._show = known, total, show
        self._lost = 0

    async def work(self, todo: asyncio.Queue[Question], patience: int) -> None:
        """Take questions until there is none, or the server seems to be down."""
        while not todo.empty() and self._lost < patience:
            question = todo.get_nowait()
            try:
                verdict = await self._ask(question)
            except JudgeUnreachable as lost:
                self.fault, self._lost = str(lost), self._lost + 1
                continue
            except EndpointError as error:
                self.fault, self._lost = error.what, patience
                continue
            self._lost = 0
            if self._file:
                self._file.add(verdict)
            self._known[question.key] = verdict
            self._show(len(self._known), self._total)

    async def _ask(self, question: Question) -> JudgeVerdict:
        read = read_pick if question.pairwise else read_scores
        messages = list(question.messages)
        for tried in range(1, self._tries + 1):
            said = await self._judge.ask(messages)
            found = None if said.fault else read(said.text)
            if found is not None:
                return self._verdict(question, found, "", tried, said.text)
            if said.fault in _REFUSAL:
                break
            # At temperature 0 the same prompt would get the same answer.
            messages = [
                *question.messages,
                {"role": "assistant", "content": said.text},
                {"role": "user", "content": question.again},
            ]
        return self._verdict(question, None, said.fault or "unparsable", tried, said.text)

    def _verdict(
        self, question: Question, found, unjudged: str, tries: int, said: str
    ) -> JudgeVerdict:
        model = self._judge.model
        return JudgeVerdict(
            key=question.key,
            fingerprint=question.fingerprint(model.digest, self._judge.sampling),
            judge=model.name,
            digest=model.digest,
            scores=None if question.pairwise else found,
            pick=found if question.pairwise else None,
            unjudged=unjudged,
            tries=tries,
            said=said,
        )


def _kept(
    judge: Judge, questions: Sequence[Question], found: Mapping[str, JudgeVerdict], tries: int
) -> dict[str, JudgeVerdict]:
    """Return the stored verdicts of this judge on these questions.

    A verdict that could not be parsed is left out if more tries are allowed now.
    """
    kept = {}
    for question in questions:
        verdict = found.get(question.key)
        wanted = question.fingerprint(judge.model.digest, judge.sampling)
        if verdict is None or verdict.fingerprint != wanted:
            continue
        if not verdict.unjudged or verdict.unjudged in _REFUSAL or verdict.tries >= tries:
            kept[question.key] = verdict
    return kept
