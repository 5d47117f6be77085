"""Pages that answer a document name, line by line, the test that holds the line."""

import re

import documented
import pytest

TESTS = {path.name for path in (documented.ROOT / "tests").rglob("test_*.py")}
PAGES = ("founding-systems", "kernel", "model-lab")


def cells(page):
    """Yield first and last cell of each line of a table whose last column is of tests."""
    text = (documented.ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    for table in re.findall(r"^\|.*\| test.*\|\n\|[-|:]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE):
        for line in table.splitlines():
            first, *_, last = re.split(r"\s*\|\s*", line.strip("| "))
            yield first, last


@pytest.mark.parametrize("page", PAGES)
def test_each_line_names_files_of_tests_or_says_that_there_is_none(page):
    found = list(cells(page))
    assert len(found) > 15
    wrong = [
        (first, last)
        for first, last in found
        if last != "none" and not {*re.findall(r"`(\w+\.py)`", last)} & TESTS
    ]
    assert wrong == []
    named = {name for _, last in found for name in re.findall(r"`([^`]+)`", last)}
    assert named <= TESTS
