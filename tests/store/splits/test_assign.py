from collections import Counter

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Split, WorkItem
from harness_forge.store.splits.assign import assign, parts


def item(name, family, group=None, full_cycle=True):
    return WorkItem(name, f"Title of {name}", "medium", family, group or name, full_cycle)


def catalogue():
    sizes = {"sysctl": 40, "sshd": 25, "audit": 80, "pam": 20, "aide": 4, "sudo": 3, "tmux": 5}
    return [item(f"{f}_{n}", f) for f, size in sizes.items() for n in range(size)]


def shares(splits):
    counts = Counter(splits.values())
    return {split: count / len(splits) for split, count in counts.items()}


def test_shares_are_near_what_was_asked():
    found = shares(assign(catalogue(), {}, SplitConfig()))
    assert abs(found[Split.TRAIN] - 0.60) < 0.03
    assert abs(found[Split.VALIDATION] - 0.15) < 0.03
    assert abs(found[Split.HOLDOUT] - 0.25) < 0.03


def test_order_of_items_changes_nothing():
    items = catalogue()
    assert assign(items, {}, SplitConfig()) == assign(items[::-1], {}, SplitConfig())


def test_what_was_assigned_stays():
    first = assign(catalogue(), {}, SplitConfig())
    more = [*catalogue(), *(item(f"new_{n}", "sshd") for n in range(10))]
    second = assign(more, first, SplitConfig())
    assert set(second) == {f"new_{n}" for n in range(10)}


def test_a_group_has_one_split():
    twins = [item("a_1", "a", "g"), item("a_2", "a", "g"), item("a_3", "a")]
    assert set(assign(twins, {}, SplitConfig())) == {"g", "a_3"}


def test_a_group_across_a_held_out_family_is_quarantined():
    items = catalogue()
    plain = assign(items, {}, SplitConfig())
    part = parts(items, plain)
    held = min(item.family for item in items if part.get(item.item_id) == "new_family")
    bridged = [
        item("bridge_a", held, "bridge"),
        item("bridge_b", "sshd", "bridge"),
        *[i for i in items if i.item_id != f"{held}_0"],
    ]
    assert assign(bridged, plain, SplitConfig()) == {"bridge": Split.QUARANTINE}


def test_items_without_the_full_cycle_are_left_out():
    assert assign([item("a", "a", full_cycle=False)], {}, SplitConfig()) == {}


def test_holdout_has_both_parts():
    items = catalogue()
    found = Counter(parts(items, assign(items, {}, SplitConfig())).values())
    assert found["new_rule"] > 20
    assert 0 < found["new_family"] <= 9


def test_another_salt_is_another_division():
    items = catalogue()
    assert assign(items, {}, SplitConfig()) != assign(items, {}, SplitConfig(salt="other"))


def formed(name, family, cluster):
    return WorkItem(name, "", "", family, name, full_cycle=True, cluster=cluster)


def test_each_form_of_answer_gives_each_split_its_share_across_families():
    items = [formed(f"i{n:02}", f"family{n % 5}", f"form{n % 4}") for n in range(80)]
    splits = assign(items, {}, SplitConfig(new_family=0.0))
    for form in range(4):
        own = Counter(splits[i.item_id] for i in items if i.cluster == f"form{form}")
        assert own == {Split.TRAIN: 12, Split.HOLDOUT: 5, Split.VALIDATION: 3}


def test_nothing_held_out_as_a_new_family_has_a_form_or_a_family_in_training():
    # Small families; those of one letter share a form with their neighbours.
    items = [
        *(formed(f"big{n}", "big", "big") for n in range(150)),
        *(formed(f"{f}{n}", f"{f}{n % 2}", f"form {f}") for f in "abcdefgh" for n in range(4)),
    ]
    splits = assign(items, {}, SplitConfig())
    held = {i.item_id for i in items if parts(items, splits).get(i.item_id) == "new_family"}
    assert held
    trained = [i for i in items if splits[i.item_id] is not Split.HOLDOUT]
    for i in items:
        if i.item_id in held:
            assert i.family not in {t.family for t in trained}
            assert i.cluster not in {t.cluster for t in trained}


def test_a_held_out_item_whose_form_is_in_training_is_no_new_family():
    items = [formed("a", "first", "form"), formed("b", "second", "form")]
    assert parts(items, {"a": Split.TRAIN, "b": Split.HOLDOUT}) == {"b": "new_rule"}


def test_a_form_held_out_as_a_whole_stays_so():
    items = [formed("a", "first", "held"), formed("b", "second", "known")]
    splits = {"a": Split.HOLDOUT, "b": Split.TRAIN}
    more = [*items, *(formed(f"c{n}", "second", "held") for n in range(5))]
    assert set(assign(more, splits, SplitConfig()).values()) == {Split.HOLDOUT}
