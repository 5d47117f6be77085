"""A console that is served over HTTP, and records that mean it harm."""

from __future__ import annotations

import http.client
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import html5lib
from loop_files import Loop, whole

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.config.ui import UiConfig
from harness_forge.core.records import Attempt, Origin, Outcome, ToolCall, Turn, WorkItem
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import package
from harness_forge.report.console import frame, routes
from harness_forge.report.console.server import ConsoleServer
from harness_forge.report.console.site import ConsoleSite

HOSTILE = (
    "<script>alert(1)</script> \x1b[31mred\x1b[0m \u202egnp.exe\u202c "
    "\"'><img src=x onerror=y> \x00"
)
"""Markup, a terminal's escape sequence, a change of the writing direction, a NUL."""
RUN = {
    "policy": "model:m", "purpose": "collect", "config": {"seed": 1}, "evaluator": "openscap",
    "evaluator_version": "1", "content_digest": "c",
}  # fmt: skip
PASSED = Outcome(True, 1.0, 1.0, None, "passes", "openscap", "1", seconds=0.4)
NAME = "sshd_set_keepalive"
FAILED = Outcome(False, 0.0, 1.0, "target_fails", "the target fails", "openscap", "1")
NO_VERDICT = replace(FAILED, infrastructure=True)
GOOD = "set -e\nsed -i 's/^#*ClientAliveInterval.*/ClientAliveInterval 600/' /etc/ssh/sshd_config\n"
BAD = "set -e\necho ClientAliveInterval 600 >> /etc/ssh/sshd_config\n"


def item(name=NAME, title="Set a timeout of SSH sessions"):
    """Return a work item."""
    return WorkItem(name, title, "medium", "sshd", name, True, "abc", {})


def attempt(number=1, outcome=PASSED, script=GOOD, agent="worker", said="", name=NAME):
    """Return an attempt: a question, a call of a tool, what a reflector said of it."""
    arguments = json.dumps({"fix_script": script})
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "apply_fix", "arguments": arguments},
    }
    answer = {"role": "assistant", "content": said, "tool_calls": [call]}
    asked = [
        {"role": "system", "content": "You fix one rule at a time."},
        {"role": "user", "content": f"Fix {name}."},
    ]
    tools = [{"type": "function", "function": {"name": "apply_fix", "parameters": {}}}]
    worker = Turn(agent, asked, tools, answer, "qwen", finish_reason="tool_calls")
    words = {"role": "assistant", "content": "The line was there before; replace it."}
    reflector = Turn("reflector", [*asked, answer], [], words, "qwen")
    return Attempt(
        name, number, Origin.MODEL, f"Fix {name}.", ToolCall("apply_fix", {"fix_script": script}),
        outcome, [worker, reflector], model="qwen",
    )  # fmt: skip


def records(store, skill="stig"):
    """Write a run with a failed, a passing and a hostile attempt; return their ids."""
    store.upgrade(skill)
    own = store.skill(skill)
    run = own.open_run(**RUN)
    ids = [
        own.record(run.run_id, item(), attempt(1, FAILED, BAD)),
        own.record(run.run_id, item(), attempt(2)),
        own.record(
            run.run_id,
            item("hostile", HOSTILE),
            attempt(1, replace(FAILED, summary=HOSTILE), HOSTILE, "auditor", HOSTILE, "hostile"),
        ),
    ]
    own.finish_run(run.run_id, {}, "complete")
    return run.run_id, ids


def waiting_decision(made: Loop):
    """Write that a loop's adapter waits for a person; return its identity and what was written."""
    one = package.load(made.outputs / "adapters" / "sft").identity
    facts = {
        "kind": champion.DECISION, "candidate": asdict(one), "decision": champion.AWAITING,
        "skill": "stig", "role": "worker", "why": "All hold.", "champion_before": None,
        "champion_after": None, "conditions": {}, "basis": "b", "time": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    with decisions.opened(made.home) as book:
        book.append(facts)
    return one, facts


def training(home: Path, key="k1", steps=40, of=60):
    """Write the metrics of a training that is under way."""
    place = home / "training" / key
    place.mkdir(parents=True)
    lines = [
        {"step": n, "steps": of, "loss": 2.5 / n**0.4, "elapsed_s": 3.0 * n, "since": 1,
         "tokens/total": 900 * n}
        for n in range(1, steps + 1)
    ]  # fmt: skip
    (place / "metrics.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    (place / "axolotl.log").write_text(f"loading {HOSTILE}\n")


def dataset(data: Path, ids, name="pairs", lines=25):
    """Write a dataset of pairs, with a ledger."""
    folder = data / name
    folder.mkdir(parents=True)
    asked = [{"role": "user", "content": "Fix it."}]
    with (folder / "train.jsonl").open("w") as file:
        for n in range(1, lines + 1):
            one = {
                "id": f"p{n}", "prompt": asked,
                "chosen": [{"role": "assistant", "content": f"right {n} {HOSTILE}"}],
                "rejected": [{"role": "assistant", "content": f"wrong {n}"}],
            }  # fmt: skip
            file.write(json.dumps(one) + "\n")
    told = [{"source": f"stig.attempts:{n}", "kept": True, "file": "train.jsonl", "lines": [n]}
            for n in range(1, lines + 1)]  # fmt: skip
    told += [{"source": f"stig.attempts:{n}", "kept": False, "reason": "label_flags"} for n in ids]
    told += [{"source": "stig.attempts:900", "kept": False, "reason": "duplicate", "of": "x"}]
    (folder / "ledger.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in told))
    manifest = {
        "dataset": name, "skill": "stig", "role": "worker", "format": "dpo",
        "rows": {"read": len(told), "kept": lines, "rejected": {"label_flags": 3, "duplicate": 1}},
        "examples": {"train": lines}, "files": {"train.jsonl": {"lines": lines, "sha256": "d"}},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def loop(root: Path) -> Loop:
    """Write a whole loop's files; nothing is decided."""
    return whole(root)


@dataclass
class Browser:
    """Asks a console as a browser does, with the cookie that it was given."""

    server: ConsoleServer
    site: ConsoleSite
    cookie: str = ""

    @property
    def host(self):
        """The Host header of the address that was printed."""
        return f"127.0.0.1:{self.server.session.port}"

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.session.port, timeout=20)
        sent = {"Cookie": self.cookie} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def open(self):
        """Open the address that was printed, and keep the cookie."""
        status, headers, _ = self.ask("GET", f"/?key={self.server.session.key}")
        assert status == 303
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def get(self, path):
        """Return the text of a page that must be there."""
        status, _, text = self.ask("GET", path)
        assert status == 200, text[-600:]
        return text

    def post(self, path, headers=None, **form):
        """Post a form as our own page does; `headers` replaces some."""
        form = {"token": self.server.session.token} | form
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://{self.host}",
        } | (headers or {})
        body = urlencode({k: v for k, v in form.items() if v is not None})
        return self.ask("POST", path, body, **sent)


@contextmanager
def console(root: Path, url: str | None, write=False, page=10, skill="stig"):
    """Serve a console over the folders `home` and `data` of `root`, and yield a browser."""
    config = ForgeConfig(
        recipe="target_a", forge_home=str(root / "home"), data_dir=str(root / "data"),
        skill=SkillConfig(name=skill), store=StoreConfig(url), ui=UiConfig(page=page),
    )  # fmt: skip
    site = ConsoleSite(config)
    with ConsoleServer(
        0, write, lambda one, session: routes.answer(site, one, session), frame.fault
    ) as s:
        thread = threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        browser = Browser(s, site)
        try:
            browser.open()
            yield browser
        finally:
            s.shutdown()
            thread.join()
            site.close()


def tree(text):
    """Return a page, parsed strictly."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def words(text):
    """Return the words of a page, as one line."""
    found = " ".join(tree(text).find("body").itertext())
    return " ".join(found.split()).replace(" .", ".")


def links(text):
    """Return the addresses that a page leads to."""
    return [unescape(one) for one in re.findall(r'href="(/[^"]*)"', text)]
