"""The schema of a skill, as numbered steps that Alembic applies.

Each step is an SQL file with a Python file of the same name beside it. Table
names stand without a schema: `harness_forge.store.upgrade` sets the search
path to the skill's schema first.
"""

HEAD = "0003"
"""The newest step; a store at it needs no upgrade."""
