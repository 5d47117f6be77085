from harness_forge.rollouts.environments.scap.gold.plan import options, wants


def test_alternatives_are_options_and_conjunctions_stay_together(text):
    checks = [
        text("/etc/a", "^a$", branch=("OR.0",)),
        text("/etc/b", "^b$", branch=("OR.1", "AND.0")),
        text("/etc/c", "^c$", branch=("OR.1", "AND.1")),
    ]
    found = [[check.target.get("filepath").value for check in o] for o in options(checks)]
    assert found == [["/etc/a"], ["/etc/b", "/etc/c"]]


def test_not_being_applicable_is_no_option(text, check):
    package = check("rpminfo", {"name": "door"}, branch=("OR.0",), negated=True)
    checks = [package, text("/etc/a", "^a$", branch=("OR.1",))]
    assert len(options(checks)) == 1


def test_a_folder_comes_before_a_file_of_the_system(rule, text, folder):
    made = rule(
        text("/etc/a.conf", "^a$", branch=("OR.0",)),
        text(folder("/etc/a.d", r"^.*\.conf$"), "^a$", branch=("OR.1",)),
    )
    assert [(w.path, w.folder, w.suffix) for (w,) in wants(made)] == [
        ("", "/etc/a.d", ".conf"),
        ("/etc/a.conf", "", ""),
    ]


def test_key_is_the_text_before_the_value(rule, text):
    for pattern, key in [
        (r"^limit[ ]+=[ ]+(\d+)$", "limit"),
        (r"^set\s+-g\s+limit\s+(\d+)$", "set -g limit"),
        (r"^limit=\"(\d+)\"$", "limit"),
    ]:
        made = rule(text("/etc/a", pattern, ("7", "equals")))
        assert wants(made)[0][0].key == key


def test_vendor_files_are_taken_as_given(rule, text):
    made = rule(
        text("/usr/lib/a", "^a$", branch=("AND.0",)), text("/etc/b", "^b$", branch=("AND.1",))
    )
    assert [want.path for want in wants(made)[0]] == ["/etc/b"]


def test_a_text_that_no_sample_fits_is_taken_from_the_fix(rule, text):
    made = rule(
        text("/etc/a", r"^List(?=\s+\S)\s+(a,?)?(b,?)?$"), fix="echo 'List a,b' >> /etc/a\n"
    )
    assert wants(made)[0][0].text == "List a,b"
