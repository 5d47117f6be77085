"""A model that reads answers and scores them: optional, and never the only evidence.

check.py      refuses settings that cannot give a score
criteria.py   the four criteria, and how a judge's answer is parsed
questions.py  the prompts of the judge: one answer, or two side by side
endpoint.py   an OpenAI-compatible server, many requests at once
asking.py     a batch of questions: retries, order, unjudged answers

A judge never sees the verdict of the deterministic evaluator: its agreement with
the evaluator shows how far it can be trusted, and must be independent.
"""
