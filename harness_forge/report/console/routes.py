"""Which page answers which address."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence

from harness_forge.core.errors import ForgeError, StoreError
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.pages import (
    adapters,
    attempt,
    attempts,
    datasets,
    health,
    overview,
    runs,
    trainings,
)
from harness_forge.report.console.site import ConsoleSite

Page = Callable[[ConsoleSite, PageRequest, ConsoleSession], PageAnswer]

PAGES: Sequence[tuple[str, tuple[str | None, ...], Page]] = (
    ("GET", (), overview.show),
    ("GET", ("runs",), runs.show),
    ("GET", ("attempts",), attempts.show),
    ("GET", ("attempts", None, None), attempt.show),
    ("POST", ("attempts", None, None, "mark"), attempt.mark),
    ("GET", ("datasets",), datasets.show),
    ("GET", ("datasets", None), datasets.one),
    ("GET", ("datasets", None, "lines", None), datasets.file),
    ("GET", ("datasets", None, "left-out"), datasets.left_out),
    ("GET", ("adapters",), adapters.show),
    ("GET", ("adapters", None), adapters.one),
    ("POST", ("adapters", None, "decide"), adapters.decide),
    ("GET", ("health",), health.show),
    ("GET", ("trainings",), trainings.show),
    ("GET", ("trainings", None), trainings.one),
)
"""Method and segments of an address, None for any word, and its page."""


def answer(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return the page of a request.

    Raises:
        PageRefused: there is no such page, or what it shows is not there.
    """
    page = _page(request)
    try:
        return page(site, request, session)
    except StoreError as error:
        raise PageRefused(503, error.said, error.hint) from None
    except ForgeError as error:
        raise PageRefused(404, error.said, error.hint) from None
    except PageRefused:
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        what = f"{type(error).__name__}: {error}"
        raise PageRefused(500, what, "this is a fault of forge; where is in its terminal") from None


def _page(request: PageRequest) -> Page:
    for method, pattern, page in PAGES:
        if method == request.method and _fits(request.path, pattern):
            return page
    raise PageRefused(404, "there is no such page", "see the links above")


def _fits(path: Sequence[str], pattern: Sequence[str | None]) -> bool:
    if len(path) != len(pattern):
        return False
    return all(want in (None, one) for one, want in zip(path, pattern, strict=True))
