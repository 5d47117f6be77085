"""Policies: teachers with known answers, and models.

A policy plays an *episode* for each work item: it yields proposals, receives
the outcome of each, and ends when it has nothing more to try. It knows neither
the environment nor the store; `rollouts.runs` joins the three.
"""
