"""The texts that a rule's check wants in files.

Turns a criteria tree into options: each option is one set of checks that
together satisfy the rule. What no fix can write (installed packages, the kind
of system, vendor files) is taken as given; the scanner decides in the end.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import choose_value, found, sample
from harness_forge.rollouts.environments.scap.oval_records import OvalObject, ResolvedTest

_MOST_OPTIONS = 64
_PRESENT = {"all_exist", "at_least_one_exists", "only_one_exists"}
_LITERAL = r"(?m)(^\w+=)?(?:'([^'\n]+)'|\"([^\"\n]+)\")"
_VENDOR = re.compile(r"/usr/|/etc/(\w+-release|dconf/profile)|/proc/|/boot/")


_Node = tuple[tuple[str, ...], ResolvedTest]


@dataclass(frozen=True, slots=True)
class RequiredText:
    """A text that a file must contain.

    Args:
        path: the file, '' when any file of a folder will do.
        folder: where a file of our own may lie, '' when `path` is fixed.
        suffix: how the name of such a file has to end.
        text: the plainest text the check accepts; may have several lines.
        value: the part of it that the check compares, '' when it does not.
    """

    check: ResolvedTest
    path: str
    folder: str
    suffix: str
    text: str
    value: str

    @property
    def key(self) -> str:
        """The text up to its value: what names the setting in the file."""
        line = self.text.splitlines()[-1]
        head = line.rpartition(self.value)[0] if self.value else line
        if not self.value and (assignment := re.match(r"[^=]*?(?=\s*=)", line)):
            head = assignment.group()
        elif not self.value and len(line.split()) > 1 and "/" not in line.split()[-1]:
            head = line.rpartition(" ")[0]  # a path at the end is no value but a name
        return head.rstrip(" =:\"'") or line


def options(
    checks: Sequence[ResolvedTest], written: Callable[[ResolvedTest], bool] | None = None
) -> list[tuple[ResolvedTest, ...]]:
    """Return the ways to satisfy the criteria, in the content's order.

    Args:
        written: whether a fix can write what a check asks for. Alternatives
            without such a check are left out, such as "or it does not apply".
    """
    nodes = [(check.branch, check) for check in checks]
    return _options(nodes, written or is_wanted) if nodes else []


def _options(
    nodes: list[_Node], written: Callable[[ResolvedTest], bool]
) -> list[tuple[ResolvedTest, ...]]:
    groups: dict[str, list[_Node]] = {}
    for branch, check in nodes:
        if not branch:
            return [(check,)]
        groups.setdefault(branch[0], []).append((branch[1:], check))
    operator = next(iter(groups)).partition(".")[0]
    parts = [_options(group, written) for group in groups.values()]
    if operator == "AND":
        products = itertools.islice(itertools.product(*parts), _MOST_OPTIONS)
        return [tuple(itertools.chain(*product)) for product in products]
    alternatives = [option for part in parts for option in part]
    writable = [option for option in alternatives if any(map(written, option))]
    return (writable or alternatives)[:_MOST_OPTIONS]


def is_wanted(check: ResolvedTest) -> bool:
    """Return whether the check asks for a text that a fix can write."""
    return (
        check.kind == "textfilecontent54"
        and check.existence in _PRESENT
        and not check.negated
        and not _VENDOR.match(_place(check.target).lstrip("^"))
    )


def is_unwanted(check: ResolvedTest) -> bool:
    """Return whether the check asks for a text to be absent."""
    absent = (check.existence == "none_exist") != check.negated
    return check.kind == "textfilecontent54" and absent


def _place(target: OvalObject) -> str:
    return target.get("filepath").value or target.get("path").value


def wants(rule: ScapRule) -> list[list[RequiredText]]:
    """Return the wanted texts of each option that can be written.

    Options with fewer texts come first, and among those, options that edit no
    file of the system.
    """
    literals = [b or c for _, b, c in re.findall(_LITERAL, rule.fix)]
    found_options = [_all_wants(option, literals) for option in options(rule.checks)]
    usable = [option for option in found_options if option]
    return sorted(usable, key=lambda option: (len(option), any(not w.folder for w in option)))


def _all_wants(option: tuple[ResolvedTest, ...], literals: list[str]) -> list[RequiredText]:
    result: list[RequiredText] = []
    for check in option:
        if is_wanted(check):
            want = _want(check, literals)
        elif check.kind == "variable" and check.sources:
            want = _variable_want(check)
        else:
            continue
        if want is None:
            return []
        result.append(want)
    return result


def _want(check: ResolvedTest, literals: list[str]) -> RequiredText | None:
    path, folder, suffix = _location(check.target)
    if not path and not folder:
        return None
    value = choose_value(check.states, check.state_operator, "subexpression", literals)
    if value is None and any("subexpression" in state for state in check.states):
        return None
    text = next((text for text in _texts(check, value, literals) if _fits(check, text, value)), "")
    return RequiredText(check, path, folder, suffix, text, value or "") if text else None


def _texts(check: ResolvedTest, value: str | None, literals: list[str]) -> Iterator[str]:
    with contextlib.suppress(ValueError):
        yield sample(check.pattern, value).strip()
    yield from literals


def _fits(check: ResolvedTest, text: str, value: str | None) -> bool:
    captured = None if text.endswith("=") else found(check.pattern, text + "\n")
    return captured is not None and (value is None or captured.strip() == value.strip())


def _variable_want(check: ResolvedTest) -> RequiredText | None:
    """A value that the check first collects from a file, such as the last of many."""
    source = check.sources[0]
    value = choose_value(check.states, check.state_operator, "value")
    path = source.get("filepath")
    if value is None or path.operation != "equals" or not path.value:
        return None
    try:
        line = sample(source.get("pattern").value).strip().splitlines()[-1]
    except (ValueError, IndexError):
        return None
    head, _, _ = line.rpartition(" ")
    return RequiredText(check, path.value, "", "", f"{head} {value}", value) if head else None


def _location(target: OvalObject) -> tuple[str, str, str]:
    """Return path, folder and suffix of the place where a target looks."""
    filepath = target.get("filepath")
    if filepath.values and filepath.operation == "equals":
        return filepath.value, "", ""
    if filepath.values:
        return _location_of_pattern(filepath.value)
    folder, name = target.get("path").value, target.get("filename")
    if target.get("path").operation != "equals":
        return "", "", ""
    if name.operation == "equals" and name.values:
        return f"{folder.rstrip('/')}/{name.value}", "", ""
    return "", folder.rstrip("/"), _suffix(name.value)


def _location_of_pattern(pattern: str) -> tuple[str, str, str]:
    try:
        with_name = sample(pattern, filler="NAME")
        without = sample(pattern)
    except ValueError:
        return "", "", ""
    if "NAME" in with_name and not found(pattern, without):
        return "", with_name.rpartition("/")[0], _suffix(pattern)
    if "NAME" in with_name and without.rpartition("/")[2].startswith("."):
        return "", with_name.rpartition("/")[0], _suffix(pattern)
    return without, "", ""


def _suffix(pattern: str) -> str:
    extension = re.search(r"\\?\.(\w+)\)?\$?$", pattern)
    return f".{extension.group(1)}" if extension else ""


def unwanted(rule: ScapRule) -> Iterator[ResolvedTest]:
    """Yield the checks of the first option that ask for a text to be absent."""
    for option in options(rule.checks)[:1]:
        yield from (check for check in option if is_unwanted(check))
