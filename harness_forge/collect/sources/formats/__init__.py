"""Formats of other tools' records: one file a format, `source=NAME` for each.

conversation.py   what every format is read into
history.py        what each answer of a session was shown
reading.py        how a format's file is read: record by record, or as one session
traces.py         spans of traces, put together: spans.py, one span; one_trace.py, all of a trace
known.py          which formats there are; which one a record is of

A format says what its records say, in the words of a mapping: item, messages, tools,
outcome. It decides nothing else: what a record lacks is None, and a mapping can take it
from somewhere else (`{record.…}` is the record as it lies in the file).
"""
