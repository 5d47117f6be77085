"""A candidate that the rule would promote, and a person's yes or no to it."""

from dataclasses import replace

import pytest
from champion_steps import SEAT, config_of, first, judge, promote, top

from harness_forge.cli import main
from harness_forge.core.errors import PromoteError, TrainError
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.approval import approve, waiting


@pytest.fixture
def asking(loop):
    """The shipped rule, which asks a person; levels fit a later look too."""
    one = config_of(loop)
    return replace(one, promote=replace(one.promote, approval=True))


def yes(config, name=None, **options):
    return approve(config, name, "read its answers", "ann", **options)


def test_a_candidate_waits_and_a_yes_makes_it_champion(asking, loop):
    digest = first(loop, 9)
    found = promote(asking, loop)
    assert (found.outcome.value, found.outcome.exit_code) == ("awaiting approval", 13)
    assert found.facts["champion_after"] is None
    assert not champion.pointer(loop.home, SEAT).exists()
    again = promote(asking, loop)
    assert (again.repeated, len(decisions.read(loop.home))) == (True, 1)
    line = yes(asking, loop.name)
    assert line["approval"] == {
        "by": "ann", "reason": "read its answers", "of": found.facts["hash"],
    }  # fmt: skip
    assert (top(asking), waiting(decisions.read(loop.home))) == (digest, [])
    assert champion.pointer(loop.home, SEAT).exists()
    # The same files again: it is champion, and nothing is asked anew.
    assert promote(asking, loop).outcome.value == "promoted"
    assert len(decisions.read(loop.home)) == 2


def test_a_no_rejects_it_for_good(asking, loop):
    first(loop, 9)
    promote(asking, loop)
    line = yes(asking, decline=True)
    assert (line["decision"], line["champion_after"]) == ("rejected", None)
    again = promote(asking, loop)
    assert (again.repeated, again.outcome.value) == (True, "rejected")
    assert again.facts["why"] == "Declined by ann: read its answers"
    with pytest.raises(PromoteError, match="no candidate waits"):
        yes(asking)


def test_what_the_rule_would_not_promote_never_waits(asking, loop):
    first(loop, 0)
    assert promote(asking, loop).outcome.value == "rejected"
    assert waiting(decisions.read(loop.home)) == []


def test_a_later_decision_on_the_slot_ends_the_wait(asking, loop):
    old = first(loop, 5)
    promote(asking, loop)
    new = judge(loop, 0.5, 9)
    promote(asking, loop)
    assert [one["candidate"]["digest"] for one in waiting(decisions.read(loop.home))] == [new]
    with pytest.raises(PromoteError, match="does not wait"):
        yes(asking, old)
    # A yes needs nothing of outputs/, which may be another candidate's by then.
    judge(loop, 0.75, 1)
    yes(asking, new)
    assert top(asking) == new


def test_a_yes_to_an_adapter_that_is_gone_changes_nothing(asking, loop):
    first(loop, 9)
    promote(asking, loop)
    (one,) = registry.folder(loop.home).glob(f"{loop.name}-*")
    one.rename(one.with_name("elsewhere"))
    with pytest.raises(TrainError):
        yes(asking)
    assert len(decisions.read(loop.home)) == 1


def test_without_approval_the_same_files_are_decided_anew(asking, loop):
    first(loop, 9)
    promote(asking, loop)
    free = replace(asking, promote=replace(asking.promote, approval=False))
    assert promote(free, loop).outcome.value == "promoted"


def test_the_command_says_who_and_why(asking, loop, capsys):
    first(loop, 9)
    promote(asking, loop)
    where = f"forge_home={loop.home}"
    assert main(["approve", where]) == 2
    assert "say why" in capsys.readouterr().err
    assert main(["approve", "--reason=x", "nobody", where]) != 0
    assert f"waiting: {loop.name}" in capsys.readouterr().err
    assert main(["approve", "--reason=it is short", where]) == 0
    assert "is champion; Approved by" in capsys.readouterr().out
