"""A secret that only another turn, answer or item tells of is in no line of a dataset."""

from __future__ import annotations

import json
import re

import pytest

from harness_forge import cli

PASSWORD = "vK7-lattice-52-Zp"


def user(text):
    return {"role": "user", "content": text}


def said(text):
    return {"role": "assistant", "content": text}


BARE = f"It prints {PASSWORD} and ends."
TOLD = f"psql postgres://admin:{PASSWORD}@db.corp.example.net/shop"


def turns(*answers):
    """Return a conversation with one user's message before each answer."""
    return [one for text in answers for one in (user(f"Go on with step {len(text)}."), said(text))]


CONVERSATIONS = {
    "later turn": [turns("Run env.", BARE, "Wait.", TOLD)],
    "answer alone": [[user(f"Our word is {PASSWORD}."), said(TOLD)]],
    "other attempt": [
        [user(f"Use {PASSWORD} there."), said("Done, it is open.")],
        [user(f"Use {PASSWORD} there."), said(f"export PGPASSWORD={PASSWORD}")],
    ],
}


@pytest.fixture
def exported(store, tmp_path):
    """Ingest conversations by item, and return the text of the exported lines."""

    def export(conversations: dict, *more: str) -> str:
        path = tmp_path / "records.jsonl"
        records = [
            {"task": item, "try": number, "chat": chat, "reward": 1}
            for item, chats in conversations.items()
            for number, chat in enumerate(chats)
        ]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        words = ["skill=recorded", f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}"]
        mapping = {"item": "{task}", "messages": "{chat}", "outcome": "{reward}", "run": "{try}"}
        source = [f'source.mapping.{key}="{value}"' for key, value in mapping.items()]
        assert cli.main(["ingest", "source=trajectories", f"path={path}", *words, *source]) == 0
        with store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE recorded.splits SET split = 'train'")
        assert cli.main(["export", "role=agent", *words, f"data_dir={tmp_path}", *more]) == 0
        return (tmp_path / "recorded_agent_sft" / "train.jsonl").read_text()

    return export


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_no_line_holds_what_another_place_tells(exported, name, workers):
    text = exported({name: CONVERSATIONS[name]}, f"engine.workers={workers}")
    assert PASSWORD not in text
    (pseudonym,) = set(re.findall(r"redacted-[\w-]+", text))
    assert text.count(pseudonym) >= 2


def test_an_item_tells_of_the_secrets_of_another(exported):
    text = exported(
        {
            "one": [[user("What does it print?"), said(BARE)]],
            "two": [[user("Open the shop."), said(TOLD)]],
        }
    )
    assert text.count("\n") == 2
    assert PASSWORD not in text


def test_turns_that_one_turn_tells_of_remain_one_line(exported):
    text = exported({"later turn": CONVERSATIONS["later turn"]})
    assert text.count("\n") == 1


def test_off_is_off(exported):
    assert PASSWORD in exported({"later turn": CONVERSATIONS["later turn"]}, "redaction=off")
