"""How much general data is added to what is trained on, and from where."""

from __future__ import annotations
