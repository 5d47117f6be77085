"""Replaces secrets, names and addresses everywhere in a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from operator import is_
from typing import Any

from harness_forge.config.redaction import RedactionConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Message
from harness_forge.datasets.redaction.gate import Gate
from harness_forge.datasets.redaction.literals import literal
from harness_forge.datasets.redaction.names import Names
from harness_forge.datasets.redaction.pseudonyms import Pseudonyms, is_pseudonym
from harness_forge.datasets.redaction.recognised import NONE, RecognisedSecrets, collectable
from harness_forge.datasets.redaction.remembered import Changed, Findings, Remembered
from harness_forge.datasets.redaction.rule import RedactionSpan
from harness_forge.datasets.redaction.rules import KINDS, rules
from harness_forge.datasets.redaction.texts import rewrite

Counts = Counter[str]
"""Kind to how many values were replaced."""
_VALUE = 512
"""Characters of the longest text that its key may give away."""
_QUOTES = str.maketrans(dict.fromkeys("\"'\\", "!"))
_TELLING = re.compile(
    r"pass|pwd|secret|token|key|psk|credential|community|host|server|node|machine|peer|fqdn|cookie|auth",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def _telling(key: str) -> bool:
    return _TELLING.search(key) is not None


_USUAL = frozenset(("role", "content", "reasoning_content", "name", "tool_call_id"))
_CALL = frozenset(("id", "type", "function", "name", "arguments"))


class Redactor:
    """Replaces secrets, names and addresses by pseudonyms.

    The same value gets the same pseudonym in every row and every process that
    has the same key. What is remembered from one call to the next spares work and
    no more: the order of the rows and the number of workers change nothing.

    Args:
        config: which kinds, and what stays.
        key: of the pseudonyms, see `load_key`.
        recognised: secrets that are replaced wherever they stand.

    Raises:
        ConfigError: an unknown kind, or a pattern that is no regular expression.
    """

    def __init__(
        self, config: RedactionConfig, key: bytes, recognised: RecognisedSecrets = NONE
    ) -> None:
        self._config, self._key, self._recognised = config, key, recognised
        self._pseudonyms = Pseudonyms(key)
        self._allowed = _allowed(config.allow)
        self._last: tuple[Any, Names] = (None, Names())
        self._remembered = Remembered()
        self._gate = _gate(_kinds(config), tuple(config.domains)) if config.enabled else None

    def __reduce__(self):
        return (Redactor, (self._config, self._key, self._recognised))

    def messages(
        self, messages: Sequence[Message], after: Sequence[Message] = ()
    ) -> tuple[list[Message], Counts]:
        """Return the messages redacted, and the counts of replacements.

        They are one text: a name that is found in one of them is replaced in
        all. Messages without a finding are the very same objects.

        Args:
            after: messages they follow, before redaction: names found there are
                replaced here too. Give the prompt when you redact an answer,
                but redact the prompt by itself: then it does not depend on the answer.
        """
        names = self._names_of(after)
        if not names and self._gate and self._quiet(messages):
            self._last = messages, names
            return list(messages), Counter()
        new, counts = self.value(messages, after=after)
        return list(new), counts

    def _quiet(self, messages: Sequence[Message]) -> bool:
        """Return whether messages have the usual shape and no rule can match them.

        Most are, and need not be walked through.
        """
        texts: list[Any] = []
        for message in messages:
            for key, value in message.items():
                if key == "tool_calls" and isinstance(value, list):
                    for call in value:
                        function = call.get("function") if isinstance(call, dict) else None
                        if not isinstance(function, dict) or not _CALL.issuperset(function):
                            return False
                        texts += [item for name, item in call.items() if name != "function"]
                        texts += function.values()
                        if not _CALL.issuperset(call):
                            return False
                elif key in _USUAL:
                    texts.append(value)
                else:
                    return False
        return not any(not isinstance(text, str) or self.may_find(text) for text in texts)

    def value(self, value: Any, after: Any = ()) -> tuple[Any, Counts]:
        """Return a JSON-like value redacted, and the counts of replacements.

        Strings that hold JSON, such as a call's arguments, stay valid JSON.
        """
        counts: Counts = Counter()
        if self._gate is None:
            return value, counts
        names = self._names_of(after)
        parts = _parts(value)
        keys = [self._remembered.key(part) for part in parts]
        found, keyed, worthy = self._look(parts, keys, names)
        self._last = value, names
        if not found and not names:
            return value, counts
        # A part's own findings are the same in every row; these are what else counts.
        others = tuple((text, tuple(found[text])) for text in sorted(keyed))
        state = self._remembered.state((names.state(), others))
        new = []
        for part, key, worth in zip(parts, keys, worthy, strict=True):
            worth = worth | keyed if keyed else worth
            change = partial(self._changed, part, found, worth, names, len(parts) > 1)
            made = self._remembered.changed(key, state, change)
            counts.update(made.counts)
            new.append(part if made.part is None else made.part)
        if not isinstance(value, list | tuple) or len(parts) < 2:
            return new[0], counts
        return value if all(map(is_, value, new)) else new, counts

    def _changed(
        self,
        part: Any,
        found: Mapping[str, Sequence[RedactionSpan]],
        worthy: frozenset[str],
        names: Names,
        inner: bool,
    ) -> Changed:
        """Return a part with all findings replaced; None for one in which nothing changed."""
        counts: Counts = Counter()

        def change(text: str) -> str:
            return self._replace(text, found.get(text, ()), names, counts)

        new = rewrite(
            part, change, lambda text: text in worthy or names.stand_in(text), depth=int(inner)
        )
        return Changed(None if new is part else new, counts)

    def _names_of(self, after: Any) -> Names:
        """Return the names found in `after`; the last result is cached."""
        last, names = self._last
        if after and last is not after:
            names, parts = Names(), _parts(after)
            self._look(parts, [self._remembered.key(part) for part in parts], names)
        return names.copy() if after else Names()

    def text(self, text: str) -> str:
        """Return one text redacted."""
        return self.value(text)[0]

    def findings(self, text: str) -> list[RedactionSpan]:
        """Return the findings in one plain text, in order, not overlapping."""
        if self._gate is None:
            return []
        # What was recognised comes first: of one value's kinds that decides on its pseudonym.
        found = chain(self._recognised.find(text), self._gate.find(text))
        return _apart(one for one in found if not self._stays(one))

    def may_find(self, text: str) -> bool:
        """Return whether there may be a finding in `text`, or in JSON inside it."""
        if self._gate is None:
            return False
        return self._gate.opens(text) or self._recognised.may_stand_in(text)

    def secrets(self, value: Any) -> Iterator[RedactionSpan]:
        """Yield the findings in a JSON-like value that are worth looking for elsewhere."""
        if self._gate is not None:
            found = self._found(value, inner=False).found
            yield from (one for each in found.values() for one in each if collectable(one))

    def finds_nothing_in(self, texts: Sequence[str]) -> bool:
        """Return whether it is certain that no text has a finding; all are looked through at once.

        No rule's hint asks for the beginning or the end of a text, only of a line or a word.
        """
        if self._gate is None:
            return True
        text = "\n".join(texts)
        return not self._gate.may_find(text) and not self._recognised.may_stand_in(text)

    def _findings_by_key(self, key: str, text: str) -> list[RedactionSpan]:
        """Return the findings in a text that is the value of `key`."""
        if not 3 < len(text) <= _VALUE or not _telling(key) or "\n" in text:
            return []
        # What would end the literal stands as another sign in it, one for one.
        plain = text.translate(_QUOTES)
        if plain != text and not literal(text):
            return []
        before = len(key) + 5
        found = [
            one._replace(start=one.start - before, end=one.end - before)
            for one in self.findings(f'"{key}": "{plain}"')
            if before <= one.start and one.end <= before + len(text)
        ]
        return [one._replace(value=text[one.start : one.end]) for one in found]

    def _look(
        self, parts: Sequence[Any], keys: Sequence[bytes | None], names: Names
    ) -> tuple[dict[str, Sequence[RedactionSpan]], frozenset[str], list[frozenset[str]]]:
        """Return the findings by text, the texts whose key told them, each part's worthy texts."""
        found: dict[str, Sequence[RedactionSpan]] = {}
        keyed: set[str] = set()
        worthy = []
        for part, key in zip(parts, keys, strict=True):
            one = self._remembered.findings(key, partial(self._found, part, len(parts) > 1))
            keyed |= one.keyed
            worthy.append(one.worthy)
            for text, findings in one.found.items():
                if text not in found:
                    found[text] = findings
                    for finding in findings:
                        names.learn(finding, self._pseudonyms.of(finding.form, finding.value))
        return found, frozenset(keyed), worthy

    def _found(self, part: Any, inner: bool) -> Findings:
        found: dict[str, Sequence[RedactionSpan]] = {}
        keyed: set[str] = set()
        worthy: set[str] = set()

        def worth(text: str) -> bool:
            if text not in worthy and self.may_find(text):
                worthy.add(text)
            return text in worthy

        def learn(text: str, findings: list[RedactionSpan]) -> None:
            if findings and text not in found:
                worthy.add(text)
                found[text] = findings

        def tell(key: str, text: str) -> None:
            if findings := self._findings_by_key(key, text):
                keyed.add(text)
                learn(text, findings)

        def look(text: str) -> str:
            learn(text, self.findings(text))
            return text

        rewrite(part, look, worth, tell, depth=int(inner))
        return Findings(found, frozenset(keyed), frozenset(worthy))

    def _replace(
        self, text: str, findings: Iterable[RedactionSpan], names: Names, counts: Counts
    ) -> str:
        carried = names.find(text, findings) if names else []
        pieces, at = [], 0
        for one in _apart([*findings, *carried]):
            counts[one.kind] += 1
            by = names.pseudonym(one) or self._pseudonyms.of(one.form, one.value)
            # A word right behind it would make it another word, which may look like a key.
            apart = " " if text[one.end : one.end + 1].isalnum() else ""
            pieces += [text[at : one.start], by + apart]
            at = one.end
        return "".join([*pieces, text[at:]]) if pieces else text

    def _stays(self, finding: RedactionSpan) -> bool:
        value = finding.value
        return any(allowed.fullmatch(value) for allowed in self._allowed) or is_pseudonym(value)


def _parts(value: Any) -> Sequence[Any]:
    """Return the elements of a list, such as messages; any other value by itself."""
    return value if isinstance(value, list | tuple) and len(value) > 1 else [value]


def _apart(findings: Iterable[RedactionSpan]) -> list[RedactionSpan]:
    """Merge overlapping findings; the result covers all that `findings` cover.

    Of two that overlap the longer gives its kind; the other's rest goes with it.
    """
    kept: list[RedactionSpan] = []
    for one in sorted(findings, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            last = kept[-1]
            shown = last.value + one.value[last.end - one.start :]
            kept[-1] = last._replace(end=one.end, value=shown, form=last.kind)
    return kept


def _kinds(config: RedactionConfig) -> tuple[str, ...]:
    """Return the kinds that are looked for, as the rules have them."""
    unknown = sorted(set(config.kinds) - set(KINDS))
    if unknown:
        hint = f"{did_you_mean(unknown[0], KINDS)}kinds: {', '.join(KINDS)}"
        raise ConfigError(f"redaction.kinds.{unknown[0]}", "is no kind", hint)
    return tuple(kind for kind in KINDS if config.kinds.get(kind, True))


@lru_cache(maxsize=2)
def _gate(kinds: tuple[str, ...], domains: tuple[str, ...]) -> Gate:
    """Return the gate of some kinds; an export and its audit share one and what it learned.

    An automaton grows with the texts that it sees, up to 64 MB, and is slow until it has.
    """
    chosen = set(kinds)
    return Gate([rule for rule in rules() if rule.kind in chosen], domains)


def _allowed(patterns: Mapping[str, str | None]) -> list[re.Pattern[str]]:
    compiled = []
    for name, pattern in patterns.items():
        try:
            compiled += [re.compile(pattern)] if pattern else []
        except re.error as error:
            raise ConfigError(
                f"redaction.allow.{name}", f"is no regular expression: {error}"
            ) from None
    return compiled
