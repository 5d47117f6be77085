"""Target B's table is made of result files alone."""

import json
from itertools import product

import pytest
from target_b_table import SKILLS, difference, rate, without, write_table

from harness_forge.core.numbers import NONE
from harness_forge.core.results import EvalResult
from harness_forge.evaluation import result_files

ITEMS = 6
SUITES = ("architect", "auditor", "reflector")


def worker(skill, number, passed):
    name = f"{skill}_{number}"
    return EvalResult(
        skill, name, name, "family", name, "new_rule", passed, False,
        None if passed else "target_fails", "answer", None, cluster=f"cluster_{number // 2}",
    )  # fmt: skip


@pytest.fixture
def results(tmp_path):
    """Return what writes a condition's result files: right answers of `adapter`, none of base."""

    def write(name, right):
        outputs = tmp_path / "conditions" / name / "outputs"
        for label in ("base", "few_shot", "nearest", "template", "extractive", "adapter"):
            count = right if label == "adapter" else 0
            rows = [worker(skill, n, n < count) for skill in SKILLS for n in range(ITEMS)]
            result_files.write(outputs / "replay" / f"{label}.jsonl", rows)
        for skill, suite, label in product(SKILLS, SUITES, ("base", "adapter")):
            count = right if label == "adapter" else 0
            rows = [row(suite, skill, n, n < count) for n in range(ITEMS)]
            path = outputs.parent / "roles" / skill / "outputs/evaluate" / suite / f"{label}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(one) + "\n" for one in rows))
        (outputs.parent / "done.json").write_text("{}")
        return tmp_path

    return write


def row(suite, skill, number, right):
    metrics = ("names_cause", "well_formed") if suite == "reflector" else ("verdict_right",)
    return {
        "skill": skill,
        "item_id": f"{skill}_{number}@{number}",
        "title": f"{skill}_{number}",
        "scores": dict.fromkeys(metrics, float(right)),
    }


def line(text, start):
    (found,) = [line for line in text.splitlines() if line.startswith(start)]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_every_condition_has_its_column(results):
    results("all", 6)
    results("repair", 2)
    text = write_table(results(without("repair"), 0))
    cells = line(text, "| repair | worker |")
    assert cells[2] == "6 (3)"
    assert [cell.split()[0] for cell in cells[3:]] == [
        "0.0%", "33.3%", "100.0%", "0.0%", "+66.7", "+0.0",
    ]  # fmt: skip
    assert line(text, "| stig | auditor |")[4] == NONE  # no condition of stig alone is finished
    shown = line(text, "| repair | reflector |")[4:6]
    assert [cell.split()[0] for cell in shown] == ["33.3%", "100.0%"]
    assert (results("all", 6) / "table.md").read_text() == text


def test_a_folder_without_results_has_a_table_without_lines(tmp_path):
    assert len(write_table(tmp_path).strip().splitlines()) == 2


def test_intervals_go_by_cluster():
    alike = {("s", str(n)): (n < 4, str(n // 4)) for n in range(8)}
    apart = {("s", str(n)): (n < 4, str(n)) for n in range(8)}
    assert rate(alike).startswith("50.0% (") and rate(apart).startswith("50.0% (")
    assert rate(alike) != rate(apart)
    none = {key: (False, cluster) for key, (_, cluster) in apart.items()}
    assert difference(apart, none).startswith("+50.0 (")
    assert difference(apart, {}) == NONE
