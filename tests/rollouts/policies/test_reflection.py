import json

from harness_forge.core.records import Tip
from harness_forge.rollouts.policies import reflection

TIP = Tip("Edit the active line.", "recovery", "comments are ignored", ("a",), ("sshd",))


def test_what_is_rendered_reads_back():
    text = reflection.render(
        pattern="p", cause="c", preferred="r", lesson="the line was a comment", tips=[TIP]
    )
    assert reflection.read(text, "sshd") == ("the line was a comment", [TIP])


def test_bad_tips_are_dropped_one_by_one():
    good = {"text": "t", "tip_type": "warning", "mechanism": "m"}
    bad = [{**good, "text": " "}, {**good, "tip_type": "joke"}, {**good, "mechanism": None}, 7]
    line = "TIPS_JSON: " + json.dumps({"tips_to_save": [*bad, good]})
    assert reflection.read(line, "pam")[1] == [Tip("t", "warning", "m", (), ("pam",))]


def test_malformed_json_drops_the_block_but_keeps_the_lesson():
    assert reflection.read("LESSON: keep\nTIPS_JSON: {", "x") == ("keep", [])
