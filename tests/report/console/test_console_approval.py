"""An adapter that waits for a person, in the console."""

from dataclasses import asdict

from console_parts import console, loop, words

from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import package
from harness_forge.registry.approval import waiting


def test_the_console_asks_and_takes_the_answer(tmp_path):
    made = loop(tmp_path)
    one = package.load(made.outputs / "adapters" / "sft").identity
    facts = {
        "kind": champion.DECISION, "candidate": asdict(one), "decision": champion.AWAITING,
        "skill": "stig", "role": "worker", "why": "All hold.", "champion_before": None,
        "champion_after": None, "conditions": {}, "basis": "b", "time": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    with decisions.opened(made.home) as book:
        book.append(facts)
    path = f"/adapters/{one.label}"
    with console(tmp_path, None) as browser:
        assert "waits for approval" in words(browser.get("/adapters"))
        page = words(browser.get(path))
        assert "forge approve" in page and "Decline" not in page
        assert browser.ask("POST", f"{path}/decide")[0] == 403
    with console(tmp_path, None, write=True) as browser:
        assert browser.post(f"{path}/decide", why=" ")[0] == 400
        assert waiting(decisions.read(made.home))
        assert browser.post(f"{path}/decide", why="<b>short</b>")[0] == 303
        page = browser.get(path)
        assert "Champion of" in words(page) and "<b>short" not in page
        assert browser.post(f"{path}/decide", why="twice")[0] == 409
    with console(tmp_path, None, write=True) as browser:
        with decisions.opened(made.home) as book:
            book.append({**facts, "champion_before": asdict(one)})
        assert browser.post(f"{path}/decide", why="no", decline="1")[0] == 303
        assert "stays" not in words(browser.get(path))
    assert decisions.read(made.home)[-1]["decision"] == champion.REJECTED
