"""From the store to a dataset folder: joins rows, exporters, format, ledger and manifest.

A dataset has one part for each skill and role it is of; most have one part.
Either a whole dataset stands at its path afterwards, or what stood there
before. Nothing in it depends on when, where or by whom it was written: the
same store and the same recipe give the same bytes.

request.py    what is asked for, and what it came to
writing.py    the pass over the rows
preparing.py  what is done to a row for which no other row is needed
crew.py       preparing in several processes;  worker.py: one of them
admission.py  which rows say nothing new
weighting.py  rows that stand several times, by what went wrong on validation
manifest.py   what a dataset says of itself
refusals.py   datasets that nothing can be trained on
"""
