import hashlib
import random

import pytest

from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.datasets.dedup.index import Index, IndexEntry, Repeated, bands
from harness_forge.datasets.dedup.signer import Signer, prompt_text
from harness_forge.datasets.dedup.table import mapped_bytes

LONG = " ".join(f"line {number} sets option_{number} to {number * 7}" for number in range(60))


def row(number, answer, prompt="user: fix it", context=b"item", side="passed"):
    digest = hashlib.blake2b(f"{prompt}\0{answer}".encode(), digest_size=16).digest()
    return prompt, answer, IndexEntry(f"stig.turns:{number}", context, side, digest)


@pytest.fixture
def admit(tmp_path):
    return lambda rows, batch=None, **settings: run(tmp_path, rows, batch, **settings)


def run(folder, rows, batch=None, **settings):
    config = DuplicatesConfig(**settings)
    batch = batch or len(rows)
    told = []
    with Index(config, folder / "index") as index:
        for first in range(0, len(rows), batch):
            prompts, answers, entries = zip(*rows[first : first + batch], strict=True)
            told += index.admit(Signer(config).sign(prompts, answers), entries)
    return told


@pytest.mark.parametrize("batch", [1, 2])
def test_the_first_of_equal_rows_is_admitted(admit, batch):
    rows = [row(1, "a b"), row(2, "a b"), row(3, "c d")]
    assert admit(rows, batch) == [None, Repeated("duplicate", "stig.turns:1"), None]


@pytest.mark.parametrize("batch", [1, 2])
def test_one_word_changed_in_a_long_answer_is_a_near_duplicate(admit, batch):
    changed = LONG.replace("option_31 ", "option_other ")
    told = admit([row(1, LONG), row(2, changed)], batch)
    assert told == [None, Repeated("near_duplicate", "stig.turns:1")]


def test_one_word_changed_in_a_short_answer_is_another_answer(admit):
    fix = "sysctl -w kernel.kptr_restrict={} && echo kernel.kptr_restrict={} >> /etc/sysctl.conf"
    assert admit([row(1, fix.format(1, 1)), row(2, fix.format(2, 2))]) == [None, None]


def test_a_pass_and_a_near_identical_failure_both_stay(admit):
    broken = LONG.replace("option_31 ", "option_other ")
    assert admit([row(1, LONG), row(2, broken, side="failed")]) == [None, None]


def test_items_are_never_near_duplicates_of_each_other(admit):
    changed = LONG.replace("option_31 ", "option_other ")
    assert admit([row(1, LONG), row(2, changed, context=b"another")]) == [None, None]


def test_the_same_answer_to_another_prompt_stays(admit):
    other = "user: the last try failed, the service did not start: what now?"
    assert admit([row(1, LONG), row(2, LONG + " x", prompt=other)]) == [None, None]


def test_near_duplicates_can_be_switched_off(admit):
    rows = [row(1, LONG), row(2, LONG + " x"), row(3, LONG)]
    told = admit(rows, near=False)
    assert told == [None, None, Repeated("duplicate", "stig.turns:1")]


def test_what_repeats_a_rejected_row_only_is_admitted(admit):
    """A chain of small changes is no reason to drop its far end."""
    words = LONG.split()
    steps = [" ".join(words[:200] + [f"new{n}"] * 1 + words[200 + n * 6 :]) for n in range(4)]
    told = admit([row(n, text) for n, text in enumerate(steps)], threshold=0.9)
    assert told[1] == Repeated("near_duplicate", "stig.turns:0")
    assert told[3] is None or told[3].source != "stig.turns:1"


def test_the_size_of_batches_decides_nothing(admit):
    rows = mixture(1200)
    whole = admit(rows, 1000)
    assert admit(rows, 7) == whole
    reasons = [told and told.reason for told in whole]
    assert reasons.count("duplicate") > 50
    assert reasons.count("near_duplicate") > 20


def mixture(count):
    dice = random.Random(5)
    vocabulary = [f"w{number}" for number in range(3000)]
    answers, rows = [], []
    for number in range(count):
        words = [dice.choice(vocabulary) for _ in range(dice.choice([20, 150]))]
        if answers and dice.random() < 0.5:
            words = list(dice.choice(answers))
            for _ in range(dice.choice([0, 1, 5])):
                words[dice.randrange(len(words))] = dice.choice(vocabulary)
        answers.append(words)
        context = dice.choice([b"one", b"two"])
        rows.append(row(number, " ".join(words), context=context, side=dice.choice("pf")))
    return rows


def test_admitted_rows_are_those_of_a_full_comparison(admit):
    """Against exact Jaccard similarity, where it is not near the threshold."""
    rows = mixture(400)
    told = admit(rows)
    kept, wrong = [], 0
    for (_, answer, entry), found in zip(rows, told, strict=True):
        best = max(
            (jaccard(answer, other) for other, known in kept if comparable(entry, known)),
            default=0.0,
        )
        if abs(best - 0.9) > 0.06:
            wrong += (found is not None) != (best >= 0.9)
        if found is None:
            kept.append((answer, entry))
    assert wrong <= 2


def comparable(one, other):
    return one.side == other.side and (one.context == other.context or one.digest == other.digest)


def jaccard(one, other):
    one, other = (
        {tuple(words[at : at + 5]) for at in range(len(words) - 4)}
        for words in (one.split(), other.split())
    )
    return len(one & other) / len(one | other)


def test_no_exact_duplicate_is_missed_when_the_table_grows(admit):
    rows = [row(number, f"answer {number % 30_000}") for number in range(31_000)]
    told = admit(rows, 1000, near=False)
    assert told.count(None) == 30_000
    assert told[30_500] == Repeated("duplicate", "stig.turns:500")


def test_letting_go_of_memory_changes_nothing(admit, monkeypatch):
    rows = mixture(300)
    whole = admit(rows)
    monkeypatch.setattr("harness_forge.datasets.dedup.index._MAX_RESIDENT", 0)
    assert admit(rows, 10) == whole


def test_pages_of_its_files_are_let_go(tmp_path, monkeypatch):
    limit = 2 << 20
    monkeypatch.setattr("harness_forge.datasets.dedup.index._MAX_RESIDENT", limit)
    config = DuplicatesConfig(near=False)
    rows = [row(number, f"answer {number}")[2] for number in range(150_000)]
    before, most = mapped_bytes(), 0
    with Index(config, tmp_path / "index") as index:
        for first in range(0, len(rows), 500):
            assert index.admit(None, rows[first : first + 500]) == [None] * 500
            most = max(most, mapped_bytes() - before)
        size = sum(file.stat().st_size for file in (tmp_path / "index").iterdir())
    assert size > 4 * limit
    assert 0 < most < 1.5 * limit


def test_the_files_go_with_the_index(tmp_path):
    run(tmp_path, [row(1, "a")])
    assert not list(tmp_path.iterdir())


def test_bands_find_what_is_at_the_threshold():
    assert bands(0.9) == 12
    assert bands(0.5) > bands(0.9) > bands(0.98)


def test_a_prompt_is_compared_without_its_tools():
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": None}]
    assert prompt_text(messages) == "user: a\nassistant: "
