"""Compare measured verdicts with those known for a version of content and scanner.

The verdict table has one word for each rule and is the same on every machine
with the same versions, so two tables can be compared line by line. `known/`
holds the tables of the measured versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.records import WorkItem

FULL = "full"
_REMEDY = "`forge env doctor` looks for the cause; `forge env verdicts` can be compared by line"


@dataclass(frozen=True)
class Versions:
    """The versions that a count belongs to.

    Args:
        content, scanner: their versions; multi_uid: several users in the root.
    """

    content: str
    scanner: str
    multi_uid: bool

    def __str__(self) -> str:
        uids = "many uids" if self.multi_uid else "one uid"
        return f"content {self.content}, OpenSCAP {self.scanner}, {uids}"


def verdicts(items: Iterable[WorkItem]) -> dict[str, str]:
    """Return one word for each rule.

    `full`: it fails untouched, passes after the content's own remediation, and
    nothing breaks. Otherwise the verdict on the untouched root, and if the
    remediation was run, the one after it, such as `fail>fail`; `-` without a check.
    """
    return {item.item_id: _word(item) for item in sorted(items, key=lambda item: item.item_id)}


def known(config: ScapConfig, versions: Versions) -> dict[str, str]:
    """Return the table measured with these versions; {} if there is none."""
    uids = "many" if versions.multi_uid else "one"
    stem = config.datastream.rpartition("/")[2].removesuffix(".xml")
    name = f"{stem}-{config.profile}-{versions.content}-{versions.scanner}-{uids}.txt"
    file = files(__package__) / "known" / name
    if not file.is_file():
        return {}
    lines = (line.split() for line in file.read_text().splitlines() if line[:1] not in ("", "#"))
    return dict(lines)


def expected(config: ScapConfig, versions: Versions) -> int | None:
    """Return how many rules should have the full cycle; None if that is not known."""
    if config.only:  # `expect` is about the whole profile
        table, of_skill = known(config, versions), rules_of(config)
        return sum(word == FULL and of_skill(rule) for rule, word in table.items()) or None
    for one in config.expect.values():
        if (one.content, one.scanner) == (versions.content, versions.scanner):
            return (one.many_uids if versions.multi_uid else one.one_uid) or None
    return None


def rules_of(config: ScapConfig) -> Callable[[str], bool]:
    """Return what says whether a rule belongs to the skill.

    Raises:
        ConfigError: `only` is no regular expression.
    """
    try:
        only = re.compile(config.only)
    except re.error as error:
        raise ConfigError(
            "skill.scap.only",
            f"is no regular expression: {error}",
            "such as only='^file_|^sysctl_'",
        ) from None
    return lambda rule_id: bool(only.match(rule_id))


def shortfall(items: Iterable[WorkItem], config: ScapConfig, versions: Versions) -> list[str]:
    """Return one line for each way in which `items` fall short of the known counts."""
    here, table = verdicts(items), known(config, versions)
    found, wanted = sum(word == FULL for word in here.values()), expected(config, versions)
    lost = {rule for rule, word in table.items() if word == FULL and here.get(rule, FULL) != FULL}
    if not lost and (wanted is None or found >= wanted):
        return []
    lines = [f"{found} rules have the full cycle where {wanted} are known to ({versions})"]
    return [*lines, *_grouped({rule: here[rule] for rule in lost}), f"hint: {_REMEDY}"]


def _grouped(lost: Mapping[str, str]) -> list[str]:
    """Return one line for each way in which rules fall short."""
    return [
        f"{_described(word)}: {', '.join(sorted(rule for rule in lost if lost[rule] == word))}"
        for word in sorted(set(lost.values()))
    ]


def _described(word: str) -> str:
    before, _, after = word.partition(">")
    if before != "fail":
        return f"{before} on the untouched root, not fail"
    return f"{after or 'not judged'} after the remediation" + (
        ", but it breaks what it must not" if after == "pass" else ""
    )


def _word(item: WorkItem) -> str:
    if item.full_cycle:
        return FULL
    before, after = item.facts["before"], item.facts["after"]
    return f"{before}>{after}" if after else before or "-"
