"""Joins what `forge judge` needs: runs of the store, a judge, the evaluator's own verdicts.

reading.py   the answers of a run, out of the store
scoring.py   one run: four criteria an answer
pairing.py   two runs: which answer to the same task is better
drifting.py  the same anchors judged again: is it still the same judge?
"""
