"""A tiny Git repository, and `forge generate` on it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

FILES = {
    "kiln/oven.py": '''"""Heats clay."""

from kiln.clay import Clay, weigh


class Oven:
    """An oven."""

    def fire(self, clay: Clay, degrees: int = 900) -> list[str]:
        """Fire one lump of clay.

        The lump is weighed before it is fired, and a lump that is heavier than the oven
        bears is left outside; what remains is a list of words about the lump that was fired.
        """
        weight = weigh(clay)
        return list(map(str, [weight, degrees]))
''',
    "kiln/clay.py": '''"""Lumps of clay."""


class Clay:
    grams = 5


def weigh(clay: Clay) -> int:
    try:
        return int(clay.grams)
    except AttributeError:
        return 0
''',
    "kiln/__init__.py": "",
    "docs/glazes.md": """# Glazes

| glaze | colour | cone |
|---|---|---|
| celadon | pale green | 10 |
| tenmoku | black, brown where thin | 9 |
""",
}
"""Words of ours."""


class TinyRepository:
    """A Git repository that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        person = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A"), ("EMAIL", "a@kiln.invalid"))
        }
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.root), *words],
            env={**os.environ, **person, **settings},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def commit(self, subject: str, files: dict[str, str | bytes | None]) -> None:
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)


@pytest.fixture
def kiln(tmp_path):
    repository = TinyRepository(tmp_path / "kiln")
    repository.commit("Begin", FILES)
    return repository


@pytest.fixture
def generate(forge, kiln):
    """Runs `forge generate` on the tiny repository; returns added and withdrawn by generator."""

    def run(*words):
        code, said = forge("generate", str(kiln.root), *words)
        assert code == 0, said
        lines = [line.split() for line in said.splitlines()[2:]]
        return {line[5]: (int(line[3]), int(line[4])) for line in lines if line[0].isdigit()}

    return run


@pytest.fixture
def ask(store):
    def query(text):
        with store.skill("codebase").connect_read_only() as connection:
            return connection.execute(text).fetchall()

    return query


@pytest.fixture
def answers(ask):
    """Returns question and answer of a generator's rows, by item id."""

    def of(generator):
        found = ask(
            "SELECT item_id, messages, response FROM turns JOIN work_items USING (run_id, item_id)"
            f" WHERE family = '{generator}' ORDER BY item_id"
        )
        return {item: (messages[-1]["content"], said) for item, messages, said in found}

    return of
