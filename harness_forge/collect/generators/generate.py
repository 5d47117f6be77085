"""A repository's rows, made, re-read, capped and written; what is unchanged stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness_forge.collect.generators import sessions
from harness_forge.collect.generators.capping import capped
from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.repository import Repository
from harness_forge.collect.generators.rows import EVALUATOR, VERSION, Citation, QuestionRow, fault
from harness_forge.collect.generators.table import GENERATORS
from harness_forge.collect.ingest.kept_out import LEFT_OUT, kept_out, lift
from harness_forge.config.generate import GenerateConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError, SourceError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Attempt, Origin, Outcome, Split, Turn, WorkItem
from harness_forge.store.entries import AttemptEntry
from harness_forge.store.forgetting.tombstones import Forgotten
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.recorded import assign_recorded

AGENT = "agent"
_POLICY = "generated"
_SOURCE = "generate"
_BREAK = "\n\n"

Progress = Callable[[str], None]
"""Called with the name of each generator as it starts."""


@dataclass
class GeneratorResult:
    """What one generator came to.

    Args:
        found: rows that it made, before any was left out.
        left_out: by reason.
        rows: what is kept.
        added, withdrawn: of the store; a changed row counts as both.
    """

    name: str
    found: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rows: list[QuestionRow] = field(default_factory=list)
    added: int = 0
    withdrawn: int = 0


@dataclass
class GenerateReport:
    """What a repository came to: a line a generator, splits of new groups."""

    name: str
    commit: str
    made: list[GeneratorResult] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)


def dry_run(config: ForgeConfig, progress: Progress = lambda name: None) -> GenerateReport:
    """Make the rows and write nothing.

    Raises:
        SourceError: it is no Git repository.
        ConfigError: there is no such generator.
    """
    _, report = _made(config, frozenset(), progress)
    return report


def generate(config: ForgeConfig, progress: Progress = lambda name: None) -> GenerateReport:
    """Make the rows and bring the skill's store to them; return what changed.

    Raises:
        SourceError: it is no Git repository, or another one has rows under its name.
        ConfigError: there is no such generator.
    """
    with opened_skill(config) as store:
        source = replace(config.source, name=_SOURCE)
        forgotten = kept_out(store, source)
        sides = store.splits()
        trained = [i.item_id for i in store.items() if sides.get(i.group_key) is Split.TRAIN]
        context, report = _made(config, frozenset(trained), progress)
        for made in report.made:
            _write(store, context.repository, report.name, made, forgotten)
        lift(store, forgotten, source)
        # One generator is no kind of task that could be held out whole: files are.
        report.splits = assign_recorded(store, replace(config.split, new_family=0.0))
        if any(made.added for made in report.made):
            store.tidy()
    return report


def _made(config: ForgeConfig, trained: frozenset[str], progress) -> tuple[Context, GenerateReport]:
    settings = config.generate
    names = _names(settings)
    with Repository(Path(settings.repository), settings.revision, settings.skip) as repository:
        return _of_each(config, repository, names, trained, progress)


def _of_each(
    config: ForgeConfig,
    repository: Repository,
    names: Sequence[str],
    trained: frozenset[str],
    progress: Progress,
) -> tuple[Context, GenerateReport]:
    settings = config.generate
    name = settings.name or repository.root.name
    here = frozenset(item.removeprefix(f"{name}:") for item in trained)
    context = Context(repository, settings, here, {}, config.source)
    report, everything = GenerateReport(name, repository.commit), {}
    for generator, make in GENERATORS.items():
        if generator not in names:
            continue
        progress(generator)
        context.made, context.left_out = everything, {}
        made = GeneratorResult(generator)
        _select(made, list(make(context)), context)
        everything[generator] = made.rows
        report.made.append(made)
    return context, report


def _names(settings: GenerateConfig) -> list[str]:
    if not settings.repository:
        raise ConfigError("command line", "which repository?", "forge generate REPO")
    for name in settings.generators:
        if name not in GENERATORS:
            known = f"generators: {', '.join(GENERATORS)}"
            raise ConfigError(
                "generate.generators",
                f"there is no generator '{name}'",
                did_you_mean(name, GENERATORS) + known,
            )
    return settings.generators or list(GENERATORS)


def _select(made: GeneratorResult, rows: Sequence[QuestionRow], context: Context) -> None:
    """Keep what is grounded, each once, up to the cap."""
    made.left_out.update(context.left_out)
    made.found = len(rows) + sum(context.left_out.values())

    def read(citation: Citation) -> str | None:
        is_session = citation.kind == "session"
        return sessions.read(citation) if is_session else context.repository.read(citation)

    kept: dict[str, QuestionRow] = {}
    written: set[str] = set()
    for row in rows:
        why = fault(row, read)
        if not why and (row.name in kept or row.digest() in written):
            why = "twice"
        if why:
            made.left_out[why] += 1
        else:
            kept[row.name] = row
            written.add(row.digest())
    made.rows = capped(list(kept.values()), context.config.most)
    if over := len(kept) - len(made.rows):
        made.left_out["over_the_cap"] += over


def _write(
    store, repository: Repository, name: str, made: GeneratorResult, forgotten: Forgotten
) -> None:
    """Add and withdraw what changed of one generator, in one transaction."""
    run_id = f"generate-{name}-{made.name}"
    with closing(store.intake(f"generate/{name}/{made.name}")) as intake:
        _demand_same(intake.state, repository, name)
        had: Mapping[str, str] = intake.state.get("rows", {})
        named = {f"{name}:{made.name}:{row.name}": row for row in made.rows}
        wanted = {item: row for item, row in named.items() if not forgotten.row(run_id, item)}
        if out := len(named) - len(wanted):
            made.left_out[LEFT_OUT] = out
        if not had and not wanted:
            return
        digests = {item: row.digest() for item, row in wanted.items()}
        gone = [item for item in had if digests.get(item) != had[item]]
        fresh = [item for item in wanted if digests[item] != had.get(item)]
        with intake.transaction():
            run = intake.open_run(run_id, _run(name, made, repository))
            intake.withdraw(gone)
            entries = [
                _entry(run, item, name, made.name, wanted[item], digests[item]) for item in fresh
            ]
            state = {"rows": digests, "commit": repository.commit, "roots": repository.roots}
            intake.write(entries, state)
            intake.finish(state, "complete")
        made.added, made.withdrawn = len(fresh), len(gone)


def _demand_same(state: Mapping[str, Any], repository: Repository, name: str) -> None:
    if state and not set(state["roots"]) & set(repository.roots):
        raise SourceError(
            str(repository.root),
            f"another repository has rows under the name {name!r}",
            "give this one a name of its own: generate.name=NAME",
        )


def _run(name: str, made: GeneratorResult, repository: Repository) -> dict[str, Any]:
    source = {"name": _SOURCE, "repository": name, "generator": made.name}
    return {
        "skill": name,
        "policy": _POLICY,
        "evaluator": EVALUATOR,
        "evaluator_version": VERSION,
        "content_digest": repository.commit,
        "config": {"source": source},
    }


def _entry(
    run: str, item_id: str, name: str, generator: str, row: QuestionRow, digest: str
) -> AttemptEntry:
    group = f"{name}:{row.group}"
    # With the place: functions of one name in two files are not the same question.
    title = f"{row.name}: {row.question.rpartition(_BREAK)[2]}"[:200]
    item = WorkItem(item_id, title, "", generator, group, digest=digest)
    cited = [citation.signals() for citation in row.citations]
    main = row.citations[0]
    outcome = Outcome(
        passed=True,
        value=1.0,
        confidence=1.0,
        failure_mode=None,
        summary=f"quoted from {main.path}:{main.first}-{main.last} at {main.revision[:12]}",
        evaluator=EVALUATOR,
        evaluator_version=VERSION,
        signals={"grounded": True, "judged": False, "citations": cited},
    )
    turn = Turn(AGENT, row.messages, row.tools, row.answer, "", finish_reason="stop")
    prompt = row.question
    return AttemptEntry(
        run,
        item,
        Attempt(item_id, 1, Origin.OURS, prompt, None, outcome, [turn], variant=generator),
    )
