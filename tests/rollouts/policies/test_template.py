import json

import pytest
from worked import worked

from harness_forge.core.errors import RunError
from harness_forge.core.records import Origin, ToolCall, WorkItem
from harness_forge.rollouts.policies.proposal import PromptRequest
from harness_forge.rollouts.policies.teacher import tool_message
from harness_forge.rollouts.policies.template import TemplatePolicy
from harness_forge.rollouts.policies.worked_examples import WorkedExample


def item(item_id, title="", group=None):
    return WorkItem(item_id, title, "low", "f", group or item_id)


def answered(item_id, group=None, name="apply_fix", **arguments):
    call = ToolCall(name, arguments)
    return WorkedExample(
        WorkItem(item_id, "", "low", "f", group or item_id), call, tool_message(name, arguments)
    )


def filled(known, item_id):
    example, arguments = TemplatePolicy(known).filled(item(item_id))
    return example.item.item_id, arguments


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("set net_lamp_red", "set net_lamp_dim_blue"),
        ("dark_red=1", "dark_dim_blue=1"),
        ("/etc/lamp-red.conf", "/etc/lamp-dim_blue.conf"),
        ("RED=1", "DIM_BLUE=1"),
        ("Red yes", "Dim_Blue yes"),
        ("UseRed yes", "UseDimBlue yes"),
        ("tired reddish", "tired reddish"),
    ],
)
def test_one_word_is_replaced_on_its_boundaries_in_its_own_form(written, expected):
    known = [answered("net_lamp_red", script=written)]
    assert filled(known, "net_lamp_dim_blue")[1] == {"script": expected}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("max_log_file", "min_web_page"),
        ("max.log.file", "min.web.page"),
        ("max-log-file", "min-web-page"),
        ("/max/log/file", "/min/web/page"),
        ("max log file", "min web page"),
        ("maxlogfile", "minwebpage"),
        ("MAX_LOG_FILE", "MIN_WEB_PAGE"),
        ("max.log_file", "min.web_page"),
        ("log of a file at max", "web of a page at min"),
    ],
)
def test_several_words_keep_the_form_in_which_they_were_written(written, expected):
    known = [answered("set_max_log_file", script=written)]
    assert filled(known, "set_min_web_page")[1] == {"script": expected}


def test_words_as_the_id_writes_them_are_replaced_as_the_other_id_writes_its_own():
    known = [answered("kernel_atm_off", script="install atm")]
    assert filled(known, "kernel_usb-stick_off")[1] == {"script": "install usb-stick"}
    known = [answered("Page-Login", tool="open LoginForm; login")]
    assert filled(known, "Page-LogOut")[1] == {"tool": "open LogOutForm; logout"}


def test_the_longest_segment_is_replaced_first():
    known = [answered("a_old_key_b", script="old_key old key key")]
    assert filled(known, "a_new_lock_b")[1] == {"script": "new_lock new lock lock"}


def test_a_replaced_word_is_not_replaced_again():
    known = [answered("copy_red_to_blue", script="red blue")]
    assert filled(known, "copy_blue_to_green")[1] == {"script": "blue green"}


def test_words_that_one_id_lacks_are_put_in_and_taken_out_beside_a_shared_one():
    known = [answered("owner_var_log", script="chown root /var/log")]
    assert filled(known, "owner_var_new_log")[1] == {"script": "chown root /var/new/log"}
    known = [answered("owner_var_new_log", script="chown root /var/new/log")]
    assert filled(known, "owner_var_log")[1] == {"script": "chown root /var/log"}


def test_every_argument_of_the_call_is_filled_and_what_is_no_text_stays():
    known = [
        answered(
            "page_login",
            name="edit",
            path="src/login.py",
            edits=[{"line": 3, "text": "def login():"}],
            login=True,
        )
    ]
    (proposal,) = TemplatePolicy(known).episode(PromptRequest(item("page_search"), [], ()))
    assert proposal.tool_call == ToolCall(
        "edit",
        {
            "path": "src/search.py",
            "edits": [{"line": 3, "text": "def search():"}],
            "login": True,
        },
    )
    function = proposal.response["tool_calls"][0]["function"]
    assert json.loads(function["arguments"]) == proposal.tool_call.arguments
    assert (proposal.origin, proposal.variant) == (Origin.OURS, "page_login")


def test_the_longest_shared_id_is_copied():
    known = [worked("lamp_red_on"), worked("door_green_off"), worked("lamp_blue_on")]
    assert filled(known, "lamp_blue_off") == ("lamp_blue_on", {"fix_script": "fix lamp_blue_off"})


def test_a_tie_goes_to_the_more_similar_title_and_then_to_the_first_id():
    known = [worked("lamp_b", title="one"), worked("lamp_a", title="two")]
    assert TemplatePolicy(known).filled(item("lamp_c", "one"))[0].item.item_id == "lamp_b"
    assert TemplatePolicy(known).filled(item("lamp_c", "three"))[0].item.item_id == "lamp_a"


def test_an_answer_without_the_words_to_replace_comes_last():
    known = [answered("a_b_c_one", script="says nothing"), answered("a_two", script="two")]
    assert filled(known, "a_b_c_three") == ("a_two", {"script": "b_c_three"})
    assert filled(known[:1], "a_b_c_three") == ("a_b_c_one", {"script": "says nothing"})


def test_an_items_own_group_is_passed_over():
    known = [worked("lamp_red", group="g"), worked("door_red")]
    own = item("lamp_redder", group="g")
    assert TemplatePolicy(known).filled(own)[0].item.item_id == "door_red"


def test_one_training_item_is_copied_and_its_own_group_has_nothing_to_copy():
    known = [worked("lamp_red", group="g")]
    assert filled(known, "lamp_blue")[1] == {"fix_script": "fix lamp_blue"}
    with pytest.raises(RunError) as error:
        TemplatePolicy(known).filled(item("lamp_redder", group="g"))
    assert str(error.value) == (
        "item lamp_redder: every worked example is of its own group; there is no other answer"
        " to copy\n  hint: make more with `forge run policy=gold`"
    )


def test_an_id_without_words_copies_the_answer_as_it_is():
    known = [worked("lamp_red")]
    assert filled(known, "---") == ("lamp_red", {"fix_script": "fix lamp_red"})
    assert filled([worked("--")], "lamp")[1] == {"fix_script": "fix --"}


def test_ids_of_other_scripts_and_of_other_harnesses_have_words():
    assert filled([answered("żar-ówka/zła", t="zła")], "żar-ówka/dobra")[1] == {"t": "dobra"}
    assert filled([answered("BEAD-17", t="close bead-17 (BEAD_17)")], "BEAD-18")[1] == {
        "t": "close bead-18 (BEAD_18)"
    }
