"""A gemma-forge run that went through the proxy exports its worker whole; its log alone cannot."""

import hashlib
import json
import re
from datetime import datetime, timedelta

import pytest
from fake_models import Server
from gemma_driver import RULES, Driver


def script(rule):
    """Return a fix of one rule, longer than the log lets it be and like no other's."""
    made = [hashlib.sha256(f"{rule}{n}".encode()).hexdigest() for n in range(9)]
    return "\n".join(f"echo {one[:20]} >> /etc/{one[20:40]}" for one in made) + "\n# good"


GEMMA = ("proxy=gemma_forge", "skill=gemma_stig")


class Agents(Server):
    """Answers as gemma-forge's agents do; every other rule is done right at the second try."""

    async def answer(self, asked, writer):
        messages = asked["messages"]
        role = messages[0]["content"].rpartition("name is ")[2].strip('".')
        message = {"role": "assistant", "content": f"I am the {role}. " + "So it is. " * 200}
        if role == "worker" and messages[-1]["role"] == "user":
            good = "_1)" not in messages[1]["content"] or "Attempt 2" in messages[1]["content"]
            rule = re.search(r"content_rule_(\w+)", messages[1]["content"])[1]
            told = {"fix_script": script(rule) if good else "no idea", "revert_script": "x"}
            text = json.dumps({**told, "description": "an option"})
            call = {"id": "c1", "type": "function"}
            message |= {
                "content": None,
                "tool_calls": [{**call, "function": {"name": "apply_fix", "arguments": text}}],
            }
        finish = "tool_calls" if message["content"] is None else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        body = {"id": "x", "object": "chat.completion", "model": "gemma", "choices": [choice]}
        body["usage"] = {"prompt_tokens": 9, "completion_tokens": 4}
        await self.send(writer, json.dumps(body).encode())


@pytest.fixture
def run(captured, tmp_path):
    proxy = captured(Agents(), *GEMMA)
    log = tmp_path / "run-20261121-081100.jsonl"
    driver = Driver(f"{proxy.url}/v1", "gemma", log, lambda rule, script: "# good" in script)
    driver.all()
    proxy.drain()
    proxy.log = log
    return proxy


def test_the_worker_exports_whole_though_the_log_is_cut(run, tmp_path):
    code, out = run.forge("proxy", "join", str(run.log))
    assert code == 0
    assert "run 20261121-081100: 7 attempts made of 21 captures" in out
    code, out = run.forge("export", "role=worker", "filters=none", "redaction=off")
    assert code == 0, out
    rows = [
        json.loads(line)
        for name in ("train", "validation")
        for line in (tmp_path / f"data/gemma_stig_worker_sft/{name}.jsonl").read_text().splitlines()
    ]
    assert rows
    for row in rows:
        *asked, answer = row["messages"]
        assert [one["role"] for one in asked] == ["system", "user"]
        (call,) = answer["tool_calls"]
        rule = re.search(r"content_rule_(\w+)", asked[1]["content"])[1]
        assert json.loads(call["function"]["arguments"])["fix_script"] == script(rule)
        assert json.loads(row["tools"])[0]["function"]["name"] == "apply_fix"


def test_each_attempt_has_the_turns_of_its_own_roles(run):
    run.forge("proxy", "join", str(run.log))
    turns = run.rows(
        "SELECT a.item_id, a.attempt_num, a.eval_passed,"
        " array_agg(t.agent ORDER BY t.iteration), array_agg(t.decisive ORDER BY t.iteration)"
        " FROM gemma_stig.attempts a JOIN gemma_stig.turns t ON t.attempt_id = a.id"
        " GROUP BY a.id ORDER BY a.id"
    )
    whole = ["architect", "worker", "worker"]
    assert turns[0] == ("sshd_option_0", 1, True, whole, [False, True, False])
    failed = [*whole, "reflector"]
    assert turns[1] == ("sshd_option_1", 1, False, failed, [False, True, False, False])
    assert turns[2] == ("sshd_option_1", 2, True, ["worker", "worker"], [True, False])
    assert len(turns) == len(RULES) + 1


def test_joined_again_it_adds_nothing(run):
    run.forge("proxy", "join", str(run.log))
    code, out = run.forge("proxy", "join", str(run.log))
    assert code == 0 and "0 attempts made of 0 captures, 7 were there already" in out


def test_the_log_alone_gives_no_worker(run):
    run.forge("ingest", "source=gemma_forge_jsonl", f"path={run.log}")
    _, out = run.forge("export", "role=worker", "filters=none", "redaction=off", "--dry-run")
    assert "cut_response" in out and " kept 0 " in " ".join(out.split())


def test_what_was_not_captured_is_left_out_and_counted(run):
    log = run.log.read_text().replace("sshd_option_3", "sshd_option_99")
    run.log.write_text(log)
    code, out = run.forge("proxy", "join", str(run.log))
    assert code == 0 and "1 have no capture and were left out" in out


@pytest.mark.parametrize(("apart_s", "made"), [(200, 7), (7200, 0)])
def test_clocks_of_harness_and_proxy_may_be_minutes_apart(run, apart_s, made):
    def moved(line):
        record = json.loads(line)
        when = datetime.fromisoformat(record["timestamp"]) + timedelta(seconds=apart_s)
        return json.dumps(record | {"timestamp": when.isoformat()})

    run.log.write_text("\n".join(map(moved, run.log.read_text().splitlines())))
    code, out = run.forge("proxy", "join", str(run.log))
    assert code == 0 and f"{made} attempts made of {made * 3} captures" in out
    assert made or "7 have no capture and were left out" in out
