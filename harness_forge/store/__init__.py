"""Where records live: PostgreSQL, embedded by default, one schema per skill.

`open_store` is the way in; `Store.skill` gives the records of one skill. Text
that PostgreSQL cannot hold is stored escaped; `unescape` and `restored` undo it.
"""

from harness_forge.store.database import Store, open_store
from harness_forge.store.escaping import escape, restored, unescape
from harness_forge.store.run_lock import RunHandle
from harness_forge.store.skill import SkillStore

__all__ = ["RunHandle", "SkillStore", "Store", "escape", "open_store", "restored", "unescape"]
