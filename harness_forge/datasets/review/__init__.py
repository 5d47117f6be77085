"""Review: a dataset is published only after a person reviewed its redaction and signed.

survey.py      what a reviewer is shown: every kind, what stayed, what should have gone
review.py      the signed review, kept in the forge home; any other byte in the dataset voids it
statement.py   the same review, signed so that a recipient can check it with a public key
publishing.py  the way out
"""
