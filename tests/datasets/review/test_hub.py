"""The Hub's own client against a small server of ours: what is sent, and where to."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness_forge.core.errors import ExportError, WorksetError
from harness_forge.datasets.review.hub import WORKSET, push
from harness_forge.worksets.worksets import python_of

pytestmark = pytest.mark.workset
COMMIT = "c" * 40
PLACE = "https://huggingface.co/datasets/me/lamps"
HOME = Path(__file__).parents[3] / ".forge"


class Hub(BaseHTTPRequestHandler):
    """Answers what an upload of small files asks, and keeps what came."""

    private, asked, sent = True, [], {}

    def log_message(self, *_):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"id": "me/lamps", "sha": "0" * 40, "private": type(self).private, "tags": [],
                     "siblings": []})  # fmt: skip

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        type(self).asked.append((self.path, self.headers["Authorization"]))
        if self.path.endswith("/repos/create"):
            type(self).sent["made"] = json.loads(body)
            self.answer({"url": PLACE, "name": "me/lamps", "id": "1"})
        elif "/preupload/" in self.path:
            files = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                     for one in json.loads(body)["files"]]  # fmt: skip
            self.answer({"files": files})
        elif "/commit/" in self.path:
            lines = [json.loads(line) for line in body.splitlines()]
            type(self).sent |= {one["value"]["path"]: base64.b64decode(one["value"]["content"])
                                for one in lines if one["key"] == "file"}  # fmt: skip
            place = f"{PLACE}/commit/{COMMIT}"
            self.answer({"success": True, "commitOid": COMMIT, "commitUrl": place})
        else:
            self.answer({"errors": [], "warnings": []})


@pytest.fixture
def hub(monkeypatch):
    try:
        python_of(WORKSET, HOME)
    except WorksetError as missing:
        pytest.skip(str(missing))
    Hub.private, Hub.asked, Hub.sent = True, [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    yield Hub
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "README.md").write_text("# A card\n")
    return tmp_path


def test_the_files_arrive_in_a_private_repository_with_the_token(hub, folder):
    said = push(folder, "me/lamps", "dataset", HOME)
    assert said["commit"] == COMMIT
    made = hub.sent.pop("made")
    assert (made["type"], made.get("private"), made.get("visibility")) in (
        ("dataset", True, None), ("dataset", None, "private"),
    )  # fmt: skip
    assert hub.sent == {one.name: one.read_bytes() for one in folder.iterdir()}
    assert {token for _, token in hub.asked} == {"Bearer hf_of_a_test"}


def test_nothing_is_sent_to_a_repository_that_is_public(hub, folder):
    hub.private = False
    with pytest.raises(ExportError, match="is public, and nothing is sent to a public one"):
        push(folder, "me/lamps", "dataset", HOME)
    assert set(hub.sent) == {"made"}
