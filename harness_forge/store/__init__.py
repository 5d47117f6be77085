"""The store of records: PostgreSQL, embedded by default, one schema per skill.

`open_store` is the way in; `Store.skill` gives the records of one skill. Text
that PostgreSQL cannot hold is stored escaped; `unescape` and `restored` undo it.
"""
