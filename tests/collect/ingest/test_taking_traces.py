import json

import pytest

from harness_forge.collect.sources import unpacking

USER = {"role": "user", "content": "Which tin has the brass ones?"}
ANSWER = {"role": "assistant", "content": "Tin 3."}


def observations(count):
    return [
        {"id": f"o{n}", "traceId": f"t{n}", "type": "GENERATION", "input": [USER], "output": ANSWER}
        | {"scores": [{"name": "right", "value": 1}]}
        for n in range(count)
    ]


def lines(path, records):
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def test_a_trace_that_grew_is_read_anew(forge, tmp_path):
    path = lines(tmp_path / "spans.jsonl", observations(1))
    assert "1 attempts added" in forge("ingest", "source=langfuse", f"path={path}")[1]
    later = observations(1)[0] | {"id": "p", "output": ANSWER | {"content": "Tin 4."}}
    lines(path, [*observations(1), later])
    code, said = forge("ingest", "source=langfuse", f"path={path}")
    assert (code, "1 attempts added" in said) == (0, True), said
    [row] = [line.split() for line in said.splitlines() if line.endswith("spans.jsonl")]
    assert row[:5] == ["1", "1", "1", "0", "2"]  # one trace: an attempt of two turns


def test_half_a_file_keeps_its_whole_records(forge, tmp_path):
    path = lines(tmp_path / "spans.jsonl", observations(20))
    path.write_text(path.read_text()[:-40])
    code, said = forge("ingest", "source=langfuse", f"path={path}")
    assert (code, "19 attempts added" in said) == (0, True), said


def test_zstd_holds_traces_too(forge, tmp_path):
    zstandard = pytest.importorskip("zstandard")
    path = lines(tmp_path / "spans.jsonl", observations(2))
    packed = tmp_path / "packed.jsonl.zst"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    assert unpacking.beginning(packed, 1) == b"{"
    assert "2 attempts added" in forge("ingest", "source=langfuse", f"path={packed}")[1]


TRAFFIC = {
    "anthropic_traffic": {
        "request": {"model": "m1", "messages": [USER]},
        "response": {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "Tin 3."}],
            "stop_reason": "end_turn",
        },
    },
    "responses_traffic": {
        "request": {"model": "m1", "input": [USER]},
        "response": {
            "object": "response",
            "status": "completed",
            "output": [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Tin 3."}],
                }
            ],
        },
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": USER["content"]},
            {"from": "gpt", "value": "Tin 3."},
        ]
    },
}


@pytest.mark.parametrize("name", TRAFFIC)
def test_names_that_people_look_for(forge, tmp_path, name):
    path = lines(tmp_path / "records.jsonl", [TRAFFIC[name]])
    code, said = forge("ingest", f"source={name}", f"path={path}")
    assert (code, "1 attempts added" in said) == (0, True), said
