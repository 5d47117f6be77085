"""Slim files hold one rule's closure, with whitespace the scanner needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.scap.slim import SlimContent

SITE = Path(__file__).with_name("site-ds.xml")


@pytest.fixture
def content(tmp_path):
    return SlimContent.open(SITE, "strict", tmp_path)


def test_every_reference_is_in_the_file(content):
    for rule_id in content.rule_ids:
        oval = etree.fromstring(content.files([rule_id]).oval)
        ids = {element.get("id") for element in oval.iter() if element.get("id")}
        for element in oval.iter():
            for name in ("test_ref", "object_ref", "state_ref", "definition_ref", "var_ref"):
                assert element.get(name) is None or element.get(name) in ids


def test_a_file_of_one_rule_holds_no_other(content):
    first, *_ = content.rule_ids
    xccdf = etree.fromstring(content.files([first]).xccdf)
    assert [r.get("id") for r in xccdf.iter("{*}Rule")] == [
        f"xccdf_org.ssgproject.content_rule_{first}"
    ]
    assert not list(xccdf.iter("{*}platform"))


def test_elements_are_kept_apart(content):
    files = content.files(content.rule_ids)
    assert b"><Rule" not in files.xccdf
    for name in (b"tests", b"objects", b"states"):
        assert b"><" not in files.oval.partition(b"<" + name + b">")[2][:2]


def test_a_rule_named_twice_is_in_it_once(content):
    first, *_ = content.rule_ids
    assert content.files([first, first]) == content.files([first])


def test_second_opening_reads_the_cache(content, tmp_path):
    again = SlimContent.open(Path("gone.xml"), "strict", tmp_path)
    assert again.files(again.rule_ids) == content.files(content.rule_ids)


def test_a_damaged_cache_is_made_again(content, tmp_path):
    for file in tmp_path.iterdir():
        file.write_text("{")
    assert SlimContent.open(SITE, "strict", tmp_path).rule_ids == content.rule_ids


def test_no_such_file(tmp_path):
    with pytest.raises(SandboxError, match=r"gone.xml: cannot read the SCAP content"):
        SlimContent.open(Path("gone.xml"), "strict", tmp_path)
