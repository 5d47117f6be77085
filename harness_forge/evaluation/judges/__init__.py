"""A model that reads answers and scores them: optional, and never the only evidence.

config.py     who is asked, and how much what it says weighs
criteria.py   the four criteria, and what counts as an answer about them
questions.py  the words put to the judge: one answer, or two side by side
endpoint.py   an OpenAI-compatible server, many requests at once
asking.py     a batch of questions: retries, order, what stays unjudged
kept.py       the scores of all runs, for a filter
verdicts.py   what was said, one JSON line an answer; resumable

A judge never sees what the deterministic evaluator found: its agreement with
the evaluator is how far it can be believed, and that would be worth nothing.
"""
