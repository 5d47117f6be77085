"""Foreign records, read as records of ours: one module a kind of source.

records.py            what a reader yields
files.py              files of a folder, plain or gzipped; their digest
lines.py              JSON lines and JSON arrays, one value at a time, with its place
templates.py          texts with places that are filled from a record
mapping.py            what of a record is item, outcome, messages and the rest
idle_keys.py          settings that have no field to act on
unmet.py              places that a mapping names and no record has
tools.py              tools from a file, or as recorded calls show them
outcomes.py           rewards, truth values and words for outcomes
trajectories.py       whole conversations with a reward
datasets.py           lines of training sets, ours too
openai_traffic.py     requests and responses of a chat endpoint
gemma_forge_jsonl.py  gemma-forge's run log; gemma_forge_attempts.py, an attempt of it
gemma_forge_db.py     gemma-forge's database
gemma_forge_graph.py  gemma-forge's graph

A reader invents nothing: what a record lacks is None or left out with a reason.
"""
