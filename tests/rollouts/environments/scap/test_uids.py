"""Whose uid a sandbox has, by what the machine maps."""

import os
from pathlib import Path

import pytest

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.uids import HIGH_UID, uid_map

NOBODY = 65534


@pytest.fixture
def root(monkeypatch):
    """Be root in a namespace with these lines of /proc/self/uid_map."""

    def be(text):
        monkeypatch.setattr(os, "getuid", lambda: 0)
        monkeypatch.setattr(Path, "read_text", lambda path: text)

    return be


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("0 0 4294967295\n", HIGH_UID),
        # As in a container without privileges: one's own uid, then a range of 65536.
        ("0 1000 1\n1 100000 65536\n", NOBODY),
    ],
)
def test_root_drops_to_a_uid_that_is_mapped(root, text, first):
    root(text)
    assert uid_map()["first"] == first


def test_root_alone_has_nobody_to_drop_to(root):
    root("0 1000 1\n")
    with pytest.raises(SandboxError) as caught:
        uid_map()
    assert str(caught.value) == (
        "root can drop to no other uid here: 65534 is not mapped\n"
        "  hint: run forge as an ordinary user"
    )


def test_one_uid_is_never_root(root):
    root("0 0 4294967295\n")
    assert uid_map(single=True) == {"kind": "single", "first": NOBODY, "count": 1}
