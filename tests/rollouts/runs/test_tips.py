from harness_forge.core.records import Tip, WorkItem
from harness_forge.rollouts.runs import tips

ITEM = WorkItem("sshd_disable_x", "t", "low", "sshd", "g")


def candidate(tip_id, item_id, family):
    return tips.TipCandidate(tip_id, Tip(f"tip {tip_id}", "recovery"), item_id, family)


KNOWN = [
    candidate(1, "sysctl_net_y", "sysctl"),
    candidate(2, "sshd_disable_y", "sshd"),
    candidate(3, "sshd_enable_y", "sshd"),
]


def test_similar_tips_come_first_and_strangers_never():
    drawn = tips.draw(ITEM, KNOWN, k=3, inclusion=1.0, salt="run")
    assert [(r.tip_id, r.rank) for r in drawn.retrievals] == [(2, 1), (3, 2)]
    assert [tip.text for tip in drawn.shown] == ["tip 2", "tip 3"]


def test_what_is_held_back_is_logged_too():
    drawn = tips.draw(ITEM, KNOWN, k=3, inclusion=0.0, salt="run")
    assert [r.included for r in drawn.retrievals] == [False, False]
    assert not drawn.shown


def test_the_draw_is_near_its_probability_and_repeatable():
    shown = 0
    for n in range(500):
        first = tips.draw(ITEM, KNOWN, 2, 0.3, f"run{n}")
        assert first == tips.draw(ITEM, KNOWN, 2, 0.3, f"run{n}")
        shown += len(first.shown)
    assert 240 < shown < 360


def test_tips_of_items_outside_training_are_no_candidates():
    row = {
        "id": 1,
        "text": "t",
        "tip_type": "recovery",
        "mechanism": None,
        "source_rule_id": "held",
    }
    assert tips.candidates([row], {"trained": "sshd"}) == []
    assert tips.candidates([row], {"held": "sshd"})[0].family == "sshd"
