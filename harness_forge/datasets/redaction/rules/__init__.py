"""Every rule, most specific first.

tokens.py       keys and tokens that the scanner does not know, or not in full
families.py     how the tables of services become rules
model_services.py  keys of model APIs and of what agents use beside them
services.py     keys of other services, by family
scanner.py      keys and tokens that detect-secrets knows
urls.py         paths of webhooks, signatures, parameters, cookies
passwords.py    headers, URLs, hashes, what a sentence says
commands.py     what a command line hands over
configured.py   files of systems
assignments.py  a name that says what its value is
hosts.py        names of machines
addresses.py    IPv4, IPv6, MAC
named.py        values that vary, under a name that says key
unknown.py      keys of unlisted services
encoded.py      the same in base64 or hexadecimal
people.py       e-mail addresses, and user names in paths
"""

from __future__ import annotations

from functools import cache

from harness_forge.datasets.redaction.rule import RedactionRule
from harness_forge.datasets.redaction.rules import (
    addresses,
    assignments,
    commands,
    configured,
    encoded,
    hosts,
    model_services,
    named,
    passwords,
    people,
    scanner,
    services,
    tokens,
    unknown,
    urls,
)


@cache
def rules() -> tuple[RedactionRule, ...]:
    """Return every rule; the scanner is loaded with the first call."""
    keys = (*tokens.RULES, *model_services.RULES, *services.RULES)
    return (
        *keys,
        *scanner.rules(),
        *passwords.RULES,
        *commands.RULES,
        *configured.RULES,
        *assignments.RULES,
        *urls.RULES,
        *named.RULES,
        *unknown.RULES,
        *encoded.rules((*keys, *passwords.RULES, *assignments.RULES)),
        *people.RULES,
        *hosts.RULES,
        *addresses.RULES,
    )


KINDS = tuple(
    sorted(
        {
            rule.kind
            for module in (
                tokens,
                model_services,
                services,
                urls,
                named,
                unknown,
                passwords,
                commands,
                configured,
                assignments,
                people,
                hosts,
                addresses,
            )
            for rule in module.RULES
        }
        | set(scanner.KINDS)
        | {encoded.KIND}
    )
)
"""Names of all kinds, as `redaction.kinds` switches them."""
