import pytest

from harness_forge.rollouts.environments.scap.gold.pattern import choose_value, found, holds, sample
from harness_forge.rollouts.environments.scap.oval_records import Entity


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\s*limit\s*=\s*1\s*$", "limit=1"),
        (r"^[ ]*limit[ ]+=[ ]+(?:one|two)[ ]*$", "limit = one"),
        (r"^[\s]*(?i)Door(?-i)[ \t]+shut[ \t]*(?:$|#)", "Door shut"),
        (r"^(?!#)key[\s]*\:.*$", "key:"),
        (r"^\[a\.b\]([^\n]*\n+)+?key=(?:1|2)$", "[a.b]\nkey=1"),
        (r"^net.door[\s]*=[\s]*x$", "net.door=x"),
        (r"^-k[\s]+\S{3}[0-9]{2}$", "-k xxx00"),
        (r"^(?<!a)b(?=c)c\b$", "bc"),
        (r"^/etc/\N+\.d/[[:alpha:]]+$", "/etc/x.d/x"),
    ],
)
def test_sample_is_the_plainest_text_and_fits(pattern, text):
    assert sample(pattern) == text
    assert found(pattern, text) is not None


def test_a_value_takes_the_first_group():
    assert sample(r"^limit = ((\d)+)%$", "25") == "limit = 25%"


def test_what_may_be_anything_takes_the_filler():
    assert sample(r"^/etc/x\.d/.*\.conf$", filler="NAME") == "/etc/x.d/NAME.conf"


def test_an_expression_beyond_the_sampler_is_refused():
    with pytest.raises(ValueError, match="unknown group"):
        sample(r"(?(1)a|b)")


@pytest.mark.parametrize(
    ("operation", "wanted", "value", "expected"),
    [
        ("equals", "a", "a", True),
        ("not equal", "a", "b", True),
        ("less than or equal", "10", "9", True),
        ("greater than", "10", "10", False),
        ("less than", "10", "word", False),
        ("pattern match", "^a+$", "aaa", True),
        ("case insensitive equals", "HALT", "halt", True),
    ],
)
def test_holds_compares_as_the_scanner_does(operation, wanted, value, expected):
    assert holds(Entity((wanted,), operation), value) is expected


def _states(*pairs):
    return tuple({"subexpression": Entity((value,), operation)} for operation, value in pairs)


def test_a_limit_is_set_to_the_limit():
    states = _states(("greater than", "0"), ("less than or equal", "900"))
    assert choose_value(states, "AND", "subexpression") == "900"


def test_of_alternatives_the_first_is_taken():
    states = _states(("equals", "1"), ("equals", "2"))
    assert choose_value(states, "OR", "subexpression") == "1"
    assert choose_value(states, "AND", "subexpression") is None


def test_only_what_is_wrong_is_known_so_another_value_is_tried():
    states = _states(("not equal", "/run"))
    assert choose_value(states, "AND", "subexpression", ["/run", "/var"]) == "/var"
