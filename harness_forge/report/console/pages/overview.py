"""The first page: what there is."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.core.errors import StoreError
from harness_forge.core.numbers import count
from harness_forge.report.console import frame
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.pages import adapters, datasets, trainings
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.store.browsing import runs


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return what the store holds of each skill, and what was made of it."""
    del request
    store = section("The store", *_store(site))
    made = [
        ("Datasets", len(datasets.found(site)), "datasets", "forge export"),
        ("Adapters", len(adapters.labels(site)), "adapters", "forge train"),
        ("Trainings", len(trainings.found(site)), "trainings", "forge train"),
    ]
    rows = [
        (tag("a", name, href=link(at)), count(number), "" if number else tag("code", verb))
        for name, number, at, verb in made
    ]
    folders = section("Made of it", table(("", "how many", "made by"), rows))
    about = f"Recipe {site.config.recipe or 'of none'}, in {site.home.absolute().parent}."
    return frame.page(session, "", "Overview", store, folders, about=about)


def _store(site: ConsoleSite) -> Iterator[Html]:
    try:
        skills = site.skills()
    except (PageRefused, StoreError) as error:
        yield tag("p", error.what, class_="gap")
        return
    if not skills:
        yield missing("There is no record yet.", "forge run")
        return
    yield table(("skill", "runs", "attempts", "newest run"), [_skill(site, one) for one in skills])
    own = site.config.skill.name
    if own not in skills and not site.config.skills:
        yield missing(f"The recipe's skill, {own}, has no record yet.", "forge run")


def _skill(site: ConsoleSite, name: str) -> tuple:
    title = tag("a", name, href=link("attempts", skill=name))
    try:
        with site.reading(name) as connection:
            found = runs.overview(connection)
    except StoreError as error:
        return title, "", f"{error.what}: {error.hint}", ""
    about = f"about {count(found.attempts)}" if found.estimated else count(found.attempts)
    newest = tag("a", found.newest, href=link("attempts", skill=name, run=found.newest))
    return (
        title,
        tag("a", count(found.runs), href=link("runs", skill=name)),
        about,
        newest if found.newest else "",
    )
