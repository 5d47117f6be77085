"""Keys with a form beyond prefix and body: private keys, AWS's secrets, webhooks."""

# ruff: noqa: S105

from __future__ import annotations

from harness_forge.datasets.redaction.rule import END, START, RedactionRule, by_pattern

_FORMS: tuple[tuple[str, str, str], ...] = (
    # kind, hint, form
    (
        "slack_webhook",
        r"hooks\.slack\.com",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,}",
    ),
    (
        "discord_webhook",
        r"discord(?:app)?\.com/api/webhooks",
        r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_-]{50,}",
    ),
    (
        "teams_webhook",
        r"webhook\.office\.com",
        r"https://[a-z0-9-]+\.webhook\.office\.com/[A-Za-z0-9@/_-]{40,}",
    ),
    (
        "azure_storage_key",
        r"AccountKey=|SharedAccessKey=|sig=",
        r"(?:(?:Account|SharedAccess)Key=|[?&]sig=)(?P<v>[A-Za-z0-9+/%]{40,}={0,2})",
    ),
    (
        "sentry_dsn",
        r"sentry\.io/",
        r"https://[a-f0-9]{32}(?::[a-f0-9]{32})?@[a-z0-9.]*sentry\.io/\d+",
    ),
)

_AWS_SECRET = (
    r"(?i)secret_?access_?key\\?[\"']?[\])]?\s{0,3}(?:=>|:=|=|:)\s{0,3}\\?[\"']?"
    r"(?P<v>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_KEY_HEAD = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_KEY_TAIL = r"-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE_KEY = (
    # Whole, also on one line with \n in words. One that was cut goes as far as it is base64.
    rf"{_KEY_HEAD}(?:[A-Za-z0-9+/=\s\\:,.()_-]{{0,20000}}?{_KEY_TAIL}|(?:[A-Za-z0-9+/=\s]|\\[nr])*)"
    r"|-----BEGIN OpenVPN Static key V1-----[\sA-Fa-f0-9\\nr#]{0,2000}"
    r"-----END OpenVPN Static key V1-----"
    r"|PuTTY-User-Key-File-[23]:(?:.|\n){0,8000}?Private-MAC: [0-9a-f]+"
)
RULES = (
    RedactionRule("aws_secret_key", r"(?i)secret_?access_?key", by_pattern(_AWS_SECRET)),
    RedactionRule(
        "private_key",
        r"PRIVATE KEY|PuTTY-User-Key-File|OpenVPN Static key",
        by_pattern(_PRIVATE_KEY, lambda match: len(match[0]) > 60),
    ),
    *(
        RedactionRule(
            kind,
            hint,
            by_pattern(f"{START}(?:{form}){END}" if form[0] != "(" or "?P" not in form else form),
        )
        for kind, hint, form in _FORMS
    ),
)
