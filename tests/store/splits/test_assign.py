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
