"""Give items of a skill away as Harbor tasks: those of one split, by default of training.

Whoever has a held-out item can train on it, and no test of it says anything about them any
more. So held-out items are refused unless asked for by name of the flag, bear a mark in
every file, and the export is written to the ledger of looks before it can be seen.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from harness_forge.config.run import named_split
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import EnvironmentKind
from harness_forge.core.errors import ConfigError, EvalError, RunError
from harness_forge.core.files import whole_folder
from harness_forge.core.records import Split, WorkItem
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.environments.sandbox.tools import find_tools
from harness_forge.rollouts.harbor import folder as tasks
from harness_forge.rollouts.harbor import images, portable
from harness_forge.rollouts.opening import open_environment
from harness_forge.rollouts.runs import catalogue
from harness_forge.rollouts.runs.known_looks import known_looks
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look, item_keys

GIVE_AWAY, SOLUTIONS = "--give-away", "--solutions"
TASKS, SHARED = "tasks.jsonl", ".shared"
_HELD = (Split.HOLDOUT, Split.QUARANTINE)


@dataclass(frozen=True)
class Written:
    """One task: its folder, and what it was made of."""

    task: str
    item: str
    family: str
    split: str
    solution: bool


@dataclass(frozen=True)
class Given:
    """What an export wrote.

    Args:
        number, alpha: of the look that giving held-out items away is; 0 if none was.
    """

    destination: str
    skill: str
    split: str
    tasks: Sequence[Written]
    number: int = 0
    alpha: float = 0.0


def give(
    config: ForgeConfig,
    destination: Path,
    *,
    solutions: bool = False,
    give_away: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Given:
    """Write the tasks of the items that `run.split`, `run.items` and `run.limit` choose.

    Args:
        solutions: write the known answers beside them.
        give_away: held-out items may go.
        say: called with what the ledger lacked.

    Raises:
        ConfigError: the destination exists, or the split is held out.
        RunError: no item is left, or one does not fit into a task.
        EvalError: the ledger cannot be written; nothing was exported then.
    """
    if destination.exists() or destination.is_symlink():
        raise ConfigError(
            "forge env export harbor",
            f"{destination} exists",
            "name a new folder, or remove that one",
        )
    split = named_split(config.run) or Split.TRAIN
    _refuse_held(split, give_away)
    environment = open_environment(config)
    try:
        with opened_skill(config) as store:
            found = catalogue.refresh(environment, store, config.split)
            splits = store.splits()
            items = catalogue.select(found, splits, config.run, asks_model=True)
            with _writable(destination), whole_folder(destination) as draft:
                written = _write(config, environment, items, splits, draft, solutions)
                look = None
                if held := [item for item in items if splits[item.group_key] in _HELD]:
                    look = _look(config, environment, store, held, say)
    finally:
        environment.close()
    level = (look.number, look.alpha) if look else (0, 0.0)
    return Given(str(destination), config.skill.name, split.value, written, *level)


def _refuse_held(split: Split, give_away: bool) -> None:
    if split in _HELD and not give_away:
        raise EvalError(
            f"run.split={split.value}",
            "these items are held out: whoever has them can train on them, and a test on them "
            "proves nothing any more",
            f"take train or validation; or add {GIVE_AWAY}, which spends a look of the holdout",
        )


@contextmanager
def _writable(destination: Path) -> Iterator[None]:
    """Turn a folder that cannot be written into an error of ours."""
    try:
        yield
    except OSError as error:
        what = f"{destination} cannot be written: {error.strerror or error}"
        raise RunError("forge env export harbor", what, "make room, or name another") from None


def _write(
    config: ForgeConfig,
    environment: Environment,
    items: Sequence[WorkItem],
    splits: dict[str, Split],
    draft: Path,
    solutions: bool,
) -> list[Written]:
    shared = _shared(config, environment, draft / SHARED, solutions)
    names, written = tasks.names(items), []
    for item in items:
        split, name = splits[item.group_key], names[item.item_id]
        solved = tasks.write(shared, item, split.value, draft / name, held=split in _HELD)
        written.append(Written(name, item.item_id, item.family, split.value, solved))
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in written)
    (draft / TASKS).write_text("".join(lines), encoding="utf-8")
    shutil.rmtree(draft / SHARED)
    return written


def _shared(
    config: ForgeConfig, environment: Environment, place: Path, solutions: bool
) -> tasks.Shared:
    place.mkdir()
    home, mounts = Path(config.forge_home), place / "mounts"
    packages: list[str] = []
    if config.skill.environment is EnvironmentKind.command:
        for name, folder in portable.mounted(config.skill.command, home).items():
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, mounts / name, ignore=left)
        packages = environment.python_packages
    (place / images.ARCHIVE).write_bytes(images.forge_archive())
    return tasks.Shared(
        skill=config.skill,
        prompt=config.prompt,
        environment=environment,
        archive=place / images.ARCHIVE,
        mounts=mounts,
        image=images.base_image(find_tools(home).release),
        packages=packages,
        solutions=solutions,
    )


def _look(
    config: ForgeConfig, environment: Environment, store, held: Sequence[WorkItem], say
) -> Look:
    """Write to the ledger that held-out items were given away; the same ones again are no more."""
    home, keys = Path(config.forge_home), item_keys(held)
    given = f"given-away-{sha256(json.dumps(keys).encode()).hexdigest()[:12]}"
    look = Look(
        skill=store.name,
        label="given away: harbor",
        candidate=given,
        items=[item.item_id for item in held],
        keys=keys,
        content_digest=environment.content_digest,
        run_id=given,
    )
    return HoldoutLedger(config.budget, home).record(
        look, known_looks(store, home, config.model), say
    )


def account(given: Given) -> list[str]:
    """Return what was written, a line each."""
    count, solved = len(given.tasks), sum(one.solution for one in given.tasks)
    lines = [f"{given.destination}: {count} tasks of {given.skill}, split {given.split}"]
    lines.append(
        f"{solved} with a solution, {count - solved} without"
        if solved
        else f"none has a solution ({SOLUTIONS} writes those that are known)"
    )
    if renamed := sum(one.task != one.item for one in given.tasks):
        lines.append(f"{renamed} have another name than their item: {TASKS} says which")
    if given.number:
        lines.append(
            f"held-out items were given away: look {given.number} of this holdout, which spends "
            f"{given.alpha:g} of its error budget; do not judge an adapter of theirs by it"
        )
    return lines
