"""Answers that end before they were finished."""

from __future__ import annotations

import pytest
from filter_rows import called, said

from harness_forge.config.filters import TruncationConfig
from harness_forge.datasets.filters import truncation
from harness_forge.datasets.filters.candidate import Candidate

TIPS = '{"tips_to_save": [{"text": "say \\"no\\" {twice"}]}'


@pytest.mark.parametrize("limit", ["length", "max_tokens", "MAX_TOKENS"])
def test_a_finish_reason_of_the_limit_is_a_cut(limit):
    assert truncation.judge([said("whole", finish_reason=limit)], TruncationConfig()) == [
        "truncation"
    ]
    assert truncation.judge([said("whole", finish_reason="stop")], TruncationConfig()) == [None]


@pytest.mark.parametrize("length", [200, 500, 1000])
def test_the_length_at_which_a_writer_cuts_is_presumed_cut(length):
    rows = [
        called({"fix_script": "x" * length}, writer="gemma-forge stig"),
        called({"fix_script": "x" * (length - 1)}, writer="gemma-forge stig"),
        called({"fix_script": "x" * length}, writer="openscap 1.3.6"),
        called({"fix_script": "x" * length}),
    ]
    assert truncation.judge(rows, TruncationConfig()) == ["truncation", None, None, None]


@pytest.mark.parametrize(
    "text",
    [
        "a long listing\n... [truncated]",
        "a long listing [output truncated]",
        "a long listing <response was truncated at 4000 characters>",
        "a long listing (1200 more lines omitted)",
        "TIPS_JSON: " + TIPS[:-9],
        TIPS[:-1],
        '```json\n{"a": [1, 2',
        "first\n```sh\nls",
        "~~~~\n~~~\n",
        "see [TOOL_OUTPUT_RECEIPT] id 3",
    ],
)
def test_what_does_not_end_is_cut(text):
    assert truncation.judge([said(text)], TruncationConfig()) == ["truncation"]


@pytest.mark.parametrize(
    "text",
    [
        "LESSON: x\nTIPS_JSON: " + TIPS + "\nbye",
        TIPS,
        '```json\n{"a": [1, 2]}\n```\nand {"b" is open',
        "```sh\nls\n```",
        "````md\n```\n````",
        "[truncated] names are listed first, and a great many words follow it " + "and go on " * 9,
        "truncate -s 0 /var/log/messages",
        '[ -f "$a" ] && echo "{" >> "$a"',
        '{ "$tool" --check; echo done',
        'if [[ "$x" =~ \\{ ]]; then echo \'"\'; fi',
        "{not json",
    ],
)
def test_what_ends_is_whole(text):
    assert truncation.judge([said(text), called({"fix_script": text})], TruncationConfig()) == [
        None,
        None,
    ]


def test_a_receipt_in_the_prompt_says_that_the_model_saw_something_else():
    receipt = [{"type": "text", "text": "[TOOL_RESULT_TRUNCATED] first 4000"}]
    prompt = [{"role": "user", "content": "go"}, {"role": "tool", "content": receipt}]
    row = Candidate(prompt, [], {"role": "assistant", "content": "done"})
    assert truncation.judge([row], TruncationConfig()) == ["truncation"]
    assert truncation.judge([row], TruncationConfig(receipts=[])) == [None]
