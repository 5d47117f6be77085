"""Terminal noise and the residue of web pages."""

from __future__ import annotations

import pytest
from filter_rows import called, said

from harness_forge.config.filters import MarkupConfig
from harness_forge.datasets.filters import markup
from harness_forge.datasets.filters.markup import html_share


@pytest.mark.parametrize(
    "noise",
    ["\x1b[31mred", "10%\r20%", "a\x00b", "ab\x08", "\x7f", "na\u0085me", "\ufffd"],
)
def test_what_no_writer_means_is_markup(noise):
    rows = [said(f"text {noise} text"), called({"fix_script": f"é {noise} é"})]
    assert markup.judge(rows, MarkupConfig()) == ["markup", "markup"]


@pytest.mark.parametrize(
    "text",
    [
        "tab\tand\nlines\r\nof\fscripts",
        r"printf '\033[31mred\033[0m'",
        "cat <<EOF >/etc/issue\nhello\nEOF",
        "if [ $a -lt 3 ] && grep -q '<allow_any>' x; then sed -i 's/<a>/<b>/' x; fi",
        '<policy><action id="x"><defaults><allow_any>no</allow_any></defaults></action></policy>',
        "naïve 中文 🎉 \U0010fffd",
    ],
)
def test_scripts_and_every_script_of_the_world_are_not_markup(text):
    assert markup.judge([said(text), called({"fix_script": text})], MarkupConfig()) == [None, None]


def test_the_html_share_is_that_of_tags_and_entities():
    assert html_share("<b>1234567</b>") == 0.5
    assert html_share("1 < 2 && 3 > 2") == 0.0
    assert html_share('<a href="x">y</a>') == pytest.approx(16 / 17)


def test_a_page_is_markup_and_a_tag_in_a_sentence_is_none():
    page = "<html><body><div class='a'><p>Hi</p><br/></div></body></html>"
    sentence = "Use a <br> where a line must end, and nothing else; pages have enough of them."
    assert markup.judge([said(page), said(sentence)], MarkupConfig()) == ["markup", None]
    assert markup.judge([said(page)], MarkupConfig(max_html_share=1.0)) == [None]
