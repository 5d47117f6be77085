"""Settings of the mix-in: how much general data is added, and from which file."""

from __future__ import annotations
