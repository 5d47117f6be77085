"""Numbers: one form each, and nothing that people read forms them by itself."""

import re
from pathlib import Path

import pytest

import harness_forge
from harness_forge.core.numbers import (
    count,
    counted,
    gain,
    interval,
    level,
    number,
    p_value,
    percent,
    points,
    seconds,
    signed,
    size,
)

PACKAGE = Path(harness_forge.__file__).parent


def test_shares_differences_and_their_intervals():
    assert [percent(share) for share in (0, 0.2754, 1, None)] == [
        "0.0%",
        "27.5%",
        "100.0%",
        "\u2013",
    ]
    assert [points(d) for d in (0.125, -0.05, None)] == ["+12.5", "\u22125.0", "\u2013"]
    assert interval(0.1, 0.25) == "10.0% to 25.0%"
    assert interval(-0.1, 0.25, points) == "\u221210.0 to +25.0"
    assert gain({"difference": 0.2, "low": 0.1, "high": 0.3}) == "+20.0 (+10.0 to +30.0)"
    assert [signed(1234.5), signed(-0.5)] == ["+1,234.50", "\u22120.50"]


def test_p_values_and_levels():
    found = [p_value(p) for p in (1.0, 0.0312, 0.000123, 2.5e-7, 0)]
    assert found == ["1.000", "0.031", "1.2\u00d710⁻⁴", "2.5\u00d710⁻⁷", "0.000"]
    # Of a level every digit counts: 0.0125 is not 0.013.
    assert [level(alpha) for alpha in (0.05, 0.0125, 1, 1e-9)] == [
        "0.05",
        "0.0125",
        "1",
        "1.0\u00d710⁻⁹",
    ]


def test_counts_and_quantities():
    assert [count(0), count(1286), count(363.6)] == ["0", "1,286", "364"]
    assert [counted(1, "row"), counted(2000, "row")] == ["1 row", "2,000 rows"]
    assert [number(0.12345), number(None)] == ["0.123", "\u2013"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0421, "0.042 s"),
        (3.14, "3.1 s"),
        (9.96, "10 s"),
        (119.6, "2 min"),
        (125, "2 min"),
        (7300, "2.0 h"),
    ],
)
def test_times(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (11.2e9, "11.2 GB")],
)
def test_sizes(value, text):
    assert size(value) == text


OWN_FORMS = re.compile(
    r"\{[^{}]*:[^{}]*%\}"  # {share:.1%}
    r"|\{100 \* [^{}]*:[^{}]*\.1f\}"  # {100 * share:.1f}
    r"|\{[^{}\\]*:[^{}\\]*,(\.0f)?\}"  # {number:,}
    r"|\{[^{}]*:\.\d[fg]\} (s|min|kB|MB|GB)\b"  # {wanted:.1f} GB
    r"|\{[^{}]*\bp(_\w+)?(\"\]|'\])?:[^{}]*[efg]\}"  # {p:.3g}
)


def test_no_module_forms_such_a_number_by_itself():
    # metrics.py is for programs.
    exempt = ("numbers.py", "metrics.py")
    files = [path for path in PACKAGE.rglob("*.py") if path.name not in exempt]
    assert len(files) > 200
    found = [
        f"{path.relative_to(PACKAGE)}: {one[0]}"
        for path in files
        for one in OWN_FORMS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
