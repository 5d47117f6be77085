"""JSON is read and written with integers of any length."""

import random

import orjson
import pytest

from harness_forge.core import jsontext

LONG = [2**63, 2**64, 2**64 + 1, -(2**63) - 1, 123456789012345678901234567890, 9007199254740993]


@pytest.mark.parametrize("number", LONG)
@pytest.mark.parametrize("before", range(4))
def test_an_integer_comes_back_exact_wherever_it_stands(number, before):
    text = f'{{"{"x" * before}":[{number}]}}'
    assert jsontext.loads(text) == jsontext.loads(text.encode()) == {"x" * before: [number]}
    assert jsontext.dumps({"x" * before: [number]}) == text.encode()


def test_what_holds_no_long_integer_is_written_as_orjson_does():
    value = {"b": 1.5, "a": ["é", None, True]}
    for option in (0, orjson.OPT_SORT_KEYS, orjson.OPT_APPEND_NEWLINE):
        assert jsontext.dumps(value, option) == orjson.dumps(value, option=option)
    long = {"b": 2**70, "a": "é"}
    both = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    assert jsontext.dumps(long, both) == '{"a":"é","b":1180591620717411303424}\n'.encode()


@pytest.mark.parametrize(
    "text", ['{"a":NaN,"b":18446744073709551617}', "[1e400,18446744073709551617]", "[1e400]", "{"]
)
def test_what_is_no_json_is_refused_with_long_integers_too(text):
    with pytest.raises(ValueError):
        jsontext.loads(text)


def test_what_is_no_json_value_is_not_written():
    with pytest.raises(TypeError):
        jsontext.dumps({"a": object()})


def test_ids_in_strings_do_not_change():
    assert jsontext.loads('{"id":"1234567890123456789012"}') == {"id": "1234567890123456789012"}


@pytest.mark.parametrize("seed", range(20))
def test_lines_read_together_are_what_each_is_alone(seed):
    draw = random.Random(seed)
    told = ('{"a": 1}', "{broken", f'["{"x" * 5000}"]', f"[{2**70}]", f'"{"7" * 25}"', "NaN", "")
    lines = [draw.choice(told).encode() + b"\n" for _ in range(60)]

    def alone(line):
        try:
            return jsontext.loads(line)
        except ValueError:
            return None

    assert list(jsontext.loads_lines(lines)) == list(map(alone, lines))
