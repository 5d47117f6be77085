"""Who acts in an environment: teachers with known answers, and models.

A policy plays an *episode* per work item: it yields proposals, is sent each
one's outcome, and ends when it has nothing more to try. It knows neither the
environment nor the store; `harness_forge.runs` joins the three.
"""

from harness_forge.policies.config import PolicyConfig, PolicyKind
from harness_forge.policies.proposal import Policy, Proposal, Request
from harness_forge.policies.reflection import Reflection

__all__ = ["Policy", "PolicyConfig", "PolicyKind", "Proposal", "Reflection", "Request"]
