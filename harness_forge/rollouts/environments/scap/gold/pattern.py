"""Sample the simplest text that a check's regular expression accepts.

A small sampler for the expressions in OVAL checks: the line to write comes
from the check itself, and `accepts` confirms it before anything runs. Optional
parts are left out; of several alternatives the first that fits is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness_forge.rollouts.environments.scap.oval_records import Entity, Fields

_ZERO_WIDTH = re.compile(r"\(\?[imsx-]+\)")
_ESCAPED = {"s": " ", "d": "0", "w": "x", "S": "x", "N": "x", "t": "\t", "n": "\n", "D": "x"}
_NAMED = {"space": r"\s", "digit": r"\d", "alpha": "a-zA-Z", "alnum": "a-zA-Z0-9", "blank": r" \t"}
_NAMED_CLASS = re.compile(rf"\[:({'|'.join(_NAMED)}):\]")
_ANCHORS = set("bBAZzGrR")
# Capturing groups are marked in the sampled text with characters that no check contains.
_OPEN, _CLOSE, _FIRST = "\0", "\1", 0xE000
_MARKS = re.compile("\0[\ue000-\ue0ff]|\1")


@dataclass(slots=True)
class _Reader:
    """A recursive descent reader over one expression."""

    text: str
    filler: str
    captures: list[str] = field(default_factory=list)
    position: int = 0

    def alternatives(self) -> list[str]:
        """Read up to a closing bracket or the end; return one text for each alternative."""
        texts: list[str] = []
        start, ends_line = self.position, False
        while True:
            texts.append(self._sequence())
            ends_line |= self.text[start : self.position] == "$"
            if self._peek() != "|":
                return [""] if ends_line else texts
            self.position += 1
            start = self.position

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _take(self) -> str:
        self.position += 1
        return self.text[self.position - 1]

    def _sequence(self) -> str:
        parts: list[str] = []
        while self._peek() and self._peek() not in "|)":
            atom, is_any = self._atom()
            parts.append(self._repeated(atom, is_any))
        return "".join(parts)

    def _atom(self) -> tuple[str, bool]:
        """Return the atom's text, and whether it matches any character."""
        char = self._take()
        match char:
            case "^" | "$":
                return "", False
            case ".":  # on its own it is an unescaped literal dot
                return (self.filler, True) if self._peek() in ("*", "+", "?", "{") else (".", False)
            case "[":
                return self._class()
            case "(":
                return self._group(), False
            case "\\":
                escaped = self._take()
                if escaped in _ANCHORS:
                    return "", False
                return _ESCAPED.get(escaped, escaped), escaped in "SNwD"
        return char, False

    def _repeated(self, atom: str, is_any: bool) -> str:
        least, most = self._quantifier()
        if is_any and (least, most) != (1, 1):
            return self.filler * (least or self.filler != "x")
        if least == 0:
            return "\n" if atom == "\n" else ""
        return atom * least

    def _quantifier(self) -> tuple[int, int]:
        bounds = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(self._peek())
        if bounds is None:
            counted = re.compile(r"\{(\d*)(,?)(\d*)\}").match(self.text, self.position)
            if not counted:
                return 1, 1
            self.position = counted.end()
            return int(counted[1] or 0), 1 if counted[1] == "1" and not counted[2] else -1
        self.position += 1
        if self._peek() and self._peek() in "?+":
            self.position += 1
        return bounds

    def _group(self) -> str:
        if self.text.startswith("?", self.position):
            marker = re.compile(r"\?(:|=|!|<=|<!|>|P<\w+>)").match(self.text, self.position)
            if marker is None:
                raise ValueError(f"unknown group in {self.text!r}")
            self.position = marker.end()
            inner = _chosen(self.alternatives())
            self._take()
            return "" if marker[1] in ("=", "!", "<=", "<!") else inner
        number = len(self.captures)
        self.captures.append("")
        inner = _chosen(self.alternatives())
        self._take()
        self.captures[number] = inner
        return f"{_OPEN}{chr(_FIRST + number)}{inner}{_CLOSE}"

    def _class(self) -> tuple[str, bool]:
        negated = self._peek() == "^"
        if negated:
            self.position += 1
        members: list[str] = []
        while self._peek() != "]" or not members:
            if self.text.startswith("[:", self.position):
                end = self.text.index(":]", self.position)
                members.append(
                    {"space": " ", "digit": "0"}.get(self.text[self.position + 2 : end], "x")
                )
                self.position = end + 2
                continue
            char = self._take()
            members.append(
                _ESCAPED.get(self._take(), self.text[self.position - 1]) if char == "\\" else char
            )
        self._take()
        return (self.filler, True) if negated else (members[0], False)


def _chosen(texts: list[str]) -> str:
    """Return the first alternative that is not empty, or ''."""
    return next((text for text in texts if text), "")


def sample(pattern: str, capture: str | None = None, filler: str = "x") -> str:
    """Return the simplest text that `pattern` accepts.

    Args:
        capture: used for the first capturing group.
        filler: used where the pattern accepts any text but not none.

    Raises:
        ValueError: the expression has syntax that the sampler does not support.
    """
    reader = _Reader(_ZERO_WIDTH.sub("", pattern), filler)
    try:
        text = _chosen(reader.alternatives())
    except IndexError as error:
        raise ValueError(f"cannot read {pattern!r}") from error
    if capture is not None:
        text = _replace_first_capture(text, capture)
    return _MARKS.sub("", text)


def _replace_first_capture(text: str, value: str) -> str:
    start = text.find(_OPEN + chr(_FIRST))
    if start < 0:
        return text
    depth, end = 1, start + 2
    while depth:
        depth += {_OPEN: 1, _CLOSE: -1}.get(text[end], 0)
        end += 1
    return text[:start] + value + text[end:]


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile an OVAL expression almost as the scanner reads it.

    Python has no flags in the middle, no `\\N` and no named classes. If the
    content switches case sensitivity, case is ignored in the whole expression.
    """
    flags = re.MULTILINE | (re.IGNORECASE if "(?i)" in pattern else re.NOFLAG)
    text = _ZERO_WIDTH.sub("", pattern).replace(r"\N", r"[^\n]")
    return re.compile(_NAMED_CLASS.sub(lambda match: _NAMED[match[1]], text), flags)


def found(pattern: str, text: str) -> str | None:
    """Return what `pattern` captures in `text` (or the whole match), None if nothing."""
    try:
        match = compiled(pattern).search(text)
    except re.error:
        return None
    if match is None:
        return None
    return (match.group(1) or "") if match.re.groups else match.group()


def holds(entity: Entity, value: str) -> bool:
    """Return whether `value` meets `entity`."""
    results = [_compare(entity.operation, value, wanted) for wanted in entity.values]
    return any(results) if entity.var_check == "at least one" else bool(results) and all(results)


def _compare(operation: str, value: str, wanted: str) -> bool:
    if operation == "pattern match":
        return found(wanted, value) is not None
    if operation in ("case insensitive equals", "case insensitive not equal"):
        return (value.lower() == wanted.lower()) == (operation == "case insensitive equals")
    try:
        left, right = int(value), int(wanted)
    except ValueError:
        return (value == wanted) == (operation == "equals") and "equal" in operation
    return {
        "equals": left == right,
        "not equal": left != right,
        "less than": left < right,
        "less than or equal": left <= right,
        "greater than": left > right,
        "greater than or equal": left >= right,
    }.get(operation, False)


def choose_value(
    states: tuple[Fields, ...], operator: str, name: str, others: Iterable[str] = ()
) -> str | None:
    """Return a value for field `name` that the states of a check accept.

    Bounds are tried before their neighbours, so that a limit is set to the limit.
    None if the states do not mention `name` or no candidate fits.

    Args:
        others: values to try where the states only say what is wrong.
    """
    entities = [state[name] for state in states if name in state and state[name].values]
    if not entities:
        return None
    wanted = any if operator == "OR" else all
    candidates = sorted(
        (candidate for entity in entities for candidate in _candidates(entity)),
        key=lambda pair: pair[0],
    )
    for value in [*(value for _, value in candidates), *others]:
        if wanted(holds(entity, value) for entity in entities):
            return value
    return None


def _candidates(entity: Entity) -> list[tuple[int, str]]:
    value = entity.value
    match entity.operation:
        case "equals" | "case insensitive equals":
            return [(0, value)]
        case "less than or equal" | "greater than or equal":
            return [(0, value)]
        case "pattern match":
            try:
                return [(1, sample(value))]
            except ValueError:
                return []
        case "greater than" | "less than" if value.lstrip("-").isdigit():
            return [(2, str(int(value) + (1 if entity.operation == "greater than" else -1)))]
    return []
