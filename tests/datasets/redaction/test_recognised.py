"""Secrets that were recognised elsewhere are found wherever they stand as words, and only there."""

from __future__ import annotations

import json
import pickle
import random
import string

import pytest

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction.recognised import RecognisedSecrets
from harness_forge.datasets.redaction.redactor import Redactor

KEY = bytes(range(32))
SECRETS = (
    "vK7-lattice-52",
    'p"ss\\w0rd9',
    "!Sommer24!x",
    "p\u00e4ss w0rd mit raum",
    "abc.def/ghi+jk=",
    "%%%%####@@@@",
)


@pytest.fixture
def redactor():
    return Redactor(
        RedactionConfig(),
        KEY,
        RecognisedSecrets(dict.fromkeys(SECRETS, ("password", "password"))),
    )


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "It prints {} and ends.",
        "a\n{}\nb",
        "\u201e{}\u201c",
        "x={};y",
        "\u5bc6\u7801\u662f{}\u3002",
        "\u30d1\u30b9\u306f{}\u3067\u3059",
        "Was it {}?",
    ],
)
def test_a_bare_secret_goes(redactor, secret, text):
    for written in (
        text.format(secret),
        json.dumps({"out": text.format(secret)}),
        json.dumps({"a": json.dumps({"out": text.format(secret)}, ensure_ascii=False)}),
    ):
        shown = redactor.text(written)
        assert secret not in shown
        assert json.dumps(secret)[1:-1] not in shown
        (message,), counts = redactor.messages([{"role": "user", "content": written}])
        assert message["content"] == shown
        assert counts == {"password": 1}
    json.loads(shown)


def test_it_goes_right_after_an_escape_that_was_not_undone(redactor):
    assert "lattice" not in redactor.text(r"printf 'A\nvK7-lattice-52\nB'")


@pytest.mark.parametrize(
    "text",
    ["xvK7-lattice-52", "vK7-lattice-521", "vK7-lattice-52-old", "lattice", "vK7 lattice 52"],
)
def test_part_of_a_longer_word_stays(redactor, text):
    assert redactor.text(text) == text


def test_the_pseudonym_is_the_one_that_the_telling_row_has(redactor):
    told = Redactor(RedactionConfig(), KEY).text("PGPASSWORD=vK7-lattice-52 psql")
    assert redactor.text("vK7-lattice-52") == told.removeprefix("PGPASSWORD=").removesuffix(" psql")
    assert redactor.text("PGPASSWORD=vK7-lattice-52 psql") == told


def test_one_value_of_two_kinds_has_one_pseudonym():
    redactor = Redactor(
        RedactionConfig(), KEY, RecognisedSecrets({"vK7-lattice-52": ("secret", "secret")})
    )
    told = redactor.text("PGPASSWORD=vK7-lattice-52 psql")
    assert told == f"PGPASSWORD={redactor.text('vK7-lattice-52')} psql"


def test_what_is_allowed_stays():
    config = RedactionConfig(allow={"known": "vK7.*"})
    redactor = Redactor(
        config, KEY, RecognisedSecrets({"vK7-lattice-52": ("password", "password")})
    )
    assert redactor.text("see vK7-lattice-52") == "see vK7-lattice-52"


def test_it_can_be_sent_to_another_process(redactor):
    assert pickle.loads(pickle.dumps(redactor)).text("vK7-lattice-52") == redactor.text(
        "vK7-lattice-52"
    )


def test_only_secrets_are_collected_and_none_that_may_be_a_word():
    said = [
        {"role": "user", "content": "ssh deploy@web01.corp.example.net; ping 10.2.3.4"},
        {"role": "tool", "content": "PGPASSWORD=vK7-lattice-52\nPASSWORD=a1b2"},
        {"role": "tool", "content": json.dumps({"password": "zQ4-orchid-77"})},
    ]
    found = {one.value for one in Redactor(RedactionConfig(), KEY).secrets(said)}
    assert found == {"vK7-lattice-52", "zQ4-orchid-77"}


def test_of_many_secrets_those_in_a_text_are_found_at_once():
    draw = random.Random(3)
    values = [
        "".join(draw.choices(string.ascii_letters + string.digits + "-!/", k=20))
        for _ in range(50_000)
    ]
    many = RecognisedSecrets(dict.fromkeys(values, ("password", "password")))
    text = " ".join(draw.choices(["word", "another", "text-1"], k=2000))
    for value in draw.sample(values, 200):
        shown = f"{text} {value} {text}"
        assert [one.value for one in many.find(shown)] == [value]
    assert not many.may_stand_in(text)


def test_the_name_of_an_algorithm_is_no_secret():
    text = "password_encryption = scram-sha-256"
    assert Redactor(RedactionConfig(), KEY).text(text) == text
