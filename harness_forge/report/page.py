"""The whole page: one HTML file that needs nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness_forge.report.document import document
from harness_forge.report.html import Html, tag
from harness_forge.report.material import Material
from harness_forge.report.sections import (
    answers,
    checks,
    decision,
    families,
    following,
    funnel,
    heading,
    provenance,
    recipe,
    success,
    training,
)

_SECTIONS = (
    decision.render,
    success.render,
    recipe.render,
    families.render,
    answers.flips,
    checks.render,
    training.render,
    funnel.render,
    answers.side_by_side,
    provenance.render,
    following.render,
)


def page(material: Material) -> str:
    """Return the report as HTML."""
    sections = [_shown(render, material) for render in _SECTIONS]
    body = [
        _shown(heading.render, material),
        _contents(sections),
        tag("main", sections),
        tag(
            "footer", "Made by forge report from the files of the loop; nothing on it is typed in."
        ),
    ]
    return document(f"{material.title}: {_state(material)}", *body)


def _contents(sections: list[Html]) -> Html:
    """Return links to the sections, by the headings that they have."""
    found = [re.search(r'id="([^"]+)"><h2>(.*?)</h2>', one) for one in sections]
    links = [tag("a", Html(at[2]), href=f"#{at[1]}") for at in found if at]
    return tag("nav", links, aria_label="contents")


def _shown(render: Callable[[Material], Html], material: Material) -> Html:
    """Return a section; a file of another form costs its section, not the page."""
    try:
        return render(material)
    except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
        what = f"{type(error).__name__}: {error}"
        text = f"A file of this section is not of the form that this forge writes ({what})."
        return tag("section", tag("p", text, class_="gap"))


def _state(material: Material) -> str:
    return str((material.promotion or {}).get("decision", "not decided"))
