"""Keys in forms that the rules' author did not choose go; what looks like them stays.

At the first look, before any rule was mended on this corpus, 602 of 672 bare
keys went (0.896) and 223 of 284 that a name gives away (0.785); 204 of 205
look-alikes stayed.
"""

from collections import Counter

import lookalikes_of_others
import other_hands
import pytest
import unseen_forms

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction.redactor import Redactor

RECALL, PRECISION = 0.98, 0.98


@pytest.fixture(scope="module")
def redactor():
    return Redactor(RedactionConfig(), b"corpus" * 4)


def left(redactor, texts):
    return [one.kind for _, one in texts if one.values[0] in redactor.text(one.text)]


def test_the_corpus_is_large_and_another_run_gives_the_same():
    assert sum(map(len, other_hands.BARE.values())) >= 150
    assert len(other_hands.NAMED) >= 60
    assert list(other_hands.bare()) == list(other_hands.bare())


@pytest.mark.parametrize("seed", [5, 31, 32])
@pytest.mark.parametrize("corpus", [other_hands.bare, other_hands.named])
def test_keys_go_wherever_they_stand(redactor, corpus, seed):
    texts = list(corpus(seed))
    missed = left(redactor, texts)
    assert len(missed) <= (1 - RECALL) * len(texts), Counter(missed)


def test_no_family_is_left_out(redactor):
    texts = list(other_hands.bare(33))
    counts, missed = Counter(family for family, _ in texts), Counter()
    for family, one in texts:
        missed[family] += one.values[0] in redactor.text(one.text)
    assert {family for family in counts if missed[family] > 0.03 * counts[family]} == set()


@pytest.mark.parametrize("seed", [9, 41])
def test_what_only_looks_like_a_key_stays(redactor, seed):
    texts = lookalikes_of_others.kept(seed)
    changed = [text for text in texts if redactor.text(text) != text]
    assert len(changed) <= (1 - PRECISION) * len(texts), changed


def test_a_key_inside_a_result_in_json_goes_and_it_stays_json(redactor):
    import json

    for _, one in other_hands.bare(34, times=1):
        held = json.dumps({"rows": [{"note": one.text}], "n": 1})
        new = json.loads(redactor.text(held))
        assert new["n"] == 1
        if one.values[0] not in redactor.text(one.text):
            assert one.values[0] not in new["rows"][0]["note"], one.text


def test_the_gate_opens_for_every_key_that_a_rule_finds(redactor):
    gate = redactor._gate
    for _, one in [*other_hands.bare(35, 2), *other_hands.named(35, 2)]:
        hit = set(gate.hit(one.text))
        for index, rule in enumerate(gate._rules):
            assert index in hit or not list(rule.find(one.text)), (rule.kind, rule.hint, one.text)


@pytest.mark.parametrize("seed", [7, 19])
def test_keys_in_forms_written_without_the_rules_go(redactor, seed):
    texts = list(unseen_forms.keys(seed))
    missed = Counter(one.kind for one in texts if one.values[0] in redactor.text(one.text))
    assert missed.total() <= (1 - RECALL) * len(texts), missed
    assert max(missed.values(), default=0) < len(unseen_forms.PLACES), missed


@pytest.mark.parametrize("seed", [7, 19])
def test_look_alikes_written_without_the_rules_stay(redactor, seed):
    changed = [text for text in unseen_forms.kept(seed) if redactor.text(text) != text]
    assert changed == []


@pytest.mark.parametrize("form", ["SK{h32}", "SG.{u22}.{u43}", "github_pat_{A22}_{A59}"])
def test_a_line_for_emphasis_begins_no_word(redactor, form):
    from drawing import Draw

    key = other_hands.drawn(form, Draw(3))
    assert key not in redactor.text(f"it is _{key}_ now")
    assert key not in redactor.text(f"it is __{key}__ now")
