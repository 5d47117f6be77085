"""`forge serve` takes its adapters from the champion ledger."""

import json
from pathlib import Path

import pytest
from swapped_adapters import altered

from harness_forge.config.compose.engine import compose
from harness_forge.core import chain
from harness_forge.core.errors import PromoteError, ServeError
from harness_forge.registry import current, decisions, served_champions
from harness_forge.registry.adapters import taint
from harness_forge.serving import server_plan
from harness_forge.serving.families import tool_parser

HOME = Path("home")


def promote(adapter, skill="stig", role="worker", version=""):
    line = {
        "kind": "decision",
        "decision": "promoted",
        "time": "2026-11-21T00:00:00Z",
        "candidate": {"name": adapter.name, "digest": adapter.digest},
        "skill": skill,
        "role": role,
        "version": {"name": version},
    }
    with decisions.opened(HOME) as opened:
        opened.append(line)


def test_every_seat_is_served_by_its_content_with_its_aliases(fake):
    config = compose(None, fake)
    worker, judge = altered(config, "mine", 5), altered(config, "mine", 6)
    promote(worker, version="stig-worker-1.0.0")
    promote(judge, role="judge")
    plan = server_plan.plan(config)
    assert [one.name for one in plan.adapters] == [worker.folder.name, judge.folder.name]
    assert plan.aliases == {
        "stig-champion": worker.folder.name,
        "stig-worker-champion": worker.folder.name,
        "stig-worker-1.0.0": worker.folder.name,
        "stig-judge-champion": judge.folder.name,
    }
    assert f"{worker.folder.name}={worker.folder}" in plan.command


def test_one_adapter_in_two_seats_is_served_once(fake):
    config = compose(None, fake)
    both = altered(config, "mine", 5)
    promote(both)
    promote(both, role="judge")
    assert len(server_plan.plan(config).adapters) == 1


def test_a_champion_of_another_base_is_left_out_and_told(fake):
    config = compose(None, fake)
    promote(altered(config, "mine", 5))
    Path("model/config.json").write_text('{"changed": 1}')
    found, notes = served_champions.served_champions(config, current.base_model_of(config))
    assert found == []
    assert notes[0].startswith("stig.worker: its champion is not served: adapter mine: was trained")


def test_a_champion_whose_files_are_gone_is_told(fake):
    config = compose(None, fake)
    one = altered(config, "mine", 5)
    promote(one)
    weights = one.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2])
    with pytest.raises(ServeError, match=r"champion of stig.worker: .*: is damaged"):
        server_plan.plan(config)


def rewritten(text):
    """Return a ledger whose last line says another adapter, its hash made to fit."""
    *before, last = (json.loads(line) for line in text.splitlines())
    last["candidate"] = {"name": "evil", "digest": "e" * 64}
    last["hash"] = chain.digest(last)
    return "".join(json.dumps(line) + "\n" for line in [*before, last])


@pytest.mark.parametrize("edit", [rewritten, lambda text: "", lambda text: None])
def test_a_ledger_that_is_not_what_was_written_is_not_served(fake, edit):
    config = compose(None, fake)
    promote(altered(config, "mine", 5))
    promote(altered(config, "mine", 6))
    place = decisions.path(HOME)
    text = edit(place.read_text())
    place.unlink() if text is None else place.write_text(text)
    with pytest.raises(PromoteError, match="lines were taken out"):
        server_plan.plan(config)
    with pytest.raises(PromoteError, match="lines were taken out"):
        served_champions.served_champions(config, current.base_model_of(config))


@pytest.mark.parametrize(
    ("template", "kind", "parser"),
    [
        ("A call: <tool_call>{...}</tool_call>", "gemma4", "hermes"),
        ("<|tool_call>call:{{ name }}", "", "gemma4"),
        ("<tool_call>\n<function={{ name }}>", "qwen3", "qwen3_xml"),
        ("{{ messages }}", "gemma4", "gemma4"),
        ("{{ messages }}", "llama", "hermes"),
    ],
)
def test_the_tool_parser_follows_the_template_then_the_family(tmp_path, template, kind, parser):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    assert tool_parser(template, tmp_path, None) == parser


def test_a_tainted_adapter_is_served_with_a_note(fake):
    config = compose(None, fake)
    worker = altered(config, "mine", 5)
    promote(worker)
    (one,) = (one for one in taint.trained(HOME) if one.digest == worker.digest)
    taint.mark(HOME, one, "consent was withdrawn", "2026-11-29T10:00:00+00:00")
    for words in ((), (worker.label,)):
        notes = server_plan.plan(config, words).notes
        assert [note for note in notes if "tainted" in note and "consent was withdrawn" in note]
