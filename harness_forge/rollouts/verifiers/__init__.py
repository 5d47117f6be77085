"""A skill as a taskset of the library `verifiers`, which evaluates and trains models.

taskset.py    its tasks, one call of a tool each, and their reward by forge's own judge
forge.py      the process of forge that taskset.py asks; needs the standard library alone
answering.py  that process: which items there are, and what an answer comes to

The library and forge need versions of one package that exclude each other, so each has its own
Python. The library finds the taskset by the name of this package: `vf-eval harness_forge`.
"""
