"""`forge env`: what a skill's environment lacks, and what it yields."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, SandboxError
from harness_forge.core.hints import did_you_mean

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.rollouts.environments.sandbox.checks import Requirement

SUMMARY = "look at a skill's environment: what is missing, what it yields"
USAGE = (
    "setup|doctor|check|table|verdicts [skill=NAME] [key=value …] | new FOLDER [NAME] | "
    "export FORM FOLDER [--solutions] [--give-away] [key=value …]"
)
EXAMPLES = (
    "forge env setup",
    "forge env doctor skill=stig",
    "forge env new ../lamps",
    "forge env check skill=repair",
    "forge env table skill=stig",
    "forge env verdicts skill=stig > here.txt",
    "forge env export harbor tasks skill=repair run.limit=20",
)
ACTIONS = "setup, doctor, new, check, table, verdicts or export"
KEYS = ("skill", "store", "split", "run", "prompt", "budget", "forge_home")
JSON = (
    "doctor, setup: an array of objects with skill, holds, checks; table: rows; verdicts: words; "
    "export: an object with destination, skill, split, tasks"
)


def main(argv: list[str]) -> int:
    """Do one of the actions; each takes overrides after it."""
    from harness_forge.cli import composed

    actions = {"setup": _setup, "doctor": _doctor}
    alone = {"check": _check, "table": _table, "verdicts": _verdicts}
    action, *overrides = argv or ["doctor"]
    own = {"new": _new, "export": _export}
    if action in own:
        return own[action](overrides)
    if action in alone:
        return alone[action](composed(overrides))
    if action not in actions:
        hint = f"{did_you_mean(action, [*actions, *alone, *own])}{ACTIONS}"
        raise ConfigError("forge env", f"there is no action '{action}'", hint)
    from harness_forge.cli.results import report

    found = [actions[action](config) for config in _each_skill(overrides)]
    report(found)
    return 0 if all(one["holds"] for one in found) else SandboxError.exit_code


def _each_skill(overrides: list[str]):
    """Return a config for each of the named skills, or those of the project that this folder is.

    Elsewhere for every `scap` environment, of the first skill in it.

    Raises:
        RunError: one that is named has none.
    """
    from harness_forge.cli import composed
    from harness_forge.cli.params import is_project
    from harness_forge.config.compose.project import choices
    from harness_forge.config.several import skills_of
    from harness_forge.config.skill import EnvironmentKind
    from harness_forge.rollouts.opening import no_environment

    if any(word.startswith("skill=") for word in overrides):
        named = skills_of(composed(overrides))
        for one in named:
            if one.skill.environment is EnvironmentKind.recorded:
                raise no_environment(one)
        return named
    if is_project():
        return skills_of(composed(overrides))
    named = [composed([f"skill={name}", *overrides]) for name in choices("skill")]
    found: dict[tuple[str, ...], ForgeConfig] = {}
    for config in named:
        # A choice may mean several skills, and each of these is a choice too.
        for one in skills_of(config):
            if one.skill.environment is EnvironmentKind.scap:
                found.setdefault(_environment(one), one)
    return list(found.values())


def _environment(config) -> tuple[str, ...]:
    """Return what a skill's environment is made of; a skill of some rules shares another's."""
    from harness_forge.config.skill import EnvironmentKind

    scap = config.skill.scap
    if config.skill.environment is EnvironmentKind.scap:
        return scap.datastream, scap.profile, scap.platform
    return (config.skill.name,)


def _setup(config) -> dict[str, Any]:
    """Fetch content and tools from the distribution's packages; installs none of them."""
    from pathlib import Path

    from harness_forge.cli.results import show
    from harness_forge.config.skill import EnvironmentKind
    from harness_forge.rollouts.environments.sandbox import tools
    from harness_forge.rollouts.environments.scap import packages

    if not _of_packages(config):
        return _facts(config, [])
    if config.skill.environment is EnvironmentKind.scap:
        packages.setup(config.skill.scap, Path(config.forge_home))
    else:
        tools.ensure(Path(config.forge_home))
    checks = checks_of(config)
    if not all(check.ok for check in checks):
        return _shown(config, checks)
    name, rules = config.skill.name, checks[-1]
    show(f"{name}: {len(checks)} checks hold; {rules.name}: {rules.said}")
    return _facts(config, checks)


def _doctor(config) -> dict[str, Any]:
    return _shown(config, checks_of(config)) if _of_packages(config) else _facts(config, [])


def _facts(config, checks: list[Requirement]) -> dict[str, Any]:
    holds = all(check.ok for check in checks)
    return {"skill": config.skill.name, "holds": holds, "checks": checks}


def checks_of(config) -> list[Requirement]:
    """Return what a skill's environment needs, each met or not."""
    from pathlib import Path

    from harness_forge.config.skill import EnvironmentKind
    from harness_forge.rollouts.environments.command import doctor as of_commands
    from harness_forge.rollouts.environments.scap.doctor import doctor

    home = Path(config.forge_home)
    if config.skill.environment is EnvironmentKind.command:
        return of_commands.doctor(config.skill.name, config.skill.command, home)
    return doctor(config.skill.scap, home)


def _shown(config, checks: list[Requirement]) -> dict[str, Any]:
    from harness_forge.cli.results import show
    from harness_forge.cli.terminal import painted

    words = {True: "good", False: "bad"}
    lines = (f"  {painted(str(one)[:3], words[one.ok])}{str(one)[3:]}" for one in checks)
    show("\n".join([f"{config.skill.name}:", *lines]))
    return _facts(config, checks)


def _of_packages(config) -> bool:
    """Return whether a skill's environment is made of packages, and say so where it is not."""
    from harness_forge.cli.results import show
    from harness_forge.config.skill import EnvironmentKind

    if config.skill.environment is not EnvironmentKind.recorded:
        return True
    show(f"{config.skill.name}: needs nothing that forge sets up")
    return False


def _new(words: list[str]) -> int:
    """Write a skill from a folder with a test suite, and say what was understood."""
    import re
    from pathlib import Path

    from harness_forge.cli.results import report
    from harness_forge.rollouts.environments.command import suites, writing

    if len(words) not in (1, 2) or not Path(words[0]).is_dir():
        what = f"no such folder: {words[0]}" if words else "which folder?"
        raise ConfigError("forge env new", what, "forge env new FOLDER [NAME]")
    folder = Path(words[0])
    name = words[1] if words[1:] else re.sub(r"\W+", "_", folder.resolve().name.lower())
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        hint = "small letters, digits and _: forge env new FOLDER mine"
        raise ConfigError("forge env new", f"{name!r} is no name of a skill", hint)
    suite = suites.understood(folder)
    paths = writing.write(suite, name, folder)
    facts = {"skill": name, "written": paths, "items": len(suite.rows)}
    facts |= {"packages": suite.packages, "untested": suite.untested, "unknown": suite.unknown}
    report(facts, "\n".join(writing.account(suite, name, paths)))
    return 0


def _export(words: list[str]) -> int:
    """Write a skill's items as task folders of another harness."""
    from dataclasses import asdict
    from pathlib import Path

    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort
    from harness_forge.rollouts.harbor import giving

    named, flags, overrides = sort(words, (giving.SOLUTIONS, giving.GIVE_AWAY))
    if len(named) != 2:
        what = "say in which form and where to"
        raise ConfigError("command line", what, "forge env export harbor FOLDER")
    one_of(named[0], ("harbor",), "form of tasks")
    given = giving.give(
        composed(overrides),
        Path(named[1]),
        solutions=giving.SOLUTIONS in flags,
        give_away=giving.GIVE_AWAY in flags,
        say=lambda text: print(text, file=sys.stderr),
    )
    report(asdict(given), "\n".join(giving.account(given)))
    return 0


def _check(config) -> int:
    """Try every item in each way that must fail, and with the answer that must pass."""
    from pathlib import Path

    from harness_forge.cli.results import report as tell
    from harness_forge.config.several import one_skill
    from harness_forge.config.skill import EnvironmentKind
    from harness_forge.rollouts.environments.command.environment import CommandEnvironment
    from harness_forge.rollouts.environments.command.report import report, sampled
    from harness_forge.rollouts.runs.progress import counter

    skill = one_skill(config).skill
    if skill.environment is not EnvironmentKind.command:
        raise ConfigError(
            f"skill={skill.name}",
            f"is of the environment {skill.environment.value}, which has no judge of yours",
            "`forge env doctor` and `forge env verdicts` say what it judges",
        )
    environment = CommandEnvironment(skill.name, skill.command, Path(config.forge_home))
    try:
        names = sampled(environment.items, config.run)
        trials = environment.trials(names, counter(f"check {skill.name}", "item"))
        environment.demand_same()
        lines, whole = report(trials, bool(skill.command.gold), len(environment.items))
    finally:
        environment.close()
    facts = {"skill": skill.name, "holds": whole, "items": trials}
    tell(facts, "\n".join([f"{skill.name}:", *(f"  {line}" for line in lines)]))
    return 0 if whole else SandboxError.exit_code


def _table(config) -> int:
    """Print rules by family, as judged so far; surveys the skill if need be."""
    from psycopg.rows import dict_row

    from harness_forge.cli.results import report
    from harness_forge.rollouts import opening
    from harness_forge.rollouts.runs import catalogue
    from harness_forge.rollouts.runs.table import SQL, markdown, tabulate
    from harness_forge.store.opening import opened_skill

    environment = opening.open_environment(config)
    try:
        with opened_skill(config) as store:
            items = catalogue.refresh(environment, store, config.split)
            with store.connect_read_only() as connection:
                cursor = connection.cursor(row_factory=dict_row)
                attempts = cursor.execute(SQL).fetchall()
    finally:
        environment.close()
    rows = tabulate(items, attempts)
    report([row.as_dict() for row in rows], markdown(rows))
    if not attempts:
        name = config.skill.name
        print(
            f"env table: no fix of {name} was tried yet, so that ours and content are 0\n"
            f"  hint: forge run skill={name} policy=gold",
            file=sys.stderr,
        )
    return 0


def _verdicts(config) -> int:
    """Print a word for each rule, to be compared line by line with another machine's."""
    from harness_forge.cli.results import report
    from harness_forge.rollouts import opening
    from harness_forge.rollouts.environments.scap.known import verdicts
    from harness_forge.rollouts.runs.progress import counter

    environment = opening.open_environment(config)
    try:
        items = environment.survey(progress=counter(f"survey {environment.skill}"))
        lines = environment.shortfall(items)
        versions = environment.versions
    finally:
        environment.close()
    words = verdicts(items)
    head = f"# {config.skill.name}: {versions}"
    facts = {"skill": config.skill.name, "versions": versions, "verdicts": words}
    report(facts, "\n".join([head, *(f"{rule} {word}" for rule, word in words.items())]))
    for line in lines:
        print(f"survey {config.skill.name}: {line}", file=sys.stderr)
    return 0
