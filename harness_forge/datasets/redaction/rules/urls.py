"""Secrets in URLs and headers: paths of webhooks, signatures, parameters, cookies."""

# A form is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator

from harness_forge.datasets.redaction.rule import RedactionRule, by_pattern
from harness_forge.datasets.redaction.rules.families import drawn, varied

_HOOKS: tuple[tuple[str, str], ...] = (
    # How the URL goes until the part that lets in, and that part.
    (r"hooks\.zapier\.com/hooks/(?:catch|standard)/", r"\d+/[A-Za-z0-9/]{5,}"),
    (r"maker\.ifttt\.com/trigger/[\w-]{1,60}/(?:json/)?with/key/", r"[A-Za-z0-9_-]{16,}"),
    (r"hook\.(?:[a-z]{2}\d\.)?make\.com/", r"[a-z0-9]{24,}"),
    (r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/", r"[0-9a-f-]{30,}"),
    (r"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=", r"[0-9a-f-]{30,}"),
    (r"oapi\.dingtalk\.com/robot/send\?access_token=", r"[0-9a-f]{40,}"),
    (r"(?:hc-ping\.com|uptime\.betterstack\.com/api/v1/heartbeat|cronitor\.link/p)/", r"[\w-]{20,}"),
    (r"outlook\.office(?:365)?\.com/webhook/", r"[\w@/-]{40,}"),
    (r"webhook\.office\.com/webhookb2/", r"[\w@/-]{40,}"),
    (r"/(?:api/)?(?:webhooks?|hooks)/(?:catch/|incoming/)?", r"[A-Za-z0-9]{17,}(?:/[A-Za-z0-9_-]{20,})?"),
    (r"\.m\.pipedream\.net/|eo[a-z0-9]{13}\.m\.pipedream\.net", r"[A-Za-z0-9]{0,40}"),
    (r"\.(?:alchemy\.com|alchemyapi\.io)/(?:nft/)?v[23]/", r"[A-Za-z0-9_-]{28,}"),
    (r"\.infura\.io/(?:ws/)?v3/", r"[0-9a-f]{32}"),
    (r"\.quiknode\.pro/", r"[0-9a-f]{32,}"),
    (r"rpc\.ankr\.com/[a-z_]{2,20}/", r"[0-9a-f]{32,}"),
    (r"api\.telegram\.org/(?:file/)?bot", r"\d{6,12}:[A-Za-z0-9_-]{30,}"),
)  # fmt: skip
_SIGNED = (
    r"(?i)(?:[?&;]|%26|\b)(?:sig|(?:x-(?:amz|goog)-)?signature|x-amz-security-token|hmac|sign)"
    r"(?:=|%3D)(?P<v>[A-Za-z0-9%+/_=~-]{27,2000})"
)
_PARAMETER = (
    r"(?i)(?:[?&]|%26|%3F)(?:[\w.-]{0,30}?(?:key|auth|jwt|sid|session|ticket|assertion|code|pat|token))"
    r"(?:=|%3D)(?P<v>[A-Za-z0-9._~%+/-]{20,2000}={0,2})"
)
_COOKIES = re.compile(
    r"(?i)\b(?:set-)?cookies?\\{0,7}[\"']?[ \t]{0,2}[:=][ \t]{0,2}\\{0,7}[\"']?(?P<all>[\w.%-]{1,80}=[^\n\"']{8,8000})"
    r"|(?<![\w-])(?:-b|--cookie)[ =][\"']?(?P<given>[\w.%-]{1,80}=[^\n\"']{8,8000})"
)
_COOKIE = re.compile(
    r"(?:^|[;,][ \t]*)(?P<name>[\w.%-]{1,80})=(?P<v>[A-Za-z0-9._%+/=:~!*|-]{16,4000})"
)
_HARMLESS_COOKIES = re.compile(r"(?i)_ga\w*|_gid|_fbp|utm\w*|expires|path|domain|max-age|samesite")
_ENCODED_KEY = (
    r"LS0tLS1CRUdJTi(?:BSU0Eg|BFQy|BQUklW|BPUEVO|BFTkNS|BEU0Eg|BQR1Ag)[A-Za-z0-9+/=]{80,}"
)
_JWK = (
    r"\\{0,7}\"(?:d|k|p|q|dp|dq|qi)\\{0,7}\"\s*:\s*\\{0,7}\"(?P<v>[A-Za-z0-9_-]{20,2000})\\{0,7}\""
)
_OTP = (
    r"(?i)\b(?:t?otp|2fa|mfa|authenticator)[\w -]{0,16}?[\"']?(?:[:=]|[ \t]is)[ \t]*[\"']?"
    r"(?P<v>(?-i:(?:[A-Z2-7]{4}[ -]?){4,16}|[a-z2-7]{4}(?:[ ][a-z2-7]{4}){3,8}))(?![\w])"
)
_PHRASE = (
    r"(?i)\b(?:mnemonic|(?:seed|recovery|secret)[ _-]?(?:phrase|words))\\{0,7}[\"']?(?:[ \t]+is)?"
    r"[ \t]*[:=]?[ \t]*\\{0,7}[\"']?(?P<v>(?-i:(?:[a-z]{3,8}[ ]){11,23}[a-z]{3,8}))"
)


def _cookies(text: str) -> Iterator[tuple[int, int]]:
    """Yield the values of every cookie that a machine drew."""
    for header in _COOKIES.finditer(text):
        group = "all" if header["all"] else "given"
        at = header.start(group)
        for cookie in _COOKIE.finditer(header[group]):
            if drawn(cookie["v"]) and not _HARMLESS_COOKIES.fullmatch(cookie["name"]):
                yield at + cookie.start("v"), at + cookie.end("v")


RULES = (
    *(
        RedactionRule("webhook", head, by_pattern(rf"(?:{head})(?P<v>{secret})", varied))
        for head, secret in _HOOKS
    ),
    RedactionRule(
        "signature",
        r"(?i)(?:sig|signature|security-token|hmac|sign)(?:=|%3D)[A-Za-z0-9%+/_=~-]{8}",
        by_pattern(_SIGNED, varied),
    ),
    RedactionRule(
        "secret",
        r"(?i)(?:key|auth|jwt|sid|session|ticket|assertion|code|pat|token)(?:=|%3D)[A-Za-z0-9._~%+/-]{8}",
        by_pattern(_PARAMETER, varied),
    ),
    RedactionRule("cookie", r"(?i)cookies?[\\\"' \t]{0,10}[:=]|-b[ =]|--cookie", _cookies),
    RedactionRule("private_key", r"LS0tLS1CRUdJTi", by_pattern(_ENCODED_KEY)),
    RedactionRule("private_key", r"kty[\\\"]{1,8}", by_pattern(_JWK, varied)),
    RedactionRule("otp_secret", r"(?i)(?:otp|2fa|mfa|authenticator)", by_pattern(_OTP, lambda m: len(set(m["v"])) > 7)),
    RedactionRule("wallet_key", r"(?i)mnemonic|(?:seed|recovery|secret)[ _-]?(?:phrase|words)", by_pattern(_PHRASE)),
)  # fmt: skip
