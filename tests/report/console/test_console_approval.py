"""An adapter that waits for a person, in the console."""

from dataclasses import asdict

from console_parts import console, loop, waiting_decision, words

from harness_forge.registry import champion, decisions
from harness_forge.registry.approval import waiting


def test_the_console_asks_and_takes_the_answer(tmp_path):
    made = loop(tmp_path)
    one, facts = waiting_decision(made)
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
