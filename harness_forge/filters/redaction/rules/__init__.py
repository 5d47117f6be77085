"""Every rule, most specific first.

tokens.py       keys and tokens that the scanner does not know, or not in full
scanner.py      keys and tokens whose form detect-secrets knows
passwords.py    headers, URLs, hashes, what a sentence says
commands.py     what a command line hands over
configured.py   files of systems
assignments.py  a name that says what its value is
hosts.py        names of machines
addresses.py    IPv4, IPv6, MAC
people.py       e-mail addresses, and user names in paths
"""

from __future__ import annotations

from functools import cache

from harness_forge.filters.redaction.rule import Rule
from harness_forge.filters.redaction.rules import (
    addresses,
    assignments,
    commands,
    configured,
    hosts,
    passwords,
    people,
    scanner,
    tokens,
)


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule; the scanner is loaded with the first call."""
    return (
        *tokens.RULES,
        *scanner.rules(),
        *passwords.RULES,
        *commands.RULES,
        *configured.RULES,
        *assignments.RULES,
        *people.RULES,
        *hosts.RULES,
        *addresses.RULES,
    )


KINDS = tuple(
    sorted(
        {rule.kind for rule in (*tokens.RULES, *passwords.RULES, *assignments.RULES)}
        | {rule.kind for rule in (*commands.RULES, *configured.RULES)}
        | {rule.kind for rule in (*people.RULES, *hosts.RULES, *addresses.RULES)}
        | set(scanner.KINDS)
    )
)
"""Names of all kinds, as `redaction.kinds` switches them."""
