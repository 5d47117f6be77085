"""Filters: each rejects rows that passed their evaluation, for one reason.

A filter sees rows as candidates, in batches, and says of each why it goes;
None keeps it. Filters know no store and no recipe.
"""
