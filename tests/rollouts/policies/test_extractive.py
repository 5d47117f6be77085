import subprocess

import pytest

from harness_forge.core.records import WorkItem
from harness_forge.rollouts.policies.extractive import Extractive, quoted_block, script
from harness_forge.rollouts.policies.parsing import parse_message
from harness_forge.rollouts.policies.proposal import PromptRequest

ASKED = """Rule: lamp_limit
Title: Limit lamps
Description:
To limit lamps at run time, run the following command:
$ sudo lamps --set limit=3
To make it last, add the following line to {target}:
limit = 3
Lamps that are off do not count in this.
Check:
Look at the limit:
$ sudo lamps --get limit
limit = 4"""


def tool(name, argument):
    return {
        "function": {
            "name": name,
            "parameters": {"properties": {argument: {}}, "required": [argument, "note"]},
        }
    }


def test_commands_and_lines_of_the_description_are_copied_but_not_the_check():
    text = script(ASKED.format(target="/etc/lamps.conf"))
    assert text.splitlines()[0] == "lamps --set limit=3"
    assert "printf '%s\\n' 'limit = 3' >> /etc/lamps.conf" in text
    assert "--get" not in text and "= 4" not in text and "off" not in text


def test_the_line_replaces_those_with_its_key(tmp_path):
    file = tmp_path / "it's lamps.conf"
    file.write_text("# lamps\nlimit=9\nlimits = 2\n  limit 8\n")
    asked = ASKED.format(target="/etc/lamps.conf")
    text = script(asked).replace("/etc/lamps.conf", '"$FILE"')
    steps = "\n".join(text.splitlines()[1:])
    subprocess.run(
        ["bash", "-ec", steps], env={"FILE": str(file), "PATH": "/usr/bin:/bin"}, check=True
    )
    assert file.read_text() == "# lamps\nlimits = 2\nlimit = 3\n"


def test_a_folder_gets_a_file_with_the_suffix_that_is_said():
    asked = (
        "Description:\nAdd the lines to a file with suffix .rules in /etc/lamps/rules.d:\n-w /lamp"
    )
    assert script(asked) == "printf '%s\\n' '-w /lamp' >> /etc/lamps/rules.d/99-quoted.rules"
    assert "99-quoted.conf" in script(asked.replace("with suffix .rules ", ""))


def test_where_the_description_quotes_nothing_the_check_is_read():
    asked = (
        "Description:\nLamps are limited.\nCheck:\nRun this:\n$ grep limit /etc/lamps.conf\n"
        "/etc/lamps.conf:limit=3\nIs it so that the limit is not 3?"
    )
    assert script(asked).endswith("printf '%s\\n' limit=3 >> /etc/lamps.conf")


@pytest.mark.parametrize(
    "asked",
    ["", "Rule: lamp\nTitle: Limit lamps", "Description:\nlimit = 3", "Description:\n:\n/a/b"],
)
def test_what_quotes_nothing_to_do_gives_nothing(asked):
    assert script(asked) == ""


def test_other_tools_get_the_last_block_or_line():
    assert quoted_block("Mend:\n```python\nx = 1\n```\nand\n```\ny = 2\n```\nGo.") == "y = 2"
    assert quoted_block("Add these.\n4 and 5\n") == "4 and 5"
    assert quoted_block("") == ""


@pytest.mark.parametrize(
    "argument, answer", [("fix_script", "lamps --set limit=3"), ("answer", "limit = 4")]
)
def test_one_call_with_every_argument_that_is_demanded(argument, answer):
    asked = ASKED.format(target="/etc/lamps.conf")
    request = PromptRequest(
        item=WorkItem("lamp_limit", "Limit lamps", "high", "lamps", "lamp_limit"),
        messages=[{"role": "system", "content": "x"}, {"role": "user", "content": asked}],
        tools=[tool("mend", argument)],
    )
    (proposal,) = Extractive(argument).episode(request)
    assert proposal.tool_call.arguments[argument].splitlines()[0] == answer
    assert proposal.tool_call.arguments["note"] == ""
    assert proposal.failure is None


def test_arguments_have_the_types_that_the_tool_demands():
    parts = {
        "operation": {"type": "string"},
        "arguments": {"type": "object"},
        "level": {"type": "string", "enum": ["low", "high"]},
        "count": {"type": "integer"},
    }
    schema = {"type": "object", "properties": parts, "required": [*parts][:3]}
    tools = [{"type": "function", "function": {"name": "call", "parameters": schema}}]
    request = PromptRequest(
        item=WorkItem("lamp", "Lamp", "", "lamps", "lamp"),
        messages=[{"role": "user", "content": "Lamps burn.\nPut them out."}],
        tools=tools,
    )
    wanted = {"operation": "Put them out.", "arguments": {}, "level": "low"}
    (proposal,) = Extractive("operation").episode(request)
    assert proposal.tool_call.arguments == wanted
    assert parse_message(proposal.response, "tool_calls", tools) == (proposal.tool_call, None)
    (proposal,) = Extractive("count").episode(request)
    assert proposal.tool_call.arguments["count"] == 0
