import pytest

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import Fix
from harness_forge.rollouts.environments.scap.mutate import mutate
from harness_forge.rollouts.environments.scap.oval_records import Entity, ResolvedTest

SETTING = "sed -i.bak '/^doors\\b/d' /etc/house.conf\necho 'doors = 3' >> /etc/house.conf"
SSHD = "sed -i.bak -e '1i X11 no' -e '/^X11\\b/Id' /etc/ssh/sshd_config"
AUDIT = (
    'for a in b32 b64; do\necho "-a always,exit -F arch=$a -S chmod -k doors"\n'
    "done > /etc/audit/rules.d/doors-chmod.rules"
)
MODE = "stat -c 'chmod %a %n' /etc/door > /root/undo.sh\nchmod 0640 /etc/door"


def _rule(rule_id="a_rule", **limits):
    states = tuple({"subexpression": Entity((value,), op)} for op, value in limits.items())
    check = ResolvedTest("textfilecontent54", "t", (), False, "all_exist", "all", (), states)
    return ScapRule(rule_id, "title", "medium", "other", (), "", (check,), "d")


def _scripts(script, rule=None):
    fix = Fix(script, "true", "Ours.", "setting")
    return {m.name: m.fix.fix_script for m in mutate(fix, rule or _rule())}


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("wrong_value", SETTING.replace("= 3'", "= 30'")),
        ("wrong_file", SETTING.replace("/etc/house.conf", "/etc/house.conf.new")),
        ("commented_line", SETTING.replace("'doors = 3", "'# doors = 3")),
        ("half_fix", SETTING.splitlines()[0]),
        ("typo", SETTING.replace("'doors =", "'doosr =")),
        ("missing_value", SETTING.replace("doors = 3", "doors")),
        ("old_line_kept", SETTING.splitlines()[1]),
    ],
)
def test_a_setting_is_broken_as_people_do(name, script):
    assert _scripts(SETTING)[name] == script


@pytest.mark.parametrize(
    ("script", "name", "expected"),
    [
        (SSHD, "wrong_value", SSHD.replace("1i X11 no", "1i X11 yes")),
        (SSHD, "wrong_file", SSHD.replace("/sshd_config", "/ssh_config")),
        (SSHD, "deleted_only", "sed -i.bak -e '/^X11\\b/Id' /etc/ssh/sshd_config"),
        (AUDIT, "half_fix", AUDIT.replace("b32 b64", "b32")),
        (AUDIT, "missing_audit_key", AUDIT.replace(" -k doors", "")),
        (AUDIT, "wrong_file", AUDIT.replace("chmod.rules", "chmod.bak")),
        (MODE, "wrong_value", MODE.replace("chmod 0640", "chmod 0777")),
        (MODE, "commented_line", MODE.replace("\nchmod", "\n# chmod")),
    ],
)
def test_each_kind_of_fix_has_its_own_way_to_fail(script, name, expected):
    assert _scripts(script)[name] == expected


def test_a_wrong_number_is_one_the_check_does_not_take():
    at_most = _rule(**{"less than or equal": "3"})
    at_least = _rule(**{"greater than or equal": "3"})
    assert "doors = 30" in _scripts(SETTING, at_most)["wrong_value"]
    assert "doors = 1" in _scripts(SETTING, at_least)["wrong_value"]


def test_variants_differ_and_change_the_fix_alone():
    fix = Fix(SETTING, "mv a b", "Ours.", "setting")
    broken = mutate(fix, _rule())
    assert len({m.fix.fix_script for m in broken} | {SETTING}) == len(broken) + 1
    assert {(m.fix.revert_script, m.fix.description) for m in broken} == {("mv a b", "Ours.")}
    assert all(m.why for m in broken)


def test_the_order_turns_with_the_rule_and_is_the_same_every_time():
    firsts = {next(iter(_scripts(SETTING, _rule(f"rule_{n}")))) for n in range(20)}
    assert len(firsts) > 3
    assert list(_scripts(SETTING)) == list(_scripts(SETTING))


def test_what_often_does_no_harm_comes_last():
    assert all(list(_scripts(SETTING, _rule(str(n))))[-1] == "old_line_kept" for n in range(9))
