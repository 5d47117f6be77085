"""The ledger notices what was changed, and survives a kill in writing."""

import json

import pytest
from promoting_evidence import CANDIDATE, OTHER

from harness_forge.core import chain
from harness_forge.core.errors import PromoteError
from harness_forge.registry import champion, decisions


def promotion(candidate, time="t"):
    who = {"name": candidate.name, "digest": candidate.digest}
    return {"kind": "decision", "decision": "promoted", "candidate": who, "time": time}


@pytest.fixture
def home(tmp_path):
    """A home with two promotions in its ledger."""
    with decisions.opened(tmp_path) as book:
        book.append(promotion(CANDIDATE))
        book.append(promotion(OTHER))
    return tmp_path


def test_lines_are_chained(home):
    first, second = decisions.read(home)
    assert first["previous"] == chain.FIRST
    assert second["previous"] == first["hash"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_line_is_noticed(home, number):
    lines = decisions.path(home).read_text().splitlines()
    lines[number] = lines[number].replace("promoted", "rejected")
    decisions.path(home).write_text("\n".join(lines) + "\n")
    with pytest.raises(PromoteError, match=f"{number + 1}: was changed after it was written"):
        decisions.read(home)
    with pytest.raises(PromoteError), decisions.opened(home):
        pass


def test_a_removed_line_is_noticed(home):
    lines = decisions.path(home).read_text().splitlines()
    decisions.path(home).write_text(lines[1] + "\n")
    with pytest.raises(PromoteError, match="1: does not follow the line before"):
        decisions.read(home)


def test_a_line_put_together_by_hand_is_noticed(home):
    with decisions.path(home).open("a") as file:
        file.write(json.dumps(promotion(OTHER)) + "\n")
    with pytest.raises(PromoteError, match="3: was changed"):
        decisions.read(home)


def test_a_torn_last_line_is_healed_with_a_message(home):
    whole = decisions.path(home).read_bytes()
    decisions.path(home).write_bytes(whole + b'{"kind": "decis')
    said = []
    assert len(decisions.read(home)) == 2
    with decisions.opened(home, said.append) as book:
        book.append(promotion(CANDIDATE))
    assert "cut in writing (15 bytes)" in said[0]
    assert len(decisions.read(home)) == 3
    assert decisions.path(home).read_bytes().startswith(whole)


def test_a_last_line_that_lacks_only_its_end_is_kept(home):
    whole = decisions.path(home).read_bytes()
    decisions.path(home).write_bytes(whole[:-1])
    said = []
    assert len(decisions.read(home)) == 2
    with decisions.opened(home, said.append) as book:
        assert len(book.lines) == 2
    assert said == [f"{decisions.path(home)}: the last line lacked its end; added"]
    assert decisions.path(home).read_bytes() == whole


def test_what_a_pointer_names_is_never_cut(home):
    champion.point(
        home, CANDIDATE.name, champion.champion_stack(decisions.read(home), CANDIDATE.name)
    )
    decisions.head(home).unlink()
    torn = decisions.path(home).read_bytes()[:-5]
    decisions.path(home).write_bytes(torn)
    for reader in (decisions.read, lambda home: decisions.opened(home).__enter__()):
        with pytest.raises(PromoteError, match="lines were taken out"):
            reader(home)
    assert decisions.path(home).read_bytes() == torn


def test_an_end_written_anew_is_noticed_without_a_pointer(home):
    first, last = (json.loads(line) for line in decisions.path(home).read_text().splitlines())
    last["time"] = "another"
    last["hash"] = chain.digest(last)
    decisions.path(home).write_text(f"{json.dumps(first)}\n{json.dumps(last)}\n")
    with pytest.raises(PromoteError, match=r"decisions\.head names a decision"):
        decisions.read(home)


def test_a_ledger_from_before_its_end_was_kept_is_read(home):
    decisions.head(home).unlink()
    assert len(decisions.read(home)) == 2
    with decisions.opened(home):
        pass
    assert json.loads(decisions.head(home).read_text())["lines"] == 2


def test_a_line_nested_too_deeply_is_told(home):
    with decisions.path(home).open("a") as file:
        file.write("[" * 100_000 + "\n")
    with pytest.raises(PromoteError, match="3: was changed"):
        decisions.read(home)


def test_the_last_promoted_is_champion(home):
    stack = champion.champion_stack(decisions.read(home), CANDIDATE.name)
    assert [term.candidate for term in stack] == [CANDIDATE, OTHER]
    assert champion.champion_stack(decisions.read(home), "another") == []


def test_the_pointer_follows_the_ledger(home):
    stack = champion.champion_stack(decisions.read(home), CANDIDATE.name)
    assert champion.point(home, CANDIDATE.name, stack)
    assert not champion.point(home, CANDIDATE.name, stack)
    told = json.loads(champion.pointer(home, CANDIDATE.name).read_text())
    assert told["adapter"] == OTHER.label
    assert told["line"] == decisions.read(home)[1]["hash"]


def test_a_ledger_cut_at_its_end_is_noticed_by_the_pointer(home):
    champion.point(
        home, CANDIDATE.name, champion.champion_stack(decisions.read(home), CANDIDATE.name)
    )
    first = decisions.path(home).read_text().splitlines()[0]
    decisions.path(home).write_text(first + "\n")
    with pytest.raises(PromoteError, match="lines were taken out"):
        decisions.read(home)
