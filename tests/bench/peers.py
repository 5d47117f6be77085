"""The same filters as a user of `datasets` would write them: a function a row, with the usual libraries.

What forge's default filters and redaction do to a worker's turn, written plainly:
`jsonschema_rs` for calls, detect-secrets' detectors and a handful of patterns for
what must not leave, datasketch's MinHash (128 places, runs of 5 words) and its LSH
for near duplicates of one item, a set for exact ones. Nothing of forge is used.
It is spared what it need not do here either: a text of fewer bytes than the most
tokens has no more tokens than that, so no tokenizer is asked.
"""

# ruff: noqa: E501

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import re
from functools import cache
from itertools import pairwise
from typing import Any

KEY, MOST_TOKENS, MOST_REPEAT, MOST_HTML = bytes(32), 8192, 0.6, 0.2
PLACES, SHINGLE, THRESHOLD, SCHEME = 128, 5, 0.9, "affine32"
"""As datasketch 2 has them by default, the fastest that it knows."""

NOISE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]|\r(?!\n)")
HTML = re.compile(
    r"</?(?:a|b|body|br|code|div|h[1-6]|head|html|i|img|li|ol|p|pre|script|span|strong|table|td|th|tr|ul)(?:\s[^<>]*)?/?>|&(?:nbsp|amp|lt|gt|quot|#\d+);",
    re.I,
)
CUT = re.compile(r"truncated|\d+ (?:more )?(?:characters|chars|bytes|lines) (?:truncated|omitted)")
RECEIPTS = ("[TOOL_OUTPUT_RECEIPT]", "[TOOL_RESULT_TRUNCATED]", "<TOOL_RESULT_REF", "[artifact:")
DETECTORS = {
    "artifactory": "ArtifactoryDetector", "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector", "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector", "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector", "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector", "openai": "OpenAIDetector", "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector", "slack": "SlackDetector", "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector", "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector", "twilio": "TwilioKeyDetector",
}  # fmt: skip
PATTERNS = {
    "private-key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----",
    "password": r"(?i)\b(?:password|passwd|secret|api_?key|token)\s*[=:]\s*[\"']?(?P<v>[^\s\"'$<{]{8,})",
    "credentials": r"(?:://|-u )[^\s:/@]+:(?P<v>[^\s@/]{4,})(?=[@ ])",
    "email": r"(?P<v>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    "ipv4": r"(?<![\d.])(?P<v>(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d))(?![\d.])",
    "ipv6": r"(?<![\w:])(?P<v>(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4})(?![\w:])",
    "mac": r"(?<![\w:])(?P<v>(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})(?![\w:])",
    "host": r"(?P<v>\b[\w-]+(?:\.[\w-]+)*\.(?:corp|lan|local|internal|intra)(?:\.[\w-]+)*\b)",
    "user": r"(?:/home/|/Users/)(?P<v>[\w.-]+)",
}  # fmt: skip


def prepared(row: dict[str, Any]) -> dict[str, Any]:
    """Return the line of a row, why it is rejected ('' for kept), and what duplicates are told by."""
    messages, tools = json.loads(row["messages"]), json.loads(row["tools"])
    response = json.loads(row["response"])
    call = response["tool_calls"][0]["function"]
    arguments = json.loads(call["arguments"])
    text = "\n".join(one for one in arguments.values() if isinstance(one, str))
    reason = rejected(messages, tools, call["name"], arguments, text)
    if reason:
        return {"reason": reason, "line": "", "exact": "", "sketch": []}
    shown = [{**one, "content": redacted(one["content"] or "")} for one in messages]
    told = json.dumps({name: redacted(one) for name, one in arguments.items()})
    answer = {"role": "assistant", "content": response["content"] or ""}
    answer["tool_calls"] = [
        {"type": "function", "function": {"name": call["name"], "arguments": told}}
    ]
    line = json.dumps(
        {
            "messages": [*shown, answer],
            "tools": row["tools"],
            "source": row["source"],
            "split": row["split"],
        }
    )
    exact = hashlib.sha256((row["messages"] + row["response"]).encode()).hexdigest()
    return {"reason": "", "line": line, "exact": exact, "sketch": sketch(text)}


def rejected(messages, tools, name: str, arguments: Any, text: str) -> str:
    """Return which filter rejects a row, or ''."""
    if not any(map(str.isalnum, text)):
        return "empty"
    said = [text, *(one["content"] or "" for one in messages)]
    if CUT.search(text[-80:]) or any(receipt in one for receipt in RECEIPTS for one in said):
        return "truncation"
    if len(text.encode()) > MOST_TOKENS:
        return "length"
    if NOISE.search(text) or sum(len(tag[0]) for tag in HTML.finditer(text)) > MOST_HTML * len(
        text
    ):
        return "markup"
    words = text.split()
    pairs = list(pairwise(words))
    if len(words) >= 50 and 1 - len(set(pairs)) / len(pairs) > MOST_REPEAT:
        return "repetition"
    offered = {tool["function"]["name"]: tool["function"] for tool in tools}
    fits = name in offered and validator(json.dumps(offered[name]["parameters"])).is_valid(
        arguments
    )
    return "" if fits else "tool_calls"


@cache
def validator(schema: str):
    """Return what checks arguments against a schema; compiled once."""
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema)


@cache
def detectors() -> list[Any]:
    """Return detect-secrets' detectors of tokens with a form of their own."""
    return [
        getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        for module, name in DETECTORS.items()
    ]


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """Return the patterns of names, addresses and passwords."""
    return {kind: re.compile(pattern) for kind, pattern in PATTERNS.items()}


def redacted(text: str) -> str:
    """Return a text with a stable pseudonym for each secret, name and address."""
    found = {
        (secret, one.secret_type) for one in detectors() for secret in one.analyze_string(text)
    }
    for kind, pattern in patterns().items():
        for match in pattern.finditer(text):
            found.add((match["v"] if pattern.groups else match[0], kind))
    for secret, kind in sorted(found, key=lambda one: -len(one[0])):
        tag = hmac.new(KEY, secret.encode(), "sha256").hexdigest()[:8]
        text = text.replace(secret, f"redacted-{kind.lower().replace(' ', '-')}-{tag}")
    return text


def sketch(text: str) -> list[int]:
    """Return the MinHash of a text's runs of words."""
    words = text.split()
    runs = {" ".join(words[at : at + SHINGLE]) for at in range(max(len(words) - SHINGLE, 0) + 1)}
    made = blank().copy()
    made.update_batch([run.encode() for run in runs])
    return made.hashvalues.tolist()


@cache
def blank():
    """Return an empty MinHash; its permutations are drawn once."""
    from datasketch import MinHash

    return MinHash(num_perm=PLACES, scheme=SCHEME)


class Seen:
    """Tells, row by row, which ones repeat an earlier one: exactly, or nearly and of the same item."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._exact: set[str] = set()
        self._near = MinHashLSH(threshold=THRESHOLD, num_perm=PLACES)

    def __call__(self, exact: str, sketch: list[int], item: str) -> bool:
        from datasketch import MinHash

        if exact in self._exact:
            return True
        self._exact.add(exact)
        permutations = blank().permutations
        made = MinHash(PLACES, hashvalues=sketch, permutations=permutations, scheme=SCHEME)
        if any(key.startswith(f"{item} ") for key in self._near.query(made)):
            return True
        self._near.insert(f"{item} {exact}", made)
        return False
