"""`forge generate`: rows that are quoted, cited, capped, and kept up with the repository."""

import json
import subprocess

import pytest

CODE = "generator=[signatures,calls,tables]"


def test_an_answer_is_quoted_and_cited(generate, kiln, ask):
    generate("generator=[signatures]")
    where = "item_id = 'kiln:signatures:kiln/oven.py::Oven.fire'"
    ((said, outcome, evaluator),) = ask(
        f"SELECT response, outcome, evaluator FROM attempts WHERE {where}"
    )
    assert said == ("It takes:\n- clay: Clay\n- degrees: int = 900\n\nIt returns `list[str]`.")
    (cited,) = outcome["signals"]["citations"]
    lines = (kiln.root / "kiln/oven.py").read_text().split("\n")
    first, last = cited["lines"]
    assert cited["quote"] == "\n".join(lines[first - 1 : last])
    assert cited["revision"] == kiln.git("rev-parse", "HEAD").strip()
    assert (evaluator, outcome["signals"]["judged"]) == ("quote_reread", False)


def test_rows_of_a_file_are_one_group(generate, ask):
    generate(CODE)
    rows = ask("SELECT item_id, group_key FROM items")
    assert {item.split("::")[0].split(":")[2] for item, _ in rows} == {
        group.removeprefix("kiln:") for _, group in rows
    }


def test_nothing_changed_adds_nothing(generate):
    first = generate(CODE)
    assert first == {"signatures": (2, 0), "calls": (1, 0), "tables": (2, 0)}
    assert generate(CODE) == {"signatures": (0, 0), "calls": (0, 0), "tables": (0, 0)}


def test_a_commit_adds_and_withdraws_what_it_changed(generate, kiln, ask):
    generate(CODE)
    before = dict(ask("SELECT item_id, id FROM attempts"))
    text = (kiln.root / "kiln/oven.py").read_text()
    kiln.commit("Hotter", {"kiln/oven.py": text.replace("900", "1200")})
    assert generate(CODE) == {"signatures": (1, 1), "calls": (1, 1), "tables": (0, 0)}
    after = dict(ask("SELECT item_id, id FROM attempts"))
    changed = {item for item in before if before[item] != after[item]}
    assert {item.rpartition("::")[2] for item in changed} == {"Oven.fire"}


def test_lines_that_move_change_nothing(generate, kiln):
    generate(CODE)
    text = (kiln.root / "kiln/oven.py").read_text()
    kiln.commit("A remark", {"kiln/oven.py": f"# A remark.\n\n{text}"})
    assert generate(CODE) == {"signatures": (0, 0), "calls": (0, 0), "tables": (0, 0)}


def test_a_file_that_goes_takes_its_rows_along_and_returns_to_its_side(generate, kiln, ask):
    generate(CODE)
    sides = dict(ask("SELECT group_key, split FROM splits"))
    text = (kiln.root / "docs/glazes.md").read_text()
    kiln.commit("No glazes", {"docs/glazes.md": None})
    assert generate(CODE)["tables"] == (0, 2)
    assert not ask("SELECT 1 FROM items WHERE family = 'tables'")
    kiln.commit("Glazes again", {"docs/glazes.md": text})
    assert generate(CODE)["tables"] == (2, 0)
    assert dict(ask("SELECT group_key, split FROM splits")) == sides


def test_the_cap_takes_files_in_turn(generate, kiln, ask):
    large = "".join(f"def f{n}(a: int) -> int:\n    return a + {n}\n\n\n" for n in range(50))
    kiln.commit("Many", {"kiln/many.py": large})
    assert generate("generator=[signatures]", "generate.most=3") == {"signatures": (3, 0)}
    assert len(ask("SELECT DISTINCT group_key FROM items")) == 3


def test_what_git_does_not_hold_is_not_read(generate, kiln, ask):
    (kiln.root / "secret.py").write_text("def leak(key: str) -> str:\n    return key\n")
    kiln.git("config", "core.fsmonitor", "touch ran")
    generate(CODE)
    assert not ask("SELECT 1 FROM items WHERE item_id LIKE '%secret%'")
    assert not (kiln.root / "ran").exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"kiln/broken.py": "def f(a: int:\n    (\n\ndef g(b: int) -> int:\n    return b\n"},
        {"kiln/latin.py": b"# caf\xe9\ndef g(b: int) -> int:\n    return b\n"},
        {"kiln/nul.py": b"def g(b: int) -> int:\n    return b\0\n"},
        {"docs/odd name é.md": "| a | b |\n|---|---|\n| `x|y` | one \\| two |\n| |\n"},
    ],
)
def test_odd_files_stop_nothing(generate, kiln, odd):
    kiln.commit("Odd", odd)
    assert generate(CODE)["signatures"][0] >= 2


def test_a_folder_without_git_is_refused(forge, tmp_path):
    (tmp_path / "plain").mkdir()
    code, said = forge("generate", str(tmp_path / "plain"))
    assert code == 16
    assert said == (
        f"forge: {tmp_path}/plain: is in no Git repository\n"
        "  hint: give the folder of a Git repository that has a commit\n"
    )


def test_a_repository_without_a_commit_is_refused(forge, tmp_path):
    folder = tmp_path / "new"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    code, said = forge("generate", str(folder))
    assert (code, said.splitlines()[0]) == (16, f"forge: {tmp_path}/new: no commit 'HEAD'")


def test_another_repository_of_the_same_name_is_refused(generate, forge, kiln, tmp_path):
    generate(CODE)
    other = type(kiln)(tmp_path / "other")
    other.commit("Other", {"a.py": "def f(a: int) -> int:\n    return a\n"})
    code, said = forge("generate", str(other.root), "generate.name=kiln", CODE)
    assert code == 16
    assert said == (
        f"forge: {other.root}: another repository has rows under the name 'kiln'\n"
        "  hint: give this one a name of its own: generate.name=NAME\n"
    )


def test_a_generator_that_is_not_there_is_named(forge, kiln):
    code, said = forge("generate", str(kiln.root), "generator=[signature]")
    assert code == 2
    assert "generate.generators: there is no generator 'signature'\n  hint: did you mean" in said


def test_a_dry_run_writes_nothing(forge, kiln, store):
    code, said = forge("generate", str(kiln.root), CODE, "--dry-run")
    assert code == 0
    assert "nothing is written: --dry-run" in said
    assert "It returns `list[str]`." in said or "It returns `int`." in said
    assert "codebase" not in store.skills()


def test_an_export_names_who_vouches(generate, forge, tmp_path):
    generate(CODE)
    code, said = forge("export", "role=agent", "skill=codebase")
    assert code == 0, said
    file = tmp_path / "codebase_agent_sft/train.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines
    assert {(line["evaluator"], line["policy"]) for line in lines} == {
        ("quote_reread 1", "generated")
    }
