"""What a source's people agreed to goes with its rows, and an export may demand it."""

import json

import pytest
from foreign_files import conversation


@pytest.fixture
def export(forge, tmp_path):
    """Export the agent's turns; return exit code, output and manifest."""

    def run(*words):
        code, said = forge("export", "role=agent", "skill=tau_bench", *words)
        path = tmp_path / "tau_bench_agent_sft" / "manifest.json"
        return code, said, json.loads(path.read_text()) if path.exists() else {}

    return run


@pytest.fixture
def ingest(forge, tmp_path):
    """Take a file of four items in, each with words of its own."""

    def run(first, *words):
        path = tmp_path / f"model{first}-air.json"
        records = [conversation(number, 0) for number in range(first, first + 8)]
        for record in records:
            said = f"Please move flight {record['task_id']} to day {record['task_id'] * 7}."
            record["traj"][1] = {"role": "user", "content": said}
        path.write_text(json.dumps(records))
        code, said = forge("ingest", "source=tau_bench", "skill=tau_bench", f"path={path}", *words)
        assert code == 0, said

    return run


def test_an_export_that_demands_consent_rejects_other_rows(ingest, export):
    ingest(0, "source.consent=granted", "source.consent_reference=contract 12")
    ingest(20)
    _, _, everything = export()
    assert set(everything["consent"]) == {"granted", "unknown"}
    assert sum(everything["consent"].values()) == everything["rows"]["kept"]
    code, said, manifest = export("export.consent=granted")
    assert code == 0, said
    assert manifest["consent"] == {"granted": everything["consent"]["granted"]}
    assert manifest["rows"]["rejected"]["no_consent"] > 0


def test_consent_that_is_withdrawn_later_holds_for_the_rows_that_are_there(ingest, export, store):
    ingest(0, "source.consent=granted")
    skill = store.skill("tau_bench")
    before = skill.watermark()["hash"]
    ingest(0, "source.consent=withheld")
    assert skill.watermark()["hash"] != before
    code, said, _ = export("export.consent=granted")
    assert (code, "source.consent=granted says it of a source" in said) == (7, True)
    code, _, manifest = export()
    assert (code, set(manifest["consent"])) == (0, {"withheld"})


def test_a_source_that_says_nothing_changes_nothing(ingest, store):
    ingest(0, "source.consent=granted")
    before = store.skill("tau_bench").watermark()
    ingest(0)
    assert store.skill("tau_bench").watermark() == before


def test_the_card_counts_by_consent(ingest, export, tmp_path):
    ingest(0, "source.consent=granted")
    _, _, manifest = export()
    card = (tmp_path / "tau_bench_agent_sft" / "README.md").read_text()
    assert f"| granted | {manifest['consent']['granted']} |" in card


def test_one_source_can_be_capped(ingest, export):
    ingest(0)
    ingest(20, "source.name=another")
    _, _, before = export()
    cap = ("filters.balance.enabled=true", "filters.balance.max_per_category=1")
    _, _, manifest = export(*cap, "filters.balance.by=source")
    assert before["examples"]["train"] > manifest["examples"]["train"] == 2
    assert manifest["rows"]["rejected"]["balance"] > 0
    assert {"another recorded", "tau_bench recorded"} <= manifest["seen"]["evaluators"].keys()


def test_no_source_makes_up_more_than_its_share(ingest, export):
    ingest(0)
    ingest(20, "source.name=another")
    cap = ("filters.source_cap.enabled=true", "filters.source_cap.max_examples.another=1")
    _, _, manifest = export(*cap, "filters.source_cap.max_share=0.5")
    assert manifest["examples"]["train"] == 2
    assert manifest["filters"]["source_cap"]["rejected"] > 0


def test_a_source_that_came_since_the_dataset_before_is_told(ingest, export):
    ingest(0)
    assert "since the dataset before" not in export()[1]
    ingest(20, "source.name=another")
    assert "note: another recorded is" in export()[1]
    assert "since the dataset before" not in export()[1]
