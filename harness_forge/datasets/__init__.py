"""Makes a dataset folder from the rows of the store.

A dataset has one part for each skill and role; most have one part. An export
puts the whole dataset in place or leaves the previous one. Nothing in it
depends on when, where or by whom it was written: the same store and the same
recipe give the same bytes.

from_config.py  builds an export's request from a config
request.py      what is requested, and the report of an export
export.py       one export: the rows, then manifest, card and audit
pipeline.py     the pass over the rows
prepare.py      preparation, which looks at one row at a time
worker_pool.py  preparation in several processes;  worker.py: one of them
admission.py    rejects rows that repeat an earlier one
repeats.py      repeats rows of families that failed on validation
writer.py       writes examples and ledger lines
manifest.py     the contents of manifest.json
refusals.py     errors for datasets that nothing can be trained on
"""
