"""Suites that come with forge, and those of the recipe, are protected without being asked for."""

from __future__ import annotations

import json

import pytest

from harness_forge import cli
from harness_forge.config.suite import OURS
from harness_forge.datasets.audit.audit import audit

QUESTION = (
    "Which three roads lead to the old harbour if the bridge by the mill is closed for carts, and "
    "which of them may be used after nine in the evening by somebody who has no lantern at all?"
)


@pytest.fixture
def reasons(store, harness, tmp_path):
    """Export as typed and return the reasons in the ledger, in order."""

    def run(*words: str) -> list[str | None]:
        where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
        where.append(f"forge_home={tmp_path / 'home'}")
        assert cli.main(["export", "role=worker", "skill=stig", *where, *words]) == 0
        dataset = harness.data_dir / "stig_worker_sft"
        assert [one for one in audit(dataset) if not one.holds] == []
        lines = (dataset / "ledger.jsonl").read_text().splitlines()
        return [json.loads(line).get("reason") for line in lines]

    return run


def longest(bundle: str) -> str:
    items = [json.loads(line) for line in (OURS / bundle / "items.jsonl").read_text().splitlines()]
    return max((item.get("prompt", "") for item in items), key=len)


def test_items_of_a_bundle_stay_out_of_every_dataset(harness, reasons):
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("quoting"), "fix", prompt=f"Now then: {longest('aither')}")
    assert reasons() == [None, "contaminated"]
    assert reasons("contamination.known_suites=false") == [None, None]


def test_a_local_copy_that_the_recipe_names_stays_out(harness, reasons, tmp_path):
    copy = tmp_path / "bfcl"
    copy.mkdir()
    line = {"id": "simple_0", "question": [[{"role": "user", "content": QUESTION}]], "function": []}
    (copy / "BFCL_v4_simple.json").write_text(json.dumps(line) + "\n")
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("quoting"), "fix", prompt=QUESTION)
    assert reasons("suite=bfcl") == [None, None]
    assert reasons("suite=bfcl", f"suite.path={copy}") == [None, "contaminated"]


def test_a_copy_that_is_not_there_is_one_line(store, harness, tmp_path, capsys):
    harness.attempt(harness.item("plain"), "fine")
    words = ["suite=mmlu", f"suite.path={tmp_path / 'gone'}", f"store.url='{store.url}'"]
    where = [f"data_dir={harness.data_dir}", f"forge_home={tmp_path / 'home'}"]
    assert cli.main(["export", "role=worker", "skill=stig", *words, *where]) == 7
    assert capsys.readouterr().err == (
        "forge: contamination.suites.mmlu: cannot be read: "
        f"{tmp_path / 'gone'}: No such file or directory\n"
    )
