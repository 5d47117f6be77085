"""Foreign text is shown as what it is, in a terminal, in Markdown, in HTML."""

import json

import pytest

from harness_forge.core import escapes

HIDDEN = [
    "\x00", "\x07", "\x08", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\u061c", "\u200b", "\u200e",
    "\u2028", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\ud800", "\U000e0041",
]  # fmt: skip


@pytest.mark.parametrize("char", HIDDEN)
def test_what_is_not_seen_is_written_out(char):
    shown = escapes.plain(f"a{char}b")
    assert shown.isprintable() and shown.startswith("a\\u")
    assert json.loads(f'"{shown}"') == f"a{char}b"


@pytest.mark.parametrize(
    "text",
    ["a\tb\n", "caf\u00e9 \u6f22 \u05d0", "\u0645\u06cc\u200c\u062e", "\U0001f468\u200d\U0001f469"],
)
def test_what_people_write_stays(text):
    assert escapes.plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("not_passed", "not_passed"),
        ("model:org/name-1.5B", "model:org/name-1.5B"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("[x](javascript:y)", "[x\\](javascript:y)"),
        ("![x](y)", "![x\\](y)"),
        ("a|b\nc", "a\\|b c"),
        ("# a", "\\# a"),
        ("https://a.b", "https:&#47;/a.b"),
    ],
)
def test_markdown_is_text(text, shown):
    assert escapes.markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b", "`a\\|b`")]
)
def test_code_ends_where_it_ends(text, shown):
    assert escapes.code(text) == shown


def test_html_is_text():
    assert escapes.html('<a href="x">\x1b\u202e') == '&lt;a href="x"&gt;\\u001b\\u202e'
    assert escapes.html('" onload="', quote=True) == "&quot; onload=&quot;"
