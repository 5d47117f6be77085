"""Tells in one pass over a text which rules are worth running on it.

The hints of all rules are one automaton of RE2, in time linear in the text:
about 6 microseconds for 2.8 KB, where trying the rules one by one takes
milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import re2

from harness_forge.filters.redaction.rule import Finding, Rule
from harness_forge.filters.redaction.rules.hosts import under

_MEMORY = 64 << 20
"""Bytes RE2 may use for its automaton; too few and it would find nothing."""


class Gate:
    """Runs the rules whose hint stands in the text.

    Args:
        rules: the rules, most specific first: of equal findings the first counts.
        domains: domain names under which every name is a host.
    """

    def __init__(self, rules: Sequence[Rule], domains: Sequence[str] = ()) -> None:
        self._rules = [*rules, *([under(domains)] if domains else [])]
        options = re2.Options()
        options.max_mem = _MEMORY
        options.never_capture = True
        self._set = re2.Set.SearchSet(options)
        for rule in self._rules:
            self._set.Add(rule.hint)
        self._set.Compile()

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings of every rule; they may overlap."""
        for index in self.hit(text):
            yield from self._rules[index].find(text)

    def opens(self, text: str) -> bool:
        """Tell whether anything may be found in `text`, or in JSON that it holds."""
        return bool(self.hit(text)) or "\\u00" in text

    def hit(self, text: str) -> list[int]:
        """Return which rules are worth running, in their order."""
        # Half a surrogate pair is no text, but it must not hide a secret either.
        return sorted(self._set.Match(text.encode("utf-8", "surrogatepass")) or ())
