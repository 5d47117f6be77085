"""An agent's kernel: each turn captured and scored, health, the model that is in use.

It has the meaning of 8gent's `processTurn`, `getHealth` and `getActiveModel`. Off unless
`kernel.enabled`; then every method answers, and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.collect.capture import given_turns
from harness_forge.collect.capture.given_turns import GivenTurn
from harness_forge.config.compose.engine import compose
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import one_skill
from harness_forge.config.skill import EnvironmentKind
from harness_forge.core.chat import forms
from harness_forge.core.errors import ConfigError, ForgeError, StoreError
from harness_forge.core.files import locked
from harness_forge.store.escaping import restored
from harness_forge.store.judge_scores import overall
from harness_forge.store.opening import has_store, opened_skill, opened_store
from harness_forge.store.verdicts import JudgeVerdict, VerdictFile

if TYPE_CHECKING:
    from harness_forge.report.health.collect import Health
    from harness_forge.store.skill import SkillStore

OFF = "off: kernel.enabled=true switches it on"
SOURCE = "kernel"
_SAME_PROMPT = """
SELECT t.id, t.run_id, t.response FROM turns t JOIN runs r ON r.id = t.run_id
WHERE r.config->'source'->>'name' = %s AND t.item_id = %s AND t.decisive ORDER BY t.id DESC
"""


@dataclass(frozen=True)
class ScoredTurn:
    """What became of a turn. It is captured in any case.

    Args:
        score: the judge's, 0 to 1; None where there is none.
        scores: by criterion.
        why: why there is no score; '' where there is one.
    """

    session: str
    turn: int
    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class ActiveModel:
    """The model that an agent should ask for.

    Args:
        name: to be sent as `model`.
        url: of the server that has it, up to /v1; '' where forge serves none.
        champion: label of the champion; '' where there is none.
        version: its version name.
        why: what the choice rests on.
    """

    name: str
    url: str = ""
    champion: str = ""
    version: str = ""
    why: str = ""


class Kernel:
    """The kernel of one skill.

    Args:
        overrides: as on the command line, such as `recipe=kernel`, `judge.endpoint=URL`.

    Raises:
        ConfigError: they do not compose, are of several skills, or of one with an environment.
    """

    def __init__(self, overrides: Sequence[str] = ()) -> None:
        self.config: ForgeConfig = one_skill(compose(None, [*overrides, f"source={SOURCE}"]))
        skill = self.config.skill
        if self.enabled and skill.environment is not EnvironmentKind.recorded:
            what = f"{skill.name} has an environment, and turns of an agent are no attempts in it"
            hint = "recipe=kernel, or skill=recorded skill.name=NAME"
            raise ConfigError("skill", what, hint)

    @property
    def enabled(self) -> bool:
        """Whether it does anything."""
        return self.config.kernel.enabled

    def process_turn(
        self,
        session: str,
        turn: int,
        model: str,
        prompt: str | list[Any],
        response: str | Mapping[str, Any],
        *,
        tools: Any = None,
        wait: bool = True,
    ) -> ScoredTurn | None:
        """Capture a turn and let the judge score it; None where the kernel is off.

        A store or a judge that is away loses nothing: the turn waits in a file, and the next
        call, or `forge kernel turn` without a file, scores it.

        Args:
            wait: false returns once the turn is captured, in about a millisecond.

        Raises:
            SourceError: it is no turn.
            OSError: it cannot be captured.
        """
        if not self.enabled:
            return None
        given = GivenTurn(session, turn, model, prompt, response, tools)
        given_turns.keep(self.config, given)
        if not wait:
            return ScoredTurn(session, turn, why="not asked for: it waits")
        try:
            # Held open: an embedded server then starts once.
            with opened_skill(self.config) as store:
                return self._scored(store, given)
        except StoreError as error:
            return ScoredTurn(session, turn, why=error.said)

    def score_waiting(self) -> int:
        """Take in and score every turn that waits; return how many were taken in.

        Raises:
            StoreError, SourceError: they cannot be taken in.
            EndpointError: the judge failed; the rest waits.
            ConfigError: the judge's settings are wrong, or there is no judge.
        """
        from harness_forge.evaluation.judging.scoring import judge_run

        if not self.enabled:
            return 0
        # Anchors are judged by `forge judge`, not at every turn.
        judging = replace(self.config, judge=replace(self.config.judge, anchors=0))
        with locked(self._home / "kernel" / f"{self._skill}.lock"), opened_skill(self.config) as at:
            found = given_turns.take_in(self.config)
            for run in self._unscored(at):
                judge_run(judging, run)
        return found.added if found else 0

    def get_health(self) -> dict[str, Any]:
        """Return healthy, trend and message, as `forge health` of the skill says them."""
        return self.in_short(self.health())

    def in_short(self, found: Health | None) -> dict[str, Any]:
        """Return what `get_health` says, of a report that was collected."""
        if found is None:
            return {"healthy": True, "trend": "unknown", "message": self._silent()}
        return {"healthy": found.healthy, "trend": found.trend, "message": found.message}

    def health(self) -> Health | None:
        """Return the whole report; None where the kernel is off or has no turn yet."""
        from harness_forge.report.health.collect import collect

        if not self.enabled or not has_store(self.config):
            return None
        with opened_store(self.config) as store:
            known = self._skill in store.skills()
        return collect(self.config, [self._skill]) if known else None

    def get_active_model(self) -> str:
        """Return the name to ask a server for: the champion's, if it is served, else the base's."""
        return self.active_model().name

    def active_model(self) -> ActiveModel:
        """Return the model in use and what the choice rests on.

        Raises:
            PromoteError: the ledger of decisions was altered.
            ServeError: the file of aliases cannot be read.
        """
        from harness_forge.registry import champion, decisions, served_champions
        from harness_forge.serving import aliases

        base = self.config.kernel.base or self.config.model.name
        if not self.enabled:
            return ActiveModel(base, why=OFF)
        slot = champion.slot_name(self._skill, self.config.role.name)
        stack = champion.champion_stack(decisions.read(self._home), slot)
        if not stack:
            return ActiveModel(base, why=f"{slot} has no champion")
        top = stack[-1]
        known = aliases.read(self._home)
        for name in served_champions.names(slot):
            if name in known and known[name].digest == top.candidate.digest:
                why = f"the champion of {slot}, served"
                return ActiveModel(name, known[name].url, top.candidate.label, top.version, why)
        why = f"{slot} has a champion that no server of forge serves: forge serve"
        return ActiveModel(base, "", top.candidate.label, top.version, why)

    @property
    def _home(self) -> Path:
        return Path(self.config.forge_home)

    @property
    def _skill(self) -> str:
        return self.config.skill.name

    def _silent(self) -> str:
        return f"no turn of {self._skill} yet" if self.enabled else OFF

    def _verdicts(self, run: str) -> dict[str, JudgeVerdict]:
        return VerdictFile(self._home / "judge" / f"{run}.jsonl").known()

    def _unscored(self, store: SkillStore) -> Iterator[str]:
        """Yield the runs of the last days with a turn that no judge was asked about."""
        turns: dict[str, list[int]] = {}
        with store.connect_read_only() as connection:
            for turn, run in given_turns.asked_about(connection, datetime.now(UTC)):
                turns.setdefault(run, []).append(turn)
        for run, ids in turns.items():
            known = self._verdicts(run)
            if any(f"{self._skill}/{run}/{turn}" not in known for turn in ids):
                yield run

    def _scored(self, store: SkillStore, given: GivenTurn) -> ScoredTurn:
        fault = ""
        try:
            self.score_waiting()
        except ForgeError as error:
            fault = error.said
        return self._told(store, given, fault)

    def score_of(self, given: GivenTurn) -> ScoredTurn:
        """Return a captured turn with the score that it has by now."""
        with opened_skill(self.config) as store:
            return self._told(store, given)

    def _told(self, store: SkillStore, given: GivenTurn, fault: str = "") -> ScoredTurn:
        verdict = self._verdict(store, given)
        if verdict is None or not verdict.scores:
            why = fault or (verdict.unjudged if verdict else "") or "it waits"
            return ScoredTurn(given.session, given.turn, why=why)
        score = overall(verdict.scores, self.config.judge.weights)
        return ScoredTurn(given.session, given.turn, score, dict(verdict.scores))

    def _verdict(self, store: SkillStore, given: GivenTurn) -> JudgeVerdict | None:
        """Return the verdict on a turn; the same answer to the same prompt has the same."""
        said = forms.message(given.said)
        with store.connect_read_only() as connection:
            rows = connection.execute(_SAME_PROMPT, [SOURCE, given.item]).fetchall()
        for turn, run, response in rows:
            key = f"{self._skill}/{run}/{turn}"
            if restored(response) == said and (found := self._verdicts(run).get(key)):
                return found
        return None
