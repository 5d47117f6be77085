"""Each writer on a rule of ours: exact scripts, so that a change of style is seen."""

import pytest

from harness_forge.rollouts.environments.scap.gold import LONGEST, WRITERS, write_fix
from harness_forge.rollouts.environments.scap.oval_records import Entity

_SECTION = r"^\s*\[House\].*(?:\n\s*[^[\s].*)*\n^[ \t]*Doors[ \t]*=[ \t]*(.+?)[ \t]*(?:$|#)"


def test_a_rule_without_checks_or_known_kind_has_no_fix(rule, check):
    assert write_fix(rule()) is None
    assert write_fix(rule(check("interface", {"name": "eth0"}))) is None


def test_setting(rule, text):
    fix = write_fix(rule(text("/etc/house.conf", r"^[ ]*doors[ ]+=[ ]+(\d+)$", ("3", "equals"))))
    assert fix.writer == "setting"
    assert fix.fix_script == (
        "sed -i.bak '/^doors\\b/d' /etc/house.conf\necho 'doors = 3' >> /etc/house.conf"
    )
    assert fix.revert_script == "mv /etc/house.conf.bak /etc/house.conf"
    assert fix.description == "Set doors = 3."


def test_section(rule, text):
    fix = write_fix(rule(text("/etc/house.conf", _SECTION, ("^3$", "pattern match"))))
    assert fix.writer == "section"
    assert fix.fix_script == (
        "sed -i.bak -e '/^Doors\\b/d' -e '/^\\[House\\]/a Doors=3' /etc/house.conf"
    )


def test_section_that_only_the_content_names(rule, text):
    made = text("/etc/house.conf", r"^doors[\s]+=[\s]+(\d+)$", ("3", "equals"))
    fix = write_fix(rule(made, fix=r"sed -i '/\[house\]/a doors = 3' /etc/house.conf"))
    assert fix.writer == "section"
    assert "-e '/^\\[house\\]/a doors = 3'" in fix.fix_script


def test_in_block(rule, text):
    made = text(
        "/etc/house.conf", r"^[\s]*doors[ ]=\s*(.*);$", (r"(^|,)shut(,|$)", "pattern match")
    )
    fix = write_fix(rule(made, fix="s/x/doors = locked,shut;/"))
    assert fix.fix_script == "sed -i.bak 's/doors = .*;/doors = locked,shut;/' /etc/house.conf"


def test_drop_in(rule, text, folder):
    place = folder("/etc/house.d", r"^.*\.conf$")
    fix = write_fix(rule(text(place, r"^\*\s+doors\s+(\d+)$", ("3", "less than or equal"))))
    assert (fix.writer, fix.fix_script) == ("drop_in", "echo '* doors 3' > /etc/house.d/doors.conf")
    assert fix.revert_script == "rm /etc/house.d/doors.conf"


def test_owned_drop_in(rule, text):
    fix = write_fix(
        rule(text("/etc/house.d/40-doors.conf", r"^\s*doors\+=\"(\w+)\"$", ("a", "equals")))
    )
    assert fix.fix_script == "echo 'doors+=\"a\"' > /etc/house.d/40-doors.conf"


def test_whole_file(rule, text):
    state = {"text": Entity(("# ours\n--shut\n",))}
    made = text("/etc/house.rules", "^.*$")
    fix = write_fix(rule(type(made)(**_fields(made) | {"states": (state,)})))
    assert fix.fix_script == "printf '# ours\\n--shut\\n' > /etc/house.rules"


def _fields(check):
    return {name: getattr(check, name) for name in check.__dataclass_fields__}


def test_unwanted_line_is_marked_so_that_it_can_come_back(rule, text, folder):
    pattern, absent = r"^(?!#).*[\s]+open[\s]*\:.*$", {"existence": "none_exist"}
    made = rule(
        text("/etc/house", pattern, branch=("AND.0",), **absent),
        text(folder("/etc/house.d", "^.*$"), pattern, branch=("AND.1",), **absent),
    )
    fix = write_fix(made)
    assert fix.writer == "unwanted_line"
    assert fix.fix_script == "sed -i '/^[^#]*open/ s/^/#off /' /etc/house /etc/house.d/*"
    assert fix.revert_script == "sed -i 's/^#off //' /etc/house /etc/house.d/*"


def test_a_line_that_not_even_a_comment_may_hold_is_deleted(rule, text):
    made = rule(text("/etc/house", r"door\s*$", existence="none_exist"))
    assert write_fix(made).fix_script == "sed -i.bak '/door$/d' /etc/house"


def test_sysctl(rule, check, text):
    running = check("sysctl", {"name": "net.door.shut"}, {"value": Entity(("1",))})
    fix = write_fix(rule(text("/etc/sysctl.conf", r"^net.door.shut\s*=\s*(.*)$"), running))
    assert (fix.writer, fix.description) == ("sysctl", "Set net.door.shut to 1.")
    assert fix.fix_script == (
        "sed -i.bak '/^net.door.shut\\b/d' /etc/sysctl.conf\n"
        "echo 'net.door.shut = 1' >> /etc/sysctl.conf"
    )


def test_kernel_module(rule, text, folder):
    place = folder("/etc/modprobe.d", r"^.*\.conf$")
    made = rule(
        text(place, r"^blacklist\s+door$", branch=("AND.0",)),
        text(place, r"^\s*install\s+door\s+(/bin/false|/bin/true)$", branch=("AND.1",)),
    )
    assert write_fix(made).fix_script == (
        "printf 'install door /bin/false\\nblacklist door\\n' > /etc/modprobe.d/door.conf"
    )


@pytest.mark.parametrize(
    ("content", "script"),
    [
        ("grubby --update-kernel=ALL", "grubby --update-kernel=ALL --args=door=1"),
        (
            "update-grub",
            "sed -i.bak '/door=1/! s/^GRUB_CMDLINE_LINUX=\"/&door=1 /' /etc/default/grub"
            "\nupdate-grub",
        ),
    ],
)
def test_boot_argument_is_set_as_the_distribution_does(rule, text, content, script):
    made = text(
        "/etc/default/grub",
        r'^\s*GRUB_CMDLINE_LINUX="(.*)"$',
        (r"^(?:.*\s)?door=1(?:\s.*)?$", "pattern match"),
    )
    assert write_fix(rule(made, fix=content)).fix_script == script


def test_sshd_option_comes_first(rule, text):
    made = text(
        "/etc/ssh/sshd_config", r"^[ \t]*(?i)Door(?-i)[ \t]+(.+?)[ \t]*(?:$|#)", ("shut", "equals")
    )
    assert write_fix(rule(made)).fix_script == (
        "sed -i.bak -e '1i Door shut' -e '/^Door\\b/Id' /etc/ssh/sshd_config"
    )


def _audit(text, arch, position, word="chmod"):
    pattern = (
        rf"^[\s]*-a[\s]+always,exit[\s]+-F[\s]+arch={arch}[\s]+-S[\s]+{word}[\s]+"
        r"-F[\s]+auid!=(?:4294967295|unset)[\s]+(?:-k[\s]+|-F[\s]+key=)[\S]+[\s]*$"
    )
    place = {"filepath": Entity((r"^/etc/audit/rules\.d/.*\.rules$",), "pattern match")}
    return text(place, pattern, branch=(f"AND.{position}",))


def test_audit_rule_loops_where_only_the_architecture_differs(rule, text):
    made = rule(_audit(text, "b32", 0), _audit(text, "b64", 1), fix='KEY="doors"')
    fix = write_fix(made)
    assert fix.fix_script == (
        "for a in b32 b64; do\n"
        'echo "-a always,exit -F arch=$a -S chmod -F auid!=unset -k doors"\n'
        "done > /etc/audit/rules.d/doors-chmod.rules"
    )
    assert fix.revert_script == "rm /etc/audit/rules.d/doors-chmod.rules"


def test_audit_watch_carries_the_key_of_the_content(rule, text, folder):
    place = folder("/etc/audit/rules.d", r"^.*\.rules$")
    made = rule(
        text(place, r"^-w[\s]+/etc/door[\s]+-p[\s]+\bwa\b.*$"), fix="-w /etc/door -p wa -k doors"
    )
    assert write_fix(made).fix_script == (
        "echo '-w /etc/door -p wa -k doors' > /etc/audit/rules.d/doors-door.rules"
    )


def _bits(**bits):
    return ("exclude", dict.fromkeys(bits, "false"))


def test_mode_is_the_widest_that_is_allowed(rule, check):
    bits = _bits(uexec=1, gwrite=1, gexec=1, oread=1, owrite=1, oexec=1)
    made = check("file", {"filepath": "/etc/door"}, existence="none_exist", filters=[bits])
    fix = write_fix(rule(made))
    assert fix.fix_script == (
        "stat -c 'chmod %a %n' /etc/door > /root/undo.sh\nchmod 0640 /etc/door"
    )
    assert fix.revert_script == "sh /root/undo.sh"


def test_owner_and_group_are_read_from_the_filter(rule, check):
    for field, command in (("user_id", "chown root"), ("group_id", "chgrp root")):
        target = {"path": "/etc/doors", "filename": Entity((r".*_key$",), "pattern match")}
        made = check("file", target, existence="none_exist", filters=[("exclude", {field: "0"})])
        assert write_fix(rule(made)).fix_script.splitlines()[-1] == f"{command} /etc/doors/*_key"


def test_files_of_one_folder_share_braces(rule, check):
    checks = [
        check("file", {"filepath": f"/sbin/{name}"}, existence="none_exist",
              filters=[("exclude", {"user_id": "0"})], branch=(f"AND.{n}",))
        for n, name in enumerate("abc")
    ]  # fmt: skip
    assert write_fix(rule(*checks)).fix_script.endswith("chown root /sbin/{a,b,c}")


def test_unwanted_file_is_renamed(rule, check):
    made = check("file", {"path": "/", "filename": ".doors"}, existence="none_exist")
    fix = write_fix(rule(made))
    assert fix.fix_script == "find / -xdev -type f -name .doors -exec mv {} {}.off \\;"
    assert ".doors.off" in fix.revert_script


def test_link(rule, check):
    state = {"canonical_path": Entity(("/dev/null",))}
    made = check("symlink", {"filepath": "/etc/systemd/system/door.target"}, state)
    assert write_fix(rule(made)).fix_script == "ln -sfb /dev/null /etc/systemd/system/door.target"


def test_link_to_a_place_told_by_a_pattern(rule, check):
    state = {"canonical_path": Entity(("^(/usr)?/lib/(open|shut)$",), "pattern match")}
    made = check("symlink", {"filepath": "/etc/door"}, state)
    assert write_fix(rule(made)).fix_script == "ln -sfb /usr/lib/open /etc/door"


def test_dconf_writes_key_and_lock(rule, text, folder):
    made = rule(
        text(folder("/etc/dconf/db/local.d/", "^.*$"),
             r"^\[org/door\]([^\n]*\n+)+?shut=true$", branch=("AND.0",)),
        text(folder("/etc/dconf/db/local.d/locks/", "^.*$"), "^/org/door/shut$", branch=("AND.1",)),
    )  # fmt: skip
    assert write_fix(made).fix_script == (
        "printf '[org/door]\\nshut=true\\n' > /etc/dconf/db/local.d/00-shut\n"
        "echo /org/door/shut > /etc/dconf/db/local.d/locks/00-shut\n"
        "dconf update"
    )


@pytest.mark.parametrize(
    ("path", "pattern", "commands"),
    [
        (
            "/etc/pam.d/doors",
            r"^\s*password\s+(?:(?:required)|(?:requisite))\s+pam_door\.so.*\s+turn=3$",
            "-e '/pam_door.so/d' "
            "-e '/^password.*pam_unix.so/i password required pam_door.so turn=3'",
        ),
        (
            "/etc/pam.d/doors",
            r"^\s*password\s+sufficient\s+pam_unix\.so.*\s+turn=3$",
            "'/^password.*pam_unix.so/{/turn/!s/$/ turn=3/}'",
        ),
        (
            "/etc/pam.d/su",
            r"^\s*auth\s+required\s+pam_door\.so\s+shut$",
            "-e '/pam_rootok.so/a auth required pam_door.so shut' -e '/pam_door.so/d'",
        ),
        (
            "/etc/pam.d/doors",
            r"^\s*auth\s+required\s+pam_door\.so\s+shut$",
            "-e '1i auth required pam_door.so shut' -e '/pam_door.so/d'",
        ),
    ],
)
def test_pam_line_stands_where_its_stack_wants_it(rule, text, path, pattern, commands):
    assert write_fix(rule(text(path, pattern))).fix_script == f"sed -i.bak {commands} {path}"


def test_pam_option_is_taken_away_from_every_stack(rule, text):
    place = {"filepath": Entity((r"^/etc/pam.d/(inner|outer)-door$",), "pattern match")}
    made = text(place, r"^[^#]*\bunlocked\b.*$", existence="none_exist")
    fix = write_fix(rule(made))
    assert fix.fix_script == "sed -i.bak 's/ unlocked\\b//' /etc/pam.d/{inner,outer}-door"


def test_umask_in_a_shell_file_is_replaced_in_place(rule, check, text):
    source = text("/etc/bashrc", r"^[\s]*umask[\s]+([^#\s]*)").targets
    state = {"value": Entity(("63",), "bitwise and")}
    made = check("variable", {"var_ref": ""}, state, sources=source)
    assert write_fix(rule(made)).fix_script == (
        "sed -i.bak 's/umask .*/umask 077/' /etc/bashrc\n"
        "grep -q 'umask 077' /etc/bashrc || echo umask 077 >> /etc/bashrc"
    )


def test_mount_option(rule, text):
    made = text(
        "/etc/fstab", r"^\s*[\w:]+\s+[/\w]+\s+nfs[4]?\s+(.*)$", ("^.*slow.*$", "pattern match")
    )
    assert write_fix(rule(made)).fix_script == (
        "sed -i.bak -E '/slow/! s/(\\snfs4?\\s+\\S+)/\\1,slow/' /etc/fstab"
    )


def test_a_fix_that_gets_too_long_is_none(rule, text):
    checks = [
        text("/etc/house.conf", rf"^{'door' * 20}{n}=1$", branch=(f"AND.{n}",)) for n in range(4)
    ]
    assert len(WRITERS["setting"](rule(*checks)).fix) > LONGEST
    assert write_fix(rule(*checks)) is None


def test_a_fix_is_the_same_every_time(rule, text):
    made = rule(text("/etc/house.conf", r"^doors=(\d+)$", ("3", "equals")))
    assert write_fix(made) == write_fix(made)
