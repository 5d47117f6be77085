import base64
import json
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest
from planted import planted

from harness_forge.config.redaction import RedactionConfig
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.redaction.key import load_key
from harness_forge.datasets.redaction.redactor import Redactor

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def redactor():
    return Redactor(RedactionConfig(), KEY)


def with_settings(**settings):
    return Redactor(RedactionConfig(**settings), KEY)


def call(arguments):
    function = {"name": "apply_fix", "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [{"function": function}]}


def test_a_script_that_names_a_host_twice_still_does(redactor):
    script = (
        "scp app.tar deploy@web01.corp:/srv\nssh deploy@web01.corp 'tar xf app.tar'\nping web01"
    )
    first, second, third = redactor.text(script).split("\n")
    host = first.partition("@")[2].partition(":")[0]
    assert "web01" not in first + second + third
    assert f"@{host} " in second
    assert third == f"ping {host.partition('.')[0]}"


def test_neighbours_stay_neighbours(redactor):
    text = redactor.text("ip route add 10.20.30.0/24 via 10.20.30.1\nping 10.20.30.77")
    network = text.partition(".0/24")[0].rpartition(" ")[2]
    assert f"via {network}.1\nping {network}.77" in text


def test_a_mask_wider_than_a_number_still_fits(redactor):
    assert redactor.text("allow from 10.44.0.0/16").endswith(".0.0/16")


def test_a_name_that_stood_out_once_goes_everywhere_in_its_row(redactor):
    script = "export PGPASSWORD=hunter77xyz\nrun_it hunter77xyz"
    words = redactor.text(script).split()
    assert words[1].partition("=")[2] == words[3]


def test_a_name_that_is_an_attribute_elsewhere_stays_there(redactor):
    script = "cd /home/mark\n@pytest.mark.slow\nmark(1)\nchown mark x"
    words = redactor.text(script)
    assert "@pytest.mark.slow\nmark(1)\nchown user-" in words


def test_a_prompt_reads_the_same_whatever_was_answered(redactor):
    prompt = [{"role": "user", "content": "Log in on web01 as jdoe."}]
    answers = [call(json.dumps({"s": s})) for s in ("ssh jdoe@web01", "true")]
    for answer in answers:
        redactor.messages([answer], after=prompt)
        assert redactor.messages(prompt)[0] == prompt


def test_names_of_the_prompt_go_from_the_answer(redactor):
    prompt = [{"role": "user", "content": "Logs are in /home/tanja/logs"}]
    told, _ = redactor.messages([{"role": "assistant", "content": "su - tanja"}], after=prompt)
    asked, _ = redactor.messages(prompt)
    assert told[0]["content"].removeprefix("su - ") in asked[0]["content"]


@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 2}])
def test_arguments_keep_the_style_they_had(redactor, style):
    arguments = json.dumps({"s": "ping db7.internal", "t": 'é \\ " \n'}, **style)
    [message], _ = redactor.messages([call(arguments)])
    new = message["tool_calls"][0]["function"]["arguments"]
    host = json.loads(new)["s"].split()[1]
    assert new == arguments.replace("db7.internal", host)


def test_the_key_of_a_value_gives_it_away(redactor):
    held, counts = redactor.value({"password": "Sommer2024!", "note": "ok"})
    assert held["note"] == "ok"
    assert held["password"].startswith("redacted-password-")
    assert counts == {"password": 1}


def test_messages_without_a_finding_are_the_very_same(redactor):
    message = {"role": "user", "content": "token = parse(); chmod 0000 /etc/shadow"}
    [same], counts = redactor.messages([message])
    assert same is message
    assert not counts


def test_broken_json_is_redacted_as_text(redactor):
    [message], counts = redactor.messages([call('{"s": "ping db7.internal\\nAKIA')])
    assert counts == {"host": 1}
    assert "db7" not in message["tool_calls"][0]["function"]["arguments"]


def test_escapes_hide_nothing(redactor):
    hidden = json.dumps({"s": "ssh root@db7.internal"}).replace("@", "\\u0040")
    [message], counts = redactor.messages([call(hidden)])
    assert counts["host"] == 1
    assert "db7" not in message["tool_calls"][0]["function"]["arguments"]


def test_half_a_surrogate_pair_hides_nothing(redactor):
    assert "db7" not in redactor.text("\ud800 ping db7.internal \udfff")


@pytest.mark.parametrize("value", [None, 7, 1.5, True, [], {}, "", "{", "[1,", {"a": [None, {}]}])
def test_values_without_text_come_through(redactor, value):
    assert redactor.value(value) == (value, {})


def test_deep_nesting_ends(redactor):
    deep = "[" * 5000 + '"ping db7.internal"' + "]" * 5000
    assert "db7" not in redactor.text(deep)


@pytest.mark.parametrize("levels", [150, 199, 200, 201, 203, 230, 600])
@pytest.mark.parametrize("holder", ["list", "mapping", "text of a list", "text of a mapping"])
def test_however_deep_a_value_is_nested_it_is_redacted(redactor, levels, holder):
    value = ["ping db7.internal", 'export TOKEN="x"\n', 1, None]
    for _ in range(levels):
        value = [value] if "list" in holder else {"held": value}
    if holder.startswith("text"):
        value = json.dumps(value)
    new, counts = redactor.value(value)
    said = new if isinstance(new, str) else json.dumps(new)
    assert "db7" not in said
    assert counts["host"] == 1
    while isinstance(new, str | list | dict) and not (isinstance(new, list) and len(new) == 4):
        new = json.loads(new) if isinstance(new, str) else new["held"] if "held" in new else new[0]
    assert new[1:] == ['export TOKEN="x"\n', 1, None]


def test_large_texts_take_time_that_grows_as_they_do(redactor):
    large = "a_b.c-d e:/f=1 " * 70_000 + " password_pam_minlen=15 ssh "
    assert redactor.text(large) == large


def test_a_kind_that_is_off_stays(redactor):
    text = "ssh jdoe@db7.internal ping 10.9.8.7"
    assert "10.9.8.7" in with_settings(kinds={"ipv4": False}).text(text)
    assert "10.9.8.7" not in redactor.text(text)


def test_an_unknown_kind_is_told_with_the_known_ones():
    with pytest.raises(
        ConfigError,
        match=r"redaction.kinds.hosts: is no kind\n  hint: did you mean 'host'\? kinds: .*host,",
    ):
        with_settings(kinds={"hosts": False})


def test_what_is_allowed_stays(redactor):
    text = "ping 10.9.8.7 and 10.1.8.7"
    new = with_settings(allow={"lab": r"10\.9\..*"}).text(text)
    assert "10.9.8.7" in new
    assert "10.1.8.7" not in new


def test_a_broken_pattern_is_told():
    with pytest.raises(ConfigError, match=r"redaction.allow.lab: is no regular expression"):
        with_settings(allow={"lab": "("})


def test_names_under_your_domains_are_hosts(redactor):
    text = "the portal is at intra.acme.dev"
    assert redactor.text(text) == text
    assert "acme" not in with_settings(domains=["acme.dev"]).text(text)


def test_redaction_that_is_off_changes_nothing():
    assert with_settings(enabled=False).text("ssh jdoe@db7.internal") == "ssh jdoe@db7.internal"


def test_another_key_gives_other_pseudonyms(redactor):
    other = Redactor(RedactionConfig(), bytes(32))
    assert other.text("ping db7.internal") != redactor.text("ping db7.internal")


def test_any_number_of_workers_writes_the_same(redactor):
    texts = [one.text for one in planted()]
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(redactor.text, texts, chunksize=50)) == list(map(redactor.text, texts))


def test_it_travels_to_workers(redactor):
    assert pickle.loads(pickle.dumps(redactor)).text("ping db7.internal") == redactor.text(
        "ping db7.internal"
    )


def test_the_key_is_made_once_and_kept_from_others(tmp_path):
    key = load_key(tmp_path / "home")
    assert len(key) == 32
    assert load_key(tmp_path / "home") == key
    assert (tmp_path / "home/redaction.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["redaction.key"]


def test_processes_that_make_the_key_at_once_get_the_same(tmp_path):
    with ProcessPoolExecutor(4) as pool:
        keys = set(pool.map(partial(_load, tmp_path), range(16)))
    assert len(keys) == 1


def _load(home, _):
    return load_key(home)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    load_key(tmp_path)
    os.chmod(tmp_path / "redaction.key", 0o644)  # noqa: PTH101
    with pytest.raises(ExportError, match=r"others may read .*\n  hint: chmod 600 "):
        load_key(tmp_path)


def test_a_file_that_is_no_key_is_refused(tmp_path):
    load_key(tmp_path)
    (tmp_path / "redaction.key").write_text("abc\n")
    with pytest.raises(ExportError, match="is not a key of pseudonyms"):
        load_key(tmp_path)


@pytest.mark.parametrize("hidden", ["\x1b[0m", "\x1b[1;31m", "\u200b", "\u00ad", "\ufeff"])
def test_what_nobody_sees_hides_nothing(redactor, hidden):
    token = "gh" + "p_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"
    plain = redactor.text(f"Use {token} here.")
    assert redactor.text(f"Use {token[:9]}{hidden}{token[9:]} here.") == plain
    message = {"role": "user", "content": f"{token[:20]}{hidden}{token[20:]}"}
    [new], counts = redactor.messages([message])
    assert counts == {"github_token": 1}
    assert token[:12] not in new["content"]


def test_text_with_colours_and_without_secrets_stays(redactor):
    text = "\x1b[32mPASSED\x1b[0m test_a\nna\u00efve \u200b text"
    assert redactor.text(text) == text


TOKEN = "ghp_" + "b7Rk2Wq9Zt4Lm8Xc1Vn6Pj3Hd5Gf0Ys2Ua7Q"


@pytest.mark.parametrize(
    "text",
    [
        f"\x1b[31m{TOKEN}\x1b[0m",
        f"_{TOKEN}_ in italics",
        f"export T='{TOKEN[:20]}' + '{TOKEN[20:]}'",
        f'"{TOKEN[:17]}"\n    "{TOKEN[17:]}"',
        f"echo {TOKEN[:22]}\\\n    {TOKEN[22:]}",
    ],
)
def test_a_key_in_pieces_or_between_signs_goes_whole(redactor, text):
    shown = redactor.text(text)
    assert not any(part in shown for part in (TOKEN[:16], TOKEN[24:]))


@pytest.mark.parametrize(
    "encode",
    [
        lambda raw: base64.b64encode(raw).decode(),
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
        lambda raw: raw.hex(),
        lambda raw: "0x" + raw.hex().upper(),
    ],
)
@pytest.mark.parametrize("held", [TOKEN, f'{{"auth": "{TOKEN}"}}', "password=Kq7vXz31mW"])
def test_a_key_that_is_encoded_goes(redactor, encode, held):
    word = encode(held.encode())
    assert word.removeprefix("0x") not in redactor.text(f"data: {word} # end")


@pytest.mark.parametrize(
    "held", [b"a picture of nine lanterns at the quay", bytes(range(128, 190)), b"\x89PNG" * 12]
)
def test_what_is_encoded_and_no_key_stays(redactor, held):
    text = f"data: {base64.b64encode(held).decode()} digest: {held.hex()}"
    assert redactor.text(text) == text


def test_a_pseudonym_is_a_word_of_its_own(redactor):
    """A word glued to it would be taken for a key by the audit of the dataset."""
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "qW3e" * 20 + "\n-----END RSA PRIVATE KEY-----"
    shown = redactor.text(f"{key}Finally8 it is there")
    assert shown.endswith(" Finally8 it is there")
    assert redactor.findings(shown) == []


def test_brackets_in_strings_hide_no_depth(redactor):
    # Strings with closing brackets make it look flat to whoever only counts.
    deep = '["}}}}", ' * 700 + '"ping db7.internal"' + "]" * 700
    assert "db7" not in redactor.text(deep)


@pytest.mark.parametrize("value", ["P@ss'w0rd!23", 'P@ss"w0rd!23', "P@ss\\k0rd!23"])
@pytest.mark.parametrize("key", ["password", "DB_PASSWORD"])
def test_a_value_that_its_key_tells_may_hold_quotes(redactor, key, value):
    shown, counts = redactor.value({key: value, "user": "bob"})
    assert counts["password"] == 1
    assert "0rd!23" not in shown[key]
    arguments = json.dumps({key: value})
    assert "0rd!23" not in redactor.text(arguments)
    json.loads(redactor.text(arguments))


def test_a_regular_expression_is_no_password(redactor):
    pattern = {"password": r"\d{6,}[\w']+"}
    assert redactor.value(pattern)[0] is pattern
