"""Tables on a terminal: a row for each row, whatever the names in it hold."""

from harness_forge.cli.columns import columns


def test_a_name_with_new_lines_stays_one_row():
    assert columns([("name", "n"), ("a\nb\tc", "1")]) == ["name   n", "a b c  1"]


def test_columns_behind_the_left_ones_are_flush_right():
    assert columns([("name", "items"), ("x", "7")], left=1) == ["name  items", "x         7"]


def test_an_indent_stays():
    assert columns([("a",), ("  b",)]) == ["a", "  b"]
