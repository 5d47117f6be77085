import math

import pytest
from worked import worked

from harness_forge.core.records import Origin, WorkItem
from harness_forge.rollouts.policies.nearest import Nearest, tokens
from harness_forge.rollouts.policies.proposal import PromptRequest

KNOWN = [
    worked("sshd_set_keepalive", title="Set SSH Client Alive"),
    worked("sshd_disable_root", title="Disable SSH Root Login"),
    worked("sysctl_net_redirects", title="Disable Kernel Parameter"),
]


def item(item_id, title="", group=None):
    return WorkItem(item_id, title, "low", "f", group or item_id)


def test_the_most_similar_rule_is_found():
    nearest = Nearest(KNOWN)
    assert nearest.nearest(item("sshd_disable_empty_root"))[0] is KNOWN[1]
    assert nearest.nearest(item("sysctl_other"))[0] is KNOWN[2]


def test_similarity_is_the_cosine_of_tf_idf():
    # Worked out by hand: two documents, "a b" and "a c"; the question is "a b".
    known = [worked("a_b", title="-"), worked("a_c", title="-")]
    common, rare = 1.0, math.log(3 / 2) + 1
    cosine = common**2 / (common**2 + rare**2)
    nearest = Nearest(known)
    assert nearest.nearest(item("a_b", group="new")) == (known[0], pytest.approx(1.0))
    assert nearest.nearest(item("a_b", group="a_b")) == (known[1], pytest.approx(cosine))


def test_an_items_own_group_is_passed_over():
    best, _ = Nearest(KNOWN).nearest(item("sshd_disable_root", group="sshd_disable_root"))
    assert best is not KNOWN[1]


def test_words_nobody_knows_leave_the_first_by_name():
    best, similarity = Nearest(KNOWN[::-1]).nearest(item("zzz"))
    assert (best, similarity) == (KNOWN[1], 0.0)


def test_the_answer_is_copied_word_for_word_and_once():
    question = item("sshd_disable_empty_root")
    (proposal,) = Nearest(KNOWN).episode(PromptRequest(question, [], ()))
    assert proposal.response == KNOWN[1].response
    assert proposal.tool_call.arguments == {"fix_script": "fix sshd_disable_root"}
    assert (proposal.origin, proposal.prompt_tokens) == (Origin.OURS, None)
    assert proposal.variant.startswith("sshd_disable_root 0.")


def test_rule_ids_fall_into_words():
    assert tokens(item("sshd_v2", "Set IPv4, now")) == ["sshd", "v2", "set", "ipv4", "now"]
