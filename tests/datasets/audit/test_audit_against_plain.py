"""What an audit does in one pass finds the same as looking at each thing by itself."""

from __future__ import annotations

import json
import random
from copy import deepcopy

import pytest
from written_dataset import WrittenDataset

from harness_forge.datasets.audit.audit import audit
from harness_forge.datasets.audit.dataset import Dataset
from harness_forge.datasets.audit.ledger import WrittenLedger
from harness_forge.datasets.audit.search import TextSearch
from harness_forge.datasets.audit.views import InnerJson, texts

SECRET = "export AWS_ACCESS_KEY_ID=AKIAQ3EGRVYB7DNK2W5P"
SAID = (
    "set the option",
    SECRET,
    f'{{"cmd": "{SECRET}", "n": 1}}',
    '["quiet", {"deep": "mail ops@ferns.internal.net"}]',
    "[INFO] begins",
    "{broken",
    "\x1b[1mAK\x1b[0mIAQ3EGRVYB7DNK2W5P",
    "a longer text without anything in it, of more characters than are remembered as they are",
    "",
)

FORMAT = ("role", "content", "tools", "name", "arguments")


def plain_texts(value):
    """Return every string in a value by the shortest code that does."""
    if isinstance(value, str):
        try:
            held = json.loads(value) if value[:1] in ("{", "[") else None
        except ValueError:
            held = None
        return [value] if held is None else plain_texts(held)
    keys = [key for key in value if key not in FORMAT] if isinstance(value, dict) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return keys + [text for one in inner for text in plain_texts(one)]


def drawn(draw, depth=0):
    """Return a value as a line may hold it."""
    kinds = ("text", "text", "list", "dict", "number") if depth < 3 else ("text", "number")
    match draw.choice(kinds):
        case "text":
            return draw.choice(SAID)
        case "list":
            return [drawn(draw, depth + 1) for _ in range(draw.randrange(3))]
        case "dict":
            names = (draw.choice((f"k{n}", *FORMAT, *SAID[:2])) for n in range(draw.randrange(3)))
            return {name: drawn(draw, depth + 1) for name in names}
    return draw.choice((None, True, 7, 1.5))


@pytest.mark.parametrize("seed", range(40))
def test_texts_searched_together_hold_what_each_holds_alone(tmp_path, seed):
    dataset = Dataset.of(WrittenDataset(tmp_path / "data").write())
    draw, inner = random.Random(seed), InnerJson()
    search = TextSearch(dataset, ["quiet", "option"], inner)
    secrets, canaries = [], []
    for number in range(30):
        line = {f"k{n}": drawn(draw) for n in range(4)} | {"tools": draw.choice(SAID)}
        assert texts(line, inner) == plain_texts(line)
        search.look(line, f"line {number}")
        for text in plain_texts(line):
            found = search._redactor.findings(text)
            secrets += [f"line {number} holds a {one.kind}" for one in found]
            words = enumerate(("quiet", "option"), start=1)
            canaries += [f"line {number} holds canary {at}" for at, word in words if word in text]
    assert search.secrets()[1] == secrets
    assert search._found == canaries
    assert len(secrets) > 10


@pytest.mark.parametrize("seed", range(20))
def test_a_ledger_read_once_says_what_its_lines_say(tmp_path, seed):
    draw, dataset = random.Random(seed), WrittenDataset(tmp_path / "data")
    dataset.ledger = [
        {
            "source": f"stig.turns:{draw.randrange(9)}",
            "kept": True,
            "file": draw.choice(("train.jsonl", "validation.jsonl")),
            "lines": draw.choices(range(1, 7), k=draw.randrange(1, 4)),
        }
        for _ in range(12)
    ]
    rows: dict = {}
    for entry in dataset.ledger:
        for number in entry["lines"]:
            rows.setdefault((entry["file"], number), set()).add(entry["source"])
    ledger = WrittenLedger(Dataset.of(dataset.write()))
    for place in draw.sample(sorted(rows), k=draw.randrange(len(rows))):
        assert ledger.take(*place) == rows.pop(place)
        assert ledger.take(*place) == set()
    assert list(ledger.left()) == list(rows)


@pytest.mark.parametrize(
    "spoiled",
    [{"lines": 3}, {"lines": [[1]]}, {"lines": "1"}, {"file": [1]}, {"source": None}, {"file": 1}],
    ids=str,
)
def test_a_ledger_line_of_the_wrong_shape_is_a_finding(tmp_path, spoiled):
    dataset = WrittenDataset(tmp_path / "data")
    dataset.ledger[1] = deepcopy(dataset.ledger[1]) | spoiled
    told = {one.name: one.detail for one in audit(dataset.write()) if not one.holds}
    assert set(told) == {"ledger", "sources"}
    what = "names no row" if "source" in spoiled else "is kept and names no line"
    assert told["ledger"].startswith(f"ledger.jsonl line 2 {what}")
    said = "train.jsonl line 1 is of stig.turns:0, the ledger has no row"
    assert told["sources"] == said


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\n{}"], ids=repr)
def test_lines_are_counted_as_they_are_read(tmp_path, end):
    path = WrittenDataset(tmp_path / "data").write()
    for name in ("train.jsonl", "items.jsonl"):
        data = (path / name).read_bytes().rstrip(b"\n") + end
        (path / name).write_bytes(data)
    dataset = Dataset.of(path)
    for name, facts in dataset.files.items():
        assert facts.lines == sum(1 for _ in dataset.records(name)) > 0
