from harness_forge.core.records import Tip, WorkItem
from harness_forge.rollouts.policies import prompts

ITEM = WorkItem(
    "sshd_made_up", "A made-up title", "high", "sshd", "sshd_made_up", facts={"fix": "x"}
)


def test_worker_sees_only_the_fixed_sections():
    system, user = prompts.worker_messages(ITEM, "Example Linux 1")
    assert "Example Linux 1" in system["content"]
    assert user["content"] == "Rule: sshd_made_up\nTitle: A made-up title\nSeverity: high"


def test_tips_add_one_section():
    user = prompts.worker_messages(ITEM, "X", [Tip("Use a drop-in.", "strategy")])[1]
    assert user["content"].endswith("Tips:\n- Use a drop-in.")


def test_rendered_prompt_holds_both_messages():
    text = prompts.rendered(prompts.worker_messages(ITEM, "X"))
    assert text.startswith("You are the worker")
    assert "A made-up title" in text
