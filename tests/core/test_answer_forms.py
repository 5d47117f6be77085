"""Items with answers of one form are one cluster, whatever their families are called."""

from harness_forge.core.answer_forms import answer_form, clusters


def forms(**answers):
    return {name: answer_form(name, text) for name, text in answers.items()}


def test_own_words_and_numbers_are_masked_in_every_written_form():
    one = answer_form("net_fan_speed Set the fan", "echo 'net.fan.speed = 7' > /etc/net-fan.conf")
    other = answer_form("lamp Set the lamp", "echo 'lamp = 12' > /etc/lamp.conf")
    assert one == other
    assert "_" in one
    assert "7" not in one


def test_case_does_not_matter_and_strange_words_stay():
    assert answer_form("lamp", "LAMP=on") == ("_", "=", "on")
    assert answer_form("fan", "LAMP=on") == ("LAMP", "=", "on")


def test_an_answer_without_words_has_an_empty_form():
    assert answer_form("lamp", "") == ()


def test_answers_of_one_form_are_one_cluster_named_by_its_smallest_id():
    found = clusters(
        forms(
            lamp="set --key lamp --value on --file a.conf",
            fan="set --key fan --value on --file a.conf",
            door="rm -rf door; touch closed; restart everything now",
        )
    )
    assert found == {"lamp": "fan", "fan": "fan", "door": "door"}


def test_forms_are_joined_through_others():
    words = list("abcdefghij")
    near = [*words[:9], "x"], words, ["y", *words[1:]]
    found = clusters({str(n): tuple(form) for n, form in enumerate(near)}, alike=0.9)
    assert set(found.values()) == {"0"}
    assert len(set(clusters({"0": tuple(near[0]), "2": tuple(near[2])}, alike=0.9).values())) == 2


def test_the_order_of_items_changes_nothing():
    answers = {f"item{n}": f"set item{n} in file{n % 3} with tool{n % 2}" for n in range(12)}
    backwards = dict(reversed(answers.items()))
    assert clusters(forms(**answers)) == clusters(forms(**backwards))


def test_other_scripts_have_words_too():
    assert answer_form("лампа", "включить лампа 5") == ("включить", "_")
