"""Our fixes on real content: their form everywhere, their worth in the sandbox."""

import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness_forge.rollouts.environments.scap.gold import LONGEST, WRITERS, write_fix
from harness_forge.rollouts.environments.scap.mutate import mutate

LONGEST_CALL = 256 * 3  # characters: a token of shell is about three
OWN_TRACES = {"/root/undo.sh"}  # what a fix leaves behind to be undone with


def _fixes(rules):
    written = ((rule, write_fix(rule)) for rule in rules.values())
    return {rule.id: (rule, fix) for rule, fix in written if fix}


def test_every_fix_keeps_its_form(content):
    fixes = _fixes(content)
    assert len(fixes) > 100
    for _, fix in fixes.values():
        assert 0 < len(fix.fix_script) <= LONGEST
        assert 0 < len(fix.revert_script) <= 150
        assert fix.writer in WRITERS
        assert fix.description.endswith(".") and "\n" not in fix.description
        assert len(fix.fix_script + fix.revert_script + fix.description) < LONGEST_CALL


def test_fixes_and_mutations_are_the_same_every_time(content):
    fixes = _fixes(content)
    assert fixes == _fixes(content)
    assert all(mutate(fix, rule) == mutate(fix, rule) for rule, fix in fixes.values())


def test_nearly_every_fix_can_be_broken_in_three_ways(content):
    counts = [len(mutate(fix, rule)) for rule, fix in _fixes(content).values()]
    assert sum(count >= 3 for count in counts) > 0.9 * len(counts)


def test_every_script_is_bash(content, tmp_path):
    for rule_id, (_, fix) in _fixes(content).items():
        (tmp_path / rule_id).write_text(f"{fix.fix_script}\n{fix.revert_script}\n")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    loop = 'for f; do bash -n "$f" || exit 1; done'
    checked = subprocess.run(
        [shutil.which("bash"), "-c", loop, "bash", *files], capture_output=True, text=True
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def _one_per_writer(world):
    """Return a rule per writer that fails on the untouched root."""
    sample = {}
    for rule_id, (_, fix) in _fixes(world.rules).items():
        if fix.writer not in sample and world._references.of(rule_id).full_cycle:
            sample[fix.writer] = (rule_id, fix)
    return list(sample.values())


@pytest.mark.sandbox
def test_a_rule_per_writer_passes_and_is_reverted(world):
    sample = _one_per_writer(world)
    assert len(sample) > 15
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(lambda pair: world.attempt(pair[0], pair[1].fix_script), sample)
        failed = {
            pair[0]: o.summary for pair, o in zip(sample, outcomes, strict=True) if not o.passed
        }
        left = pool.map(lambda pair: _left_after_revert(world, pair[1]), sample)
        kept = {pair[1].writer: paths for pair, paths in zip(sample, left, strict=True) if paths}
    assert failed == {}
    assert len(kept) <= 2, kept  # files that were not there before


def _left_after_revert(world, fix):
    """Return what differs from the untouched root after the fix and its revert."""
    return sorted(set(world.changes(fix.fix_script, fix.revert_script)) - OWN_TRACES)


@pytest.mark.sandbox
@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ours_pass_on_nearly_every_rule_and_mutations_fail(world):
    full = [item.item_id for item in world.survey() if item.full_cycle]
    fixes = {rule_id: pair for rule_id, pair in _fixes(world.rules).items() if rule_id in full}
    attempts = [(rule_id, "gold", fix) for rule_id, (_, fix) in fixes.items()]
    for rule_id, (rule, fix) in fixes.items():
        attempts += [(rule_id, m.name, m.fix) for m in mutate(fix, rule)[:3]]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda a: world.attempt(a[0], a[2].fix_script), attempts))
    passed, seen = Counter(), Counter()
    for (_, name, fix), outcome in zip(attempts, outcomes, strict=True):
        assert not outcome.infrastructure
        kind = "ours" if name == "gold" else "mutated"
        seen.update([kind, f"{kind} {fix.writer if kind == 'ours' else name}"])
        if outcome.passed:
            passed.update([kind, f"{kind} {fix.writer if kind == 'ours' else name}"])
    for kind, count in sorted(seen.items()):
        print(f"{kind}: {passed[kind]} of {count} pass")
    assert passed["ours"] >= {"rhel9": 180, "ubuntu2004": 60}[world.skill]
    assert passed["mutated"] < 0.1 * seen["mutated"]
