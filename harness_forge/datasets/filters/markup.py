"""Rejects answers with residue of terminals or web pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness_forge.config.filters import MarkupConfig
from harness_forge.datasets.filters.candidate import Candidate, content_of

_NOISE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]|\r(?!\n)")
"""Control characters but tab, line ends and form feed; lone carriage returns
(progress bars); the replacement character (bytes that were no text)."""

_ASCII_NOISE = bytes(b for b in (*range(32), 127) if b not in b"\t\n\r\f")

_TAGS = (
    "a|abbr|article|aside|b|blockquote|body|br|button|center|code|dd|div|dl|dt|em|font|footer|form"
    "|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|meta|nav|noscript|ol|option"
    "|p|pre|script|section|select|small|span|strong|style|sub|sup|svg|table|tbody|td|th|thead|title"
    "|tr|u|ul"
)
# Only within groups is case ignored: a pattern that begins with a plain letter is found fast.
_TAG = re.compile(rf"<(?:(?i:!doctype html)[^<>]{{0,200}}|/?(?i:{_TAGS})(?:\s[^<>]{{0,500}})?/?)>")
_SPOKEN = re.compile(
    r"<(?P<name>(?:task|system|background|agent|tool|user|local|bash|shell|command|hook|session|build|event|status)"
    r"[-_](?:notification|notice|reminder|event|update|status|result|results|output|stdout|stderr"
    r"|command|message|name|args|input|caveat|error|alert|progress|log)s?"
    r"|(?:local|bash|shell)[-_]command[-_](?:stdout|stderr|caveat|output)|user[-_]prompt[-_]submit[-_]hook)"
    r"(?:\s[^<>]{0,200})?>"
)
"""Elements in which a harness speaks to its agent: two words, what speaks and what it says."""
_PROMPT = re.compile(
    r"^(?:\([\w.-]+\)[ ])?(?:\[?[\w.-]+@[\w.-]+[: ][^\n\]#$%>]{0,80}\]?[#$%]"
    r"|(?:bash|sh|zsh)-[\d.]+[#$]"
    r"|PS [A-Z]:\\[^\n>]{0,80}>|[A-Z]:\\[^\n>]{0,80}>|\u279c[ ]{1,2}\S+|\u276f|\$)[ ]\S",
    re.MULTILINE,
)
_DRAWN = re.compile("[\u2500-\u259f\u2800-\u28ff\u23f5\u23fa\u23bf]")
"""Lines of boxes, blocks of progress bars, dots of spinners."""
_BAR = re.compile(
    r".{0,60}?(?:\d{1,3}%\s{0,2}\|.{0,80}\|"
    r"|\d{1,3}%.{0,40}[\[(][=#>█\u2589-\u258f .-]{6,}[\])]"
    r"|[\[(][=#█]{3,}[=#>█ .-]{2,}[\])].{0,40}\d{1,3}%|━{6,}.{0,60}\d)"
)
_LINE = 400
"""Characters of a line that are looked at for a bar."""
_STRIPPED = re.compile(r"(?<![\w\[])\[(?:\d{1,3};){0,4}\d{1,3}m")
"""Colour codes without their escape character."""
_FENCE = re.compile(r"^(?P<f>```|~~~).*?(?:^(?P=f)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|#\d{1,6});")


def judge(candidates: Sequence[Candidate], config: MarkupConfig) -> list[str | None]:
    """Return `markup` for each candidate with noise, or too much HTML or terminal output."""
    html, dump = config.max_html_share, config.max_dump_share
    return [
        "markup"
        if _noisy(row.text)
        or html_share(row.text) > html
        or (dump < 1 and dump_share(content_of(row.answer)) > dump)
        else None
        for row in candidates
    ]


def dump_share(text: str) -> float:
    """Return the share of a text's lines that come from a terminal or a harness.

    Lines without a word count for nothing. A prompt's lines are those until the
    next line without one: what a command answered looks like anything.
    """
    own = _FENCE.sub("", text)
    if not own.strip():
        return 0.0
    own, said = _unspoken(own)
    lines = [line for line in own.split("\n") if line.strip()]
    dumped = _dumped(lines)
    size = said + sum(map(len, lines))
    return (said + sum(len(line) for line, of in zip(lines, dumped, strict=True) if of)) / size


def _unspoken(text: str) -> tuple[str, int]:
    """Return a text without blocks written by a harness, and the length of those."""
    kept, at, open_ended = [], 0, set[str]()
    for opening in _SPOKEN.finditer(text):
        name = opening["name"]
        if opening.start() < at or name in open_ended:
            continue
        close = f"</{name}>"
        end = text.find(close, opening.end())
        if end < 0:  # nor after any later opening: a text is searched once a name
            open_ended.add(name)
            continue
        kept.append(text[at : opening.start()])
        at = end + len(close)
    rest = "".join([*kept, text[at:]])
    return rest, len(text) - len(rest)


def _dumped(lines: Sequence[str]) -> list[bool]:
    """Return for each line whether it was copied from a terminal.

    One prompt is a quoted command. From two on they are a transcript, and the lines
    between them are the commands' output.
    """
    prompts = [at for at, line in enumerate(lines) if _PROMPT.match(line)]
    transcript = range(prompts[0], len(lines)) if len(prompts) > 1 else range(0)
    return [
        at in transcript
        or bool(_BAR.match(line[:_LINE]) or _STRIPPED.search(line))
        or len(_DRAWN.findall(line)) >= max(3, len(line.strip()) // 4)
        for at, line in enumerate(lines)
    ]


def _noisy(text: str) -> bool:
    if text.isascii():
        # Three times as fast as the expression, and most text is ASCII.
        raw = text.encode()
        if "\r" not in text:
            return len(raw.translate(None, _ASCII_NOISE)) != len(raw)
    return _NOISE.search(text) is not None


def html_share(text: str) -> float:
    """Return the share of characters in HTML tags and entities, 0 to 1."""
    found = sum(len(tag[0]) for tag in _TAG.finditer(text)) if ">" in text else 0
    found += sum(len(entity[0]) for entity in _ENTITY.finditer(text)) if ";" in text else 0
    return found / len(text) if found else 0.0
