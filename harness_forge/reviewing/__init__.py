"""A dataset leaves only after somebody has looked at what was replaced in it, and signed.

survey.py      what a reviewer is shown: every kind, what stayed, what should have gone
review.py      the signed review, kept in the forge home; any other byte in the dataset voids it
publishing.py  the way out
"""

from harness_forge.reviewing.publishing import publish, require_free
from harness_forge.reviewing.review import Review, digest_of, require_review, sign
from harness_forge.reviewing.survey import Example, Kind, Left, Survey, survey

__all__ = [
    "Example",
    "Kind",
    "Left",
    "Review",
    "Survey",
    "digest_of",
    "publish",
    "require_free",
    "require_review",
    "sign",
    "survey",
]
