"""The sentence on top of the report: what decided, without the whole table."""

import pytest

from harness_forge.report.sections.heading import shortly


def decided(decision, **verdicts):
    conditions = {
        name: {"verdict": verdict, "required": f"{name} as asked", "measured": f"{name} as found"}
        for name, verdict in verdicts.items()
    }
    return {"decision": decision, "why": "All of it.", "conditions": conditions}


@pytest.mark.parametrize(
    ("decision", "verdict", "told", "end"),
    [
        ("inconclusive", "unclear", "3 conditions are not clear", "The champion stays."),
        ("rejected", "broken", "3 conditions are broken", "measured two as found."),
    ],
)
def test_of_many_conditions_it_names_the_first(decision, verdict, told, end):
    found = decided(decision, one="holds", two=verdict, three=verdict, four=verdict)
    said = shortly(found)
    assert said.startswith(f"{told}; the table below has them all. The first is two: required is")
    assert said.endswith(end)


def test_a_few_conditions_are_told_as_decided():
    assert shortly(decided("inconclusive", one="unclear", two="unclear")) == "All of it."
    assert shortly(decided("promoted", one="holds", two="holds", three="holds")) == "All of it."
