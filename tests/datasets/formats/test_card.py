"""The card says all that a reader must know, from the manifest alone."""

from __future__ import annotations

import pytest

from harness_forge.datasets.formats.card import card


@pytest.fixture
def manifest():
    return {
        "dataset": "stig_worker_sft",
        "skill": "stig",
        "role": "worker",
        "format": "sft",
        "extension": "jsonl.gz",
        "forge_version": "1",
        "rows": {"read": 5, "kept": 3, "rejected": {"repetition": 2}},
        "examples": {"train": 3, "validation": 0},
        "seen": {
            "policies": {"gold": 2, "model:x": 1},
            "origins": {"ours": 2, "model": 1},
            "evaluators": {"openscap 1.3.7": 3},
            "runs": {"a": 2, "b": 1},
        },
        "licences": ["content: BSD-3-Clause"],
        "filters": {
            "repetition": {
                "settings": {"enabled": True, "max_bigram_repeat": 0.4, "like": "a|b"},
                "rejected": 2,
            },
            "length": {
                "settings": {"enabled": True},
                "rejected": 0,
                "decided": {"counted": 1, "by_bounds": 4},
            },
        },
        "notes": ["coherence was not judged"],
        "duplicates": {"near": True, "threshold": 0.9},
        "redaction": {"settings": {"enabled": True}, "replaced": {"host": 4}},
        "sql": "SELECT 1\nFROM turn_examples",
        "sql_values": ["worker", False],
    }


@pytest.mark.parametrize(
    "line",
    [
        "    path: train.jsonl.gz",
        "5 rows read = 3 kept + 2 rejected.",
        "| model:x | 1 |",
        "Rows of 2 runs of the store",
        "- content: BSD-3-Clause",
        '| repetition | 2 | max_bigram_repeat `0.4`, like `"a\\|b"` |',
        "- length: decided exactly for all 5 rows, 4 by their bytes alone (they bound the tokens), "
        "1 (20.0%) by counting tokens",
        "- near-duplicates of one work item: near `true`, threshold `0.9`",
        "- coherence was not judged",
        "| host | 4 |",
        "```sql\nSELECT 1\nFROM turn_examples\n```",
        'Values bound: stig worker: ["worker", false]',
    ],
)
def test_says(manifest, line):
    assert line in card(manifest)


def test_no_file_of_a_split_without_examples_is_named(manifest):
    assert "validation.jsonl" not in card(manifest)


def test_says_where_nothing_was_redacted(manifest):
    manifest["redaction"] = {"settings": {"enabled": False}, "replaced": {}}
    assert "Nothing was redacted" in card(manifest)


def test_sql_that_two_parts_share_stands_once(manifest):
    part = {
        "skill": "stig",
        "sql": manifest.pop("sql"),
        "sql_values": manifest.pop("sql_values"),
        "rows": {"read": 1, "kept": 1},
        "examples": {"train": 1, "validation": 0},
    }
    manifest["parts"] = [part | {"role": "worker"}, part | {"role": "architect"}]
    shown = card(manifest)
    assert shown.count("```sql") == 1
    assert 'stig worker: ["worker", false]; stig architect: ["worker", false]' in shown


HOSTILE = "x](javascript:alert(1)) <img src=y> | a\n| b | `c` **d** \x1b[2J\u202e"
SHOWN = r"x\](javascript:alert(1)) &lt;img src=y&gt; \| a \| b \| \`c\` \*\*d\*\* \\u001b[2J\\u202e"


def test_no_name_is_more_than_text(manifest):
    manifest["seen"] = {name: {HOSTILE: 1} for name in manifest["seen"]}
    manifest["licences"] = manifest["notes"] = [HOSTILE]
    manifest["dataset"] = manifest["role"] = HOSTILE
    manifest["filters"] = {HOSTILE: {"settings": {HOSTILE: HOSTILE}, "rejected": 1}}
    manifest["sql"] = "SELECT 1\n```\n<script>"
    made = card(manifest)
    assert "\x1b" not in made and "\u202e" not in made
    assert made.count(f"| {SHOWN} | 1 |\n") == 3
    assert f"# {SHOWN}\n" in made and made.count(f"- {SHOWN}\n") == 2
    assert "````sql\nSELECT 1\n```\n<script>\n````" in made
    raw = [line for line in made.splitlines() if "<img" in line]
    assert len(raw) == 2  # the command and the setting, each within a span of code
    assert all("``" in line for line in raw)
