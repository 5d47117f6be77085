"""What a terminal or a harness said is no answer; code and a quoted command are."""

import pytest
from filter_rows import called, said

from harness_forge.config.compose.engine import compose
from harness_forge.config.filters import MarkupConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.filters import markup
from harness_forge.datasets.filters.markup import dump_share

AITHER = compose(None, ["filters=aither", "role=worker", "skill=stig"]).filters.markup
DUMPS = {
    "notification": "<task-notification>\n<task-id>b41</task-id>\n<status>completed</status>\n"
    "<summary>Background job ended</summary>\n</task-notification>\nNoted.",
    "reminder": "<system-reminder>The list of open work is empty.</system-reminder>",
    "stdout": "<local-command-stdout>3 files were changed</local-command-stdout>\nDone.",
    "transcript": "ops@web:~/shop$ git status\nOn branch main\nnothing to commit\n"
    "ops@web:~/shop$ make all\nmake: Nothing to be done for 'all'.\n",
    "root": "[root@web etc]# cat motd\nhello\n[root@web etc]# exit\nlogout",
    "bare prompts": "$ ls\na.txt  b.txt\n$ wc -l a.txt\n31 a.txt",
    "venv": "(venv) ops@web:~$ pytest -q\n....\n(venv) ops@web:~$ echo $?\n0",
    "powershell": "PS C:\\Users\\ops> dir\n  Directory: C:\\\nPS C:\\Users\\ops> exit",
    "bars": "Loading weights:  45%|████▌     | 9/20 [00:03<00:04,  2.61it/s]\n"
    "Loading weights: 100%|██████████| 20/20 [00:07<00:00,  2.71it/s]\nready",
    "download": "  [=========>          ]  47%  12.1 MB/s\n  [==================>] 100%  12.4 MB/s",
    "installer": "Collecting alpha\n   ━━━━━━━━━━━━━━━━━━━ 3.1/3.1 MB 8.0 MB/s\n"
    "   ━━━━━━━━━━━━━━ 1.1/1.1 MB",
    "boxes": "╭──────────────────────────────╮\n│ Welcome back                 │\n"
    "╰──────────────────────────────╯",
    "spinner": "⠋⠙⠹ building\n⠸⠼⠴ building\n⠦⠧⠇ building",
    "colours": "[31mFAILED[0m test_a\n[32mPASSED[0m test_b",
}
ANSWERS = {
    "fence": "Run this:\n```console\n$ make all\nok\n$ make test\n31 passed\n```\nThen push.",
    "open fence": "```\n$ ls\na\n$ pwd\n/srv\n",
    "one command": "Restart it with\n\n$ systemctl restart web\n\nand look at the log afterwards.",
    "inline": "The prompt `ops@web:~$` shows that you are no root; `$ id` tells more.",
    "xml": "<config>\n  <server-name>web</server-name>\n  <log-level>info</log-level>\n</config>",
    "call": '<tool_call>\n{"name": "run", "arguments": {"s": "ls"}}\n</tool_call>',
    "thought": "<think>It is short.</think>The answer is 31.",
    "table": "| name | share |\n|---|---|\n| a | 31% |\n| b | 69% |",
    "percent": "About 45% of the rows pass, and 100% of them are small (a third at most).",
    "list": "- [x] parse it\n- [ ] test it\n1. [2] is a footnote",
    "shell": 'for f in *.txt; do\n  echo "$f"\ndone\nexit $?',
    "tree in prose": "The folder holds two files and one folder:\n\nsrc/\n├── a.py\n└── b.py\n\n"
    "a.py reads the settings and b.py writes the report once every hour.",
    "quote": "> it said 100% | done |\n\nThat line comes from the log of the night before.",
    "money": "It costs $ 31 a month; $ 40 with support.",
}


@pytest.mark.parametrize("name", DUMPS)
def test_what_a_terminal_or_a_harness_said_goes(name):
    assert markup.judge([said(DUMPS[name])], AITHER) == ["markup"], dump_share(DUMPS[name])


@pytest.mark.parametrize("name", ANSWERS)
def test_code_quotations_and_tables_stay(name):
    assert markup.judge([said(ANSWERS[name])], AITHER) == [None], dump_share(ANSWERS[name])


@pytest.mark.parametrize("name", DUMPS)
def test_a_file_that_a_call_writes_may_hold_anything(name):
    assert markup.judge([called({"content": DUMPS[name]})], AITHER) == [None]


def test_an_answer_that_quotes_a_little_of_it_stays():
    text = f"{DUMPS['reminder']}\n" + "The build is green and the three tests are mended. " * 8
    assert dump_share(text) < 0.2
    assert markup.judge([said(text)], AITHER) == [None]


def test_other_presets_ask_for_no_share():
    assert markup.judge([said(text) for text in DUMPS.values()], MarkupConfig()) == [None] * len(
        DUMPS
    )


def test_a_share_above_one_is_refused():
    with pytest.raises(ConfigError, match=r"filters\.markup.max_dump_share: must be from 0 to 1"):
        MarkupConfig(max_dump_share=2)


def test_a_large_text_takes_time_that_grows_as_it_does():
    assert dump_share("<a-b>" * 200_000) == 0.0
    assert dump_share("[" + "=" * 500_000) == 0.0
