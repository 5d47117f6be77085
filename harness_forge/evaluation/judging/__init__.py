"""The work of `forge judge`: reads runs from the store, asks a judge, compares with the evaluator.

reading.py   reads the answers of a run from the store
scoring.py   one run: four criteria for each answer
pairing.py   two runs: which answer to the same task is better
drift.py     judges the same anchors again: is it still the same judge?
"""
