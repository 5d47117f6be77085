"""What a line loses is refused, whatever its texts hold."""

import pytest

from harness_forge.collect.sources.lines import values
from harness_forge.config.source import Layout


@pytest.mark.parametrize("blank", ["", " "])
def test_a_colon_in_a_text_hides_no_doubled_key(tmp_path, blank):
    path = tmp_path / "a.jsonl"
    path.write_text(
        f'{{"a": "x: y", "b"{blank}: "::", "b": 1}}\n{{"a": "x: y", "b"{blank}: "::"}}\n'
    )
    bad, good = list(values(path, Layout.lines, 1))
    assert (bad.reason, good.value) == ("doubled_key", {"a": "x: y", "b": "::"})
