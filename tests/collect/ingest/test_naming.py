"""Ids of runs show nothing of a name that redaction would have replaced."""

import json
import random
import string

import pytest
from foreign_files import conversation

from harness_forge.collect.ingest.naming import plain, run_id

KEY = "tau_bench/0123456789abcdef"
TOKEN = "gh" + "p_" + "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=36))


def test_a_plain_name_lends_its_words():
    assert run_id("tau_bench", KEY, "night 7", "recorded").startswith("tau_bench-01234567-night-7-")


@pytest.mark.parametrize(
    "name",
    [f"jdoe@web01.corp:{TOKEN}", f"a-{'long-' * 7}name-{TOKEN}", "/home/jdoe/work", "db7.internal"],
)
def test_a_name_with_a_secret_or_a_person_lends_none(name):
    made = run_id("tau_bench", KEY, name, "recorded")
    assert made.startswith("tau_bench-01234567-")
    mark = made.removeprefix("tau_bench-01234567-")
    assert len(mark) == 8
    assert int(mark, 16) >= 0


def test_names_that_differ_in_their_secret_are_two_runs_and_the_same_one_run():
    names = [f"jdoe@web01.corp:{TOKEN}", f"jdoe@web01.corp:{TOKEN[:-1]}x"]
    assert len({run_id("s", KEY, name, "p") for name in [*names, *names]}) == 2
    assert run_id("s", "s/fedcba9876543210", names[0], "p") != run_id("s", KEY, names[0], "p")


def test_no_run_of_a_file_is_named_after_a_secret(take, ask, tau_bench, lines_of, tmp_path):
    from dataclasses import replace

    records = [{**conversation(n, 0), "run": f"jdoe@web01.corp:{TOKEN}"} for n in range(2)]
    config = replace(tau_bench, mapping=replace(tau_bench.mapping, run="{run}"))
    take(lines_of(tmp_path / "a-air.json", records), config)
    [[made]] = ask("SELECT DISTINCT run_id FROM attempts")
    assert not [word for word in ("jdoe", "web01", TOKEN[4:12]) if word in made]
    assert json.dumps(made).isascii()


def test_a_conversation_is_named_by_its_words_without_secrets():
    asked = "Log in to the shop; the password is {} and I want the orders."
    assert plain(asked.format("Sommer2024!x")) == plain(asked.format("Winter1999?y"))
    assert plain("List the orders.") == "List the orders."


def test_no_item_of_traffic_is_a_digest_of_a_secret(skill, lines_of, tmp_path):
    import hashlib
    from dataclasses import replace

    from harness_forge.collect.ingest.files import ingest
    from harness_forge.config.compose.engine import compose
    from harness_forge.config.split import SplitConfig

    config = compose(None, ["source=openai_traffic", "skill=recorded"]).source
    said = [f"Use {TOKEN} to list the orders.", "List the orders of today, please."]
    lines = [
        {
            "request": {"model": "m", "messages": [{"role": "user", "content": text}]},
            "response": {"choices": [{"message": {"role": "assistant", "content": "None."}}]},
        }
        for text in said
    ]
    path = lines_of(tmp_path / "traffic.jsonl", lines)
    ingest(skill, replace(config, path=str(path)), SplitConfig())
    with skill.connect_read_only() as connection:
        found = {name for (name,) in connection.execute("SELECT item_id FROM items")}

    def digest(text):
        return "chat-" + hashlib.sha256(json.dumps(text).encode()).hexdigest()[:16]

    assert len(found) == 2
    assert digest(said[0]) not in found
    assert digest(said[1]) in found
