"""Keys and tokens that a maintained scanner knows: detect-secrets.

Its regular expressions are used, and nothing else of it: `verify()` would send
a key to its vendor to ask whether it is live, and its keyword and entropy
detectors take `token = parse()` and every hash for a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from harness_forge.datasets.redaction.rule import RedactionRule

_PLUGINS: dict[str, tuple[str, str, str]] = {
    # kind: module, class, hint
    "artifactory_key": (
        "artifactory",
        "ArtifactoryDetector",
        r"AKC[a-zA-Z0-9]{10}|AP[0-9A-F][a-zA-Z0-9]{40}",
    ),
    "aws_access_key": (
        "aws",
        "AWSKeyDetector",
        r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}|(?i:aws.{0,20}(?:key|pw|pass|token))",
    ),
    "azure_storage_key": ("azure_storage_key", "AzureStorageKeyDetector", r"AccountKey="),
    "cloudant_key": ("cloudant", "CloudantDetector", r"(?i)cloudant"),
    "discord_token": (
        "discord",
        "DiscordBotTokenDetector",
        r"[MNO][a-zA-Z0-9_-]{23,25}\.[a-zA-Z0-9_-]{6}\.",
    ),
    "github_token": ("github_token", "GitHubTokenDetector", r"gh[pousr]_[A-Za-z0-9_]{36}"),
    "gitlab_token": (
        "gitlab_token",
        "GitLabTokenDetector",
        r"gl[a-z]{2,6}-[A-Za-z0-9_-]{20}|GR1348941",
    ),
    "jwt": ("jwt", "JwtTokenDetector", r"eyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]"),
    "mailchimp_key": ("mailchimp", "MailchimpDetector", r"[0-9a-z]{32}-us[0-9]"),
    "openai_key": ("openai", "OpenAIDetector", r"T3BlbkFJ"),
    "pypi_token": ("pypi_token", "PypiTokenDetector", r"pypi-Ag"),
    "sendgrid_key": ("sendgrid", "SendGridDetector", r"SG\.[a-zA-Z0-9_-]{22}\."),
    "slack_token": ("slack", "SlackDetector", r"(?i)xox[abposr]-[0-9]|hooks\.slack\.com"),
    "softlayer_key": ("softlayer", "SoftlayerDetector", r"(?i)softlayer"),
    "square_secret": ("square_oauth", "SquareOAuthDetector", r"sq0csp-"),
    "stripe_key": ("stripe", "StripeDetector", r"[rs]k_live_"),
    "telegram_token": (
        "telegram_token",
        "TelegramBotTokenDetector",
        r"[0-9]{8,10}:[0-9A-Za-z_-]{35}",
    ),
    "twilio_key": ("twilio", "TwilioKeyDetector", r"AC[a-z0-9]{32}|SK[a-z0-9]{32}"),
}
KINDS = tuple(_PLUGINS)


def rules() -> Iterator[RedactionRule]:
    """Yield a rule for each detector that is used; loads detect-secrets."""
    from importlib import import_module

    for kind, (module, name, hint) in _PLUGINS.items():
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        valid = getattr(detector, "is_formally_valid", lambda value: True)
        yield RedactionRule(kind, hint, _search(tuple(detector.denylist), valid))


_WORD = re.compile(r"[A-Za-z0-9_/+=-]")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9/+=-])_{1,3}\Z")
"""Markdown's lines for emphasis, which begin no word: _SK…_."""


def _search(
    patterns: Sequence[re.Pattern[str]], valid: Callable[[str], bool]
) -> Callable[[str], Iterator[tuple[int, int]]]:
    def search(text: str) -> Iterator[tuple[int, int]]:
        for pattern in patterns:
            for match in pattern.finditer(text):
                if valid(match[0]) and not _inside(text, match) and not _filled(match[0]):
                    yield _value(match)

    return search


def _filled(token: str) -> bool:
    """Tell whether a token is a head and one letter over and over: a form to fill in."""
    return len(token) > 20 and len(set(token[8:])) < 4


def _inside(text: str, match: re.Match[str]) -> bool:
    """Tell whether a token starts in the middle of a longer word, such as of a base64 text."""
    at = match.start()
    if at == 0 or not _WORD.match(text[at - 1]) or not _WORD.match(text[at]):
        return False
    if text[at - 1] in "=/-+" or _EMPHASIS.search(text, max(0, at - 3), at):
        return False
    return not (at > 1 and text[at - 2] == "\\" and text[at - 1] in "nrtbf")


def _value(match: re.Match[str]) -> tuple[int, int]:
    """Return the span of the secret: the group that took part, or the match without its frame."""
    groups = [index for index in range(1, match.re.groups + 1) if match.span(index) != (-1, -1)]
    if groups and len(match[groups[-1]]) >= 20:
        return match.span(groups[-1])
    start, end = match.span()
    while start < end and match.string[start] in " \t\r\n=:\"'":
        start += 1
    while end > start and match.string[end - 1] in " \t\r\n\"'":
        end -= 1
    return start, end
