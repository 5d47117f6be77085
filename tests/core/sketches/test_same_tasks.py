"""Which texts ask the same: what a harness puts before or behind a task makes no other task."""

from __future__ import annotations

import random
import time
from uuid import UUID

import pytest

from harness_forge.core.sketches.openings import groups, nearly_same, unstamped

SYLLABLES = [one + other for one in "bdklmnrst" for other in "aeiou"]


def tasks(count: int, words: int, seed: int = 11) -> list[str]:
    draw = random.Random(seed)
    known = ["".join(draw.choices(SYLLABLES, k=3)) for _ in range(3000)]
    return [" ".join(draw.sample(known, words)).capitalize() + "." for _ in range(count)]


def session(draw: random.Random) -> str:
    number = UUID(int=draw.getrandbits(128))
    return f"[2026-01-{draw.randrange(1, 29):02d} 07:{draw.randrange(60):02d}] session {number}\n"


HEADERS = {
    "session": session,
    "ticket": lambda draw: f"Ticket {draw.randrange(10**6):06d}, 2026-03-0{draw.randrange(1, 9)}\n",
    "host": lambda draw: f"host=10.0.0.{draw.randrange(256)} commit {draw.getrandbits(160):040x}: ",
    "time": lambda draw: f"2026-05-01T{draw.randrange(24):02d}:11:09.{draw.randrange(10**6)}Z ",
}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("together", [groups, nearly_same])
def test_a_header_that_differs_each_time_makes_no_other_task(header, together):
    draw = random.Random(3)
    asked = tasks(40, 20)
    texts = [HEADERS[header](draw) + task for task in asked for _ in range(3)]
    found = together(texts).tolist()
    assert found == [3 * (place // 3) for place in range(len(texts))]


def test_a_task_asked_again_in_very_many_sessions_is_one_task():
    draw = random.Random(3)
    texts = [session(draw) + task for task in tasks(10, 25) for _ in range(40)]
    assert groups(texts).tolist() == [40 * (place // 40) for place in range(len(texts))]


def test_a_task_with_more_before_it_or_behind_it_is_that_task():
    asked = tasks(30, 45)
    more = tasks(60, 14, seed=5)
    texts = [
        text
        for place, task in enumerate(asked)
        for text in (task, f"{more[2 * place]}\n{task}", f"{task}\n\n{more[2 * place + 1]}")
    ]
    found = groups(texts).tolist()
    assert found == [3 * (place // 3) for place in range(len(texts))]


def test_a_short_question_with_a_long_number_is_the_question_with_that_number():
    texts = [f"What is {number} times {number + 7}?" for number in range(1234567, 1234597)]
    texts += tasks(300, 20)
    assert len(set(groups(texts).tolist())) == len(texts)


def test_where_nearly_all_differ_in_a_stamp_alone_the_stamp_is_the_task():
    texts = [
        f"You are given order {number}. Look it up, follow the policy of the shop to the letter, "
        "and tell the customer what the shop will do about it and why."
        for number in range(10234500, 10234700)
    ]
    assert len(set(groups(texts).tolist())) == len(texts)


def test_what_two_tasks_share_makes_them_one_only_if_it_is_nearly_all_of_one():
    shared, *own = tasks(3, 30)
    assert len(set(groups([f"{shared} {own[0]}", f"{shared} {own[1]}"]).tolist())) == 2


def test_a_stamp_that_most_texts_differ_in_is_their_task_whatever_the_template():
    draw = random.Random(3)
    one = [
        f"Review commit {draw.getrandbits(160):040x}, which is on the main branch, and tell what "
        "it changes and what it may break in production."
        for _ in range(150)
    ]
    other = [
        f"Read the report of incident {UUID(int=draw.getrandbits(128))} and tell which of the "
        "teams has to look at it first and why."
        for _ in range(150)
    ]
    assert len(set(groups(one).tolist())) == 150
    # Some are alike enough word by word: a commit is one word of 22.
    assert len(set(groups([*one, *other]).tolist())) > 200


def test_a_bare_instruction_joins_nothing_that_begins_with_it():
    instruction, *bodies = tasks(60, 25)
    texts = [instruction, *(f"{instruction} {body}" for body in bodies), *tasks(1200, 30, seed=9)]
    assert len(set(groups(texts).tolist())) == len(texts)


@pytest.mark.parametrize(
    "text, bare",
    [
        ("tue, 04 mar 2026 10:22:11 gmt go", "0 go"),
        ("on march 4th, 2026 and 4 mar 2026 go", "on 0 and 0 go"),
        ("at 04/03/2026 10:22 pm or 4.3.2026 or 2026/03/04", "at 0 or 0 or 0"),
        ("run 20260304t101112z, req_8fk2lq9zxw and 01hq3k5v7w9y2b4d6f8h0j2m4n", "run 0, 0 and 0"),
        ("0x7f3a2b1c0d from fe80:0:0:0:1c2d:3e4f:5a6b:7c8d by a.b@example.org", "0 from 0 by 0"),
        ("marching 4, 2026 and a may of 3", "marching 4, 2026 and a may of 3"),
        ("sysctl_net_ipv4_conf_all rhel-08-010030 1.2.3 cve-2024-1234", ""),
        ("at 2026-01-02t03:04:05.678z go", "at 0 go"),
        ("at 2026-01-02 03:04 go", "at 0 go"),
        ("see 9f86d081 and 0b5c7a1e-4f7d-4f55-9d2e-6b8a4c1d2e3f", "see 0 and 0"),
        ("ticket 104423 on 192.168.0.17", "ticket 0 on 0"),
        # Words and numbers that are a task's own.
        ("the decade of 1987, port 8080, defaced facade", "the decade of 1987, port 8080, "
         "defaced facade"),
        ("v1.2.3 and abc123def456ghi", "v1.2.3 and abc123def456ghi"),
    ],
)  # fmt: skip
def test_stamps(text, bare):
    assert unstamped(text) == (bare or text)


@pytest.mark.parametrize("piece", ["-", "a.", "req_", "run-", "1:", "1.", "ab", "a@"])
def test_a_long_prompt_is_looked_through_once(piece):
    began = time.process_time()
    unstamped(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 3
