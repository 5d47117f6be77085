"""Who acts in an environment: teachers with known answers, and models.

A policy plays an *episode* per work item: it yields proposals, is sent each
one's outcome, and ends when it has nothing more to try. It knows neither the
environment nor the store; `harness_forge.rollouts` joins the three.
"""
