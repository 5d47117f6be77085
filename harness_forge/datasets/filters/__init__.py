"""What takes a row out of a dataset although its outcome was right, one reason each.

A filter sees rows as candidates, in batches, and says of each why it goes;
None keeps it. Filters know no store and no recipe.
"""
