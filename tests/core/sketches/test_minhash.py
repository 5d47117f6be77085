import numpy as np
import pytest

from harness_forge.core.sketches.minhash import likeness, sketch
from harness_forge.core.sketches.words import runs, split


def words(count, start=0):
    return " ".join(f"word{number}" for number in range(start, start + count))


def signed(*texts, length=1, places=128):
    found = split(texts, punctuated=True)
    return sketch(*runs(*found, length), len(texts), places)


def estimate(shared, alone, places=2048):
    """The likeness of two sets that share `shared` words and have `alone` each besides."""
    one = words(shared) + " " + words(alone, 100_000)
    other = words(shared) + " " + words(alone, 200_000)
    return likeness(*signed(one, other, places=places))


@pytest.mark.parametrize("size", [3, 30, 300, 3000])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_estimates_jaccard_similarity(size, share):
    shared = round(size * share)
    alone = size - shared
    true = shared / (shared + 2 * alone)
    # Five standard deviations of MinHash with as many places.
    assert estimate(shared, alone) == pytest.approx(true, abs=5 * (0.25 / 2048) ** 0.5)


def test_a_sketch_does_not_depend_on_its_batch():
    texts = ["", "###", "one", words(7), words(500), "# begins with a mark", words(40_000)]
    together = signed(*texts, length=5)
    for place, text in enumerate(texts):
        assert (signed(text, length=5)[0] == together[place]).all()


def test_one_word_changed_in_a_short_text_is_far_in_a_long_one_near():
    def changed(count):
        return likeness(
            *signed(words(count), words(count - 20) + " new " + words(19, count - 19), length=5)
        )

    assert changed(50) < 0.9
    assert changed(500) > 0.95


def test_punctuation_counts_and_layout_and_case_do_not():
    append, write, spaced, upper = signed(
        "echo a >> /etc/f", "echo a > /etc/f", "echo  a >>\n/etc/f", "ECHO a >> /etc/f"
    )
    assert likeness(append, write) < 1
    assert likeness(append, spaced) == 1
    assert likeness(append, upper) == 1


def test_a_script_without_spaces_has_a_word_a_character():
    assert split(["規則は五語"]).counts.tolist() == [5]


def test_words_are_the_same_on_every_machine():
    assert split(["sysctl -w kernel.x=1"]).hashes.tolist()[:2] == [
        7122925864198204618,
        6164012429957950654,
    ]
    assert np.array_equal(split(["A b"]).hashes, split(["a, B"]).hashes)
