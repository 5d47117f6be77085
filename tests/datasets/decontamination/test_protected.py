import gzip
import json

import numpy as np
import pytest

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.core.errors import ExportError
from harness_forge.datasets.decontamination import runs, suites
from harness_forge.datasets.decontamination.protected import ProtectedTexts, digest
from harness_forge.datasets.decontamination.rows import Contamination
from harness_forge.datasets.decontamination.runs import indexed
from harness_forge.datasets.filters.candidate import Candidate

QUESTION = (
    "Find the cheapest direct flight from Lisbon to Oslo on the third of May that leaves "
    "before noon and lets me take a folded bicycle along without paying for a second bag."
)


def holds(text, *protected, others=(), **settings):
    known = ProtectedTexts.of(
        [("q", one) for one in protected], ContaminationConfig(**settings), "s", others
    )
    return known.owners_in([text]) != [None]


def test_a_protected_text_inside_a_row_is_found():
    assert holds(f"Before. {QUESTION} After.", QUESTION)


def test_layout_case_and_punctuation_do_not_hide_it():
    assert holds(QUESTION.upper().replace(" ", "\n  ").replace(".", " !"), QUESTION)


def test_most_of_it_is_enough_and_a_little_is_not():
    words = QUESTION.split()
    assert holds(" ".join(words[: len(words) * 9 // 10]), QUESTION)
    assert not holds(" ".join(words[: len(words) // 2]), QUESTION)


def verdicts(text, rows):
    """Return what each of 20 names of a dataset makes of rows, as a set: one element is right."""
    return {
        tuple(
            owner is not None
            for owner in ProtectedTexts.of(
                [("q", text)], ContaminationConfig(), f"dataset-{name}"
            ).owners_in(rows)
        )
        for name in range(20)
    }


def test_the_share_is_exact_and_no_name_of_a_dataset_changes_it():
    words = [f"word{n}" for n in range(212)]  # 200 runs of 13 words, of which 140 are a match
    rows = [" ".join(words[:many]) for many in (151, 152)]
    assert verdicts(" ".join(words), rows) == {(False, True)}


def test_of_a_very_long_text_every_dataset_keeps_the_same_runs():
    words = [f"word{n}" for n in range(2_012)]
    rows = [" ".join(words[:many]) for many in range(1_300, 1_512, 4)]
    (found,) = verdicts(" ".join(words), rows)
    assert found == tuple(sorted(found)) and set(found) == {False, True}


def test_a_rewritten_question_is_not_found():
    assert not holds("Which direct flight from Lisbon to Oslo is cheapest on the third?", QUESTION)


def test_a_short_text_must_be_there_whole():
    title = "Disable the automatic mounting of disks"
    assert holds(f"Title: {title}.", title)
    assert not holds("Title: Disable the automatic mounting of tapes.", title)
    assert not holds(" ".join(reversed(title.split())), title)


def test_a_text_of_few_words_is_not_looked_for():
    assert not holds("set the time zone", "set the time zone")


def test_the_name_of_an_item_is_found_alone():
    assert holds("as sysctl_kernel_randomize_va_space has it", "sysctl_kernel_randomize_va_space")
    assert not holds("as sysctl_kernel_randomize_va has it", "sysctl_kernel_randomize_va_space")
    assert not holds("open a shell", "shell")


def test_what_many_texts_share_is_a_template():
    template = "Answer with one call of the tool that is offered and say nothing else at all: {}."
    texts = [(f"item{n}", template.format(f"word{n} " * 3)) for n in range(20)]
    known = ProtectedTexts.of(texts[:5], ContaminationConfig(), "s", texts[5:])
    other = template.format("another thing entirely")
    assert known.owners_in([other, texts[2][1]]) == [None, digest("s", "item2")]


def test_a_title_that_an_item_of_training_has_too_tells_nothing():
    title = "Ensure the remote log is always encrypted"
    assert not holds(title, title, others=[("training", title)])


def test_hashes_alone_find_the_same():
    texts = [("a", QUESTION), ("b", "sysctl_kernel_randomize_va_space"), ("c", "x")]
    known = ProtectedTexts.of(texts, ContaminationConfig(), "salt")
    written = json.dumps(list(known.records()))
    assert "Lisbon" not in written
    again = ProtectedTexts.load("salt", json.loads(written))
    assert again.owners_in([QUESTION, "nothing"]) == [digest("salt", "a"), None]
    assert ProtectedTexts.load("pepper", json.loads(written)).owners_in([QUESTION]) == [None]


def test_nothing_protected_finds_nothing():
    assert ProtectedTexts.of([], ContaminationConfig(), "s").owners_in([QUESTION, ""]) == [
        None,
        None,
    ]


def test_the_filter_reads_prompt_and_answer():
    reject = Contamination(ProtectedTexts.of([("q", QUESTION)], ContaminationConfig(), "s"))

    def row(prompt, answer):
        return Candidate([{"role": "user", "content": prompt}], (), {"content": answer})

    rows = [row(QUESTION, "yes"), row("ask me", QUESTION), row("ask me", "yes")]
    assert reject(rows) == ["contaminated", "contaminated", None]


@pytest.mark.parametrize("arguments", [json.dumps({"script": QUESTION}), {"script": QUESTION}])
def test_the_filter_reads_what_earlier_turns_called_and_thought(arguments):
    # The audit of the written dataset does, and refuses what is left.
    reject = Contamination(ProtectedTexts.of([("q", QUESTION)], ContaminationConfig(), "s"))
    call = {"id": "1", "function": {"name": "run", "arguments": arguments}}
    called = {"role": "assistant", "content": "", "tool_calls": [call]}
    thought = {"role": "assistant", "content": "Well.", "reasoning_content": QUESTION}
    rows = [
        Candidate([{"role": "user", "content": "go"}, turn], (), {"content": "yes"})
        for turn in (called, thought, {"role": "assistant", "content": "Well."})
    ]
    assert reject(rows) == ["contaminated", "contaminated", None]


def test_every_text_of_a_suite_is_protected(tmp_path):
    path = tmp_path / "suite.jsonl"
    line = {"id": 3, "question": [[{"role": "user", "content": QUESTION}]], "function": []}
    path.write_text("\n" + json.dumps(line) + "\n")
    assert ("bfcl:2", QUESTION) in list(suites.texts("bfcl", path))


def test_a_suite_may_be_a_folder_of_lines_tables_and_packed_files(tmp_path):
    line = json.dumps({"id": "one", "question": [[{"content": QUESTION}]]})
    (tmp_path / "bundle.json").write_text('{"systems": {"a": "not an item of it"}}')
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "law_test.csv").write_text('"Whose, then?",a b,c d,A\n')
    (tmp_path / "a.json").write_text(line + "\n")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    assert list(suites.texts("s", tmp_path)) == [
        ("s/a.json:1", QUESTION),
        ("s/b.jsonl.gz:1", QUESTION),
        ("s/test/law_test.csv:1", "Whose, then?"),
        ("s/test/law_test.csv:1", "a b"),
        ("s/test/law_test.csv:1", "c d"),
    ]


@pytest.mark.parametrize("runs_of_each", [1, 100, 1000])
def test_the_bitmap_of_many_runs_still_rules_out_most(runs_of_each):
    draw = np.random.default_rng(1)
    texts = [(at, draw.integers(0, 1 << 64, runs_of_each, np.uint64)) for at in range(1000)]
    known = indexed(texts)
    assert known.bitmap.mean() < 0.1
    (_, last) = texts[-1]
    places = np.searchsorted(known.hashes, last)
    assert (known.hashes[places] == last).all()
    assert (known.texts[places] == len(texts) - 1).all()


def test_runs_are_found_whatever_the_size_of_the_bitmap(monkeypatch):
    texts = [" ".join(f"w{n * step % 997}" for n in range(60)) for step in range(1, 40)]
    found = []
    for bits in ((1, 1), (9, 9), (21, 27)):
        monkeypatch.setattr(runs, "_BITMAP_BITS", bits)
        known = ProtectedTexts.of(
            [(f"q{at}", one) for at, one in enumerate(texts)], ContaminationConfig(), "s"
        )
        found.append(known.owners_in([*texts, QUESTION]))
    assert found[0] == found[1] == found[2]
    assert None not in found[0][:-1]
    assert found[0][-1] is None


def test_a_folder_without_a_file_of_lines_is_told(tmp_path):
    with pytest.raises(ExportError, match="holds no file of lines"):
        list(suites.texts("s", tmp_path))


@pytest.mark.parametrize("words", [None, "{no json"])
def test_a_suite_that_cannot_be_read_is_told(tmp_path, words):
    path = tmp_path / "suite.jsonl"
    if words:
        path.write_text(words)
    with pytest.raises(ExportError, match=r"contamination\.suites\.bfcl"):
        list(suites.texts("bfcl", path))
