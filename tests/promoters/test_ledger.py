"""The ledger notices what was changed, and survives a kill in writing."""

import json

import pytest
from promoting_evidence import CANDIDATE, OTHER

from harness_forge.errors import PromoteError
from harness_forge.promoters import champion, ledger


def promotion(candidate, time="t"):
    who = {"name": candidate.name, "digest": candidate.digest}
    return {"kind": "decision", "decision": "promoted", "candidate": who, "time": time}


@pytest.fixture
def home(tmp_path):
    """A home with two promotions in its ledger."""
    with ledger.opened(tmp_path) as book:
        book.append(promotion(CANDIDATE))
        book.append(promotion(OTHER))
    return tmp_path


def test_lines_are_chained(home):
    first, second = ledger.read(home)
    assert first["previous"] == ledger.FIRST
    assert second["previous"] == first["hash"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_line_is_noticed(home, number):
    lines = ledger.path(home).read_text().splitlines()
    lines[number] = lines[number].replace("promoted", "rejected")
    ledger.path(home).write_text("\n".join(lines) + "\n")
    with pytest.raises(PromoteError, match=f"{number + 1}: was changed after it was written"):
        ledger.read(home)
    with pytest.raises(PromoteError), ledger.opened(home):
        pass


def test_a_removed_line_is_noticed(home):
    lines = ledger.path(home).read_text().splitlines()
    ledger.path(home).write_text(lines[1] + "\n")
    with pytest.raises(PromoteError, match="1: does not follow the line before"):
        ledger.read(home)


def test_a_line_put_together_by_hand_is_noticed(home):
    with ledger.path(home).open("a") as file:
        file.write(json.dumps(promotion(OTHER)) + "\n")
    with pytest.raises(PromoteError, match="3: was changed"):
        ledger.read(home)


def test_a_torn_last_line_is_healed_with_a_message(home):
    whole = ledger.path(home).read_bytes()
    ledger.path(home).write_bytes(whole + b'{"kind": "decis')
    said = []
    assert len(ledger.read(home)) == 2
    with ledger.opened(home, said.append) as book:
        book.append(promotion(CANDIDATE))
    assert "cut in writing (15 bytes)" in said[0]
    assert len(ledger.read(home)) == 3
    assert ledger.path(home).read_bytes().startswith(whole)


def test_a_last_line_that_lacks_only_its_end_is_kept(home):
    whole = ledger.path(home).read_bytes()
    ledger.path(home).write_bytes(whole[:-1])
    said = []
    assert len(ledger.read(home)) == 2
    with ledger.opened(home, said.append) as book:
        assert len(book.lines) == 2
    assert said == [f"{ledger.path(home)}: the last line lacked its end; added"]
    assert ledger.path(home).read_bytes() == whole


def test_what_a_pointer_names_is_never_cut(home):
    champion.point(home, CANDIDATE.name, champion.reigns(ledger.read(home), CANDIDATE.name))
    ledger.head(home).unlink()
    torn = ledger.path(home).read_bytes()[:-5]
    ledger.path(home).write_bytes(torn)
    for reader in (ledger.read, lambda home: ledger.opened(home).__enter__()):
        with pytest.raises(PromoteError, match="lines were taken out"):
            reader(home)
    assert ledger.path(home).read_bytes() == torn


def test_an_end_written_anew_is_noticed_without_a_pointer(home):
    first, last = (json.loads(line) for line in ledger.path(home).read_text().splitlines())
    last["time"] = "another"
    last["hash"] = ledger.digest(last)
    ledger.path(home).write_text(f"{json.dumps(first)}\n{json.dumps(last)}\n")
    with pytest.raises(PromoteError, match=r"decisions\.head names a decision"):
        ledger.read(home)


def test_a_ledger_from_before_its_end_was_kept_is_read(home):
    ledger.head(home).unlink()
    assert len(ledger.read(home)) == 2
    with ledger.opened(home):
        pass
    assert json.loads(ledger.head(home).read_text())["lines"] == 2


def test_a_line_nested_too_deeply_is_told(home):
    with ledger.path(home).open("a") as file:
        file.write("[" * 100_000 + "\n")
    with pytest.raises(PromoteError, match="3: was changed"):
        ledger.read(home)


def test_the_last_promoted_is_champion(home):
    stack = champion.reigns(ledger.read(home), CANDIDATE.name)
    assert [reign.candidate for reign in stack] == [CANDIDATE, OTHER]
    assert champion.reigns(ledger.read(home), "another") == []


def test_the_pointer_follows_the_ledger(home):
    stack = champion.reigns(ledger.read(home), CANDIDATE.name)
    assert champion.point(home, CANDIDATE.name, stack)
    assert not champion.point(home, CANDIDATE.name, stack)
    told = json.loads(champion.pointer(home, CANDIDATE.name).read_text())
    assert told["adapter"] == OTHER.label
    assert told["line"] == ledger.read(home)[1]["hash"]


def test_a_ledger_cut_at_its_end_is_noticed_by_the_pointer(home):
    champion.point(home, CANDIDATE.name, champion.reigns(ledger.read(home), CANDIDATE.name))
    first = ledger.path(home).read_text().splitlines()[0]
    ledger.path(home).write_text(first + "\n")
    with pytest.raises(PromoteError, match="lines were taken out"):
        ledger.read(home)
