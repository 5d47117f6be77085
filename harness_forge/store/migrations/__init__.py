"""The schema of a skill, as numbered SQL files: each is one step.

Table names have no schema: `harness_forge.store.upgrade` first sets the search
path to the skill's schema. A released file is never changed.
"""

from pathlib import Path

FILES = {path.name[:4]: path for path in sorted(Path(__file__).parent.glob("[0-9]*.sql"))}
"""The file of each step, oldest first; a step is named by its number, such as 0001."""
HEAD = max(FILES)
"""The newest step; a store at it needs no upgrade."""
