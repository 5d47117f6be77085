import pytest

from harness_forge.core.chat.roles import ROLES, role_of


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("developer", "system"),
        ("human", "user"),
        ("ai", "assistant"),
        ("gpt", "assistant"),
        ("Assistant ", "assistant"),
        ("function", "tool"),
        ("observation", "tool"),
        ("wizard", None),
        (7, None),
    ],
)
def test_a_word_stands_for_one_role(word, role):
    assert role_of(word) == role


def test_the_table_knows_the_four_roles_of_chat_templates_and_no_other():
    assert set(ROLES.values()) == {"system", "user", "assistant", "tool"}
