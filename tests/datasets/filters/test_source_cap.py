"""A source has no more than its share of what stays, and no more than its number."""

import pytest

from harness_forge.config.mixture import SourceCapConfig
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.filters.source_cap import SourceCap, largest


def kept(offers, seed=0, **settings):
    cap = SourceCap(SourceCapConfig(enabled=True, **settings), seed)
    for offer in offers:
        cap.offer(*offer)
    return [offer for offer in offers if cap.keeps(*offer)]


def rows(**counts):
    return [(source, f"{source}{n}") for source, count in counts.items() for n in range(count)]


@pytest.mark.parametrize("share", [0.34, 0.4, 0.5, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("counts", [(100, 10, 3), (40, 40, 40), (1000, 30, 1), (5, 3, 2)])
def test_no_source_has_more_than_its_share_and_one_more_would_be_too_many(counts, share):
    named = {str(place): count for place, count in enumerate(counts)}
    cap = largest(named, share)
    stay = [min(count, cap) for count in counts]
    assert max(stay) <= share * sum(stay) + 1e-9
    more = [min(count, cap + 1) for count in counts]
    assert more == stay or max(more) > share * sum(more)


def test_small_sources_are_kept_whole():
    found = kept(rows(big=100, small=10, tiny=5), max_share=0.5)
    assert [sum(one[0] == name for one in found) for name in ("big", "small", "tiny")] == [
        15,
        10,
        5,
    ]


def test_the_order_of_the_rows_does_not_matter():
    offers = rows(big=50, small=10)
    assert set(kept(offers, max_share=0.6)) == set(kept(offers[::-1], max_share=0.6))
    assert kept(offers, max_share=0.6) != kept(offers, seed=1, max_share=0.6)


def test_a_source_is_named_with_its_version_or_without():
    offers = [("big 1.0", f"b{n}") for n in range(9)] + [("bigger", "c")]
    assert len(kept(offers, max_examples={"big": 4})) == 5
    assert len(kept(offers, max_examples={"big 1.0": 0})) == 1


def test_too_few_sources_for_the_share_stop_the_export():
    with pytest.raises(ExportError) as caught:
        kept(rows(one=9, two=9), max_share=0.4)
    assert caught.value.what == "is 40.0%, and the training examples are of 2 sources: one, two"
    assert "50.0% at the least" in caught.value.hint


def test_none_of_nothing():
    assert kept([], max_share=0.1) == []
    assert kept(rows(one=3), max_examples={"one": 0}, max_share=0.1) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "filters.source_cap: is enabled and caps nothing"),
        ({"max_share": 0.0}, "filters.source_cap.max_share: must be above 0, to 1, not 0.0"),
        ({"max_examples": {"a": -1}}, "filters.source_cap.max_examples.a: must be 0 or more"),
    ],
)
def test_settings_that_cap_nothing_or_cannot_be_are_refused(settings, told):
    with pytest.raises(ConfigError) as caught:
        SourceCapConfig(enabled=True, **settings)
    assert f"{caught.value.where}: {caught.value.what}".startswith(told)
