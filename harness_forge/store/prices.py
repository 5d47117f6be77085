"""Writes the user's prices into a skill's schema, and reads what runs cost by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from harness_forge.config.prices import PricesConfig
from harness_forge.store import rows
from harness_forge.store.escaping import escape, restored

if TYPE_CHECKING:
    from harness_forge.store.skill import SkillStore

_COLUMNS = ("pattern", "input", "cached_input", "output", "reasoning", "watts", "usd_per_kwh")

_MODELS = """
SELECT t.model, count(*) AS turns, count(t.usd) AS priced, sum(t.usd) AS usd_known,
       (SELECT p.pattern FROM prices p WHERE t.model LIKE p.matches
        ORDER BY length(replace(p.pattern, '*', '')) DESC, p.pattern LIMIT 1) AS pattern
FROM turn_costs t GROUP BY t.model ORDER BY count(*) DESC, t.model
"""


class RunCost(NamedTuple):
    """What a run cost.

    Args:
        attempts: of the run.
        unknown: those of which the cost is not known.
        usd_known: what the others cost; None where there are none.
    """

    attempts: int
    unknown: int
    usd_known: float | None


def store_prices(store: SkillStore, prices: PricesConfig) -> dict[str, Any]:
    """Replace a skill's prices, unless `prices` has none; return them and its models.

    Returns:
        prices: the stored rows by pattern; models: what `priced_models` says.
    """
    if prices.models:
        with store.transaction() as connection:
            write_prices(connection, prices)
    with store.connect_read_only() as connection:
        return {"prices": stored_prices(connection), "models": priced_models(connection)}


def write_prices(connection: psycopg.Connection, prices: PricesConfig) -> None:
    """Replace the schema's prices, in the open transaction."""
    connection.execute("DELETE FROM prices")
    for pattern, one in prices.models.items():
        row = {"pattern": pattern, "matches": like(pattern), **vars(one)}
        row["usd_per_kwh"] = prices.usd_per_kwh
        rows.insert(connection, "prices", row)


def stored_prices(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the schema's prices, by pattern."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM prices ORDER BY pattern"  # noqa: S608
    return _dicts(connection, query)


def priced_models(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return each model of the turns: turns, priced, usd_known, and the pattern that fits it."""
    return _dicts(connection, _MODELS)


def run_cost(connection: psycopg.Connection, run_id: str) -> RunCost:
    """Return what a run cost by the stored prices."""
    query = "SELECT attempts, attempts_unknown, usd_known FROM run_costs WHERE run_id = %s"
    found = connection.execute(query, [escape(run_id)]).fetchone()
    return RunCost(*found) if found else RunCost(0, 0, None)


def like(pattern: str) -> str:
    """Return a pattern, in which `*` is any text, as LIKE reads it."""
    for sign in "\\%_":
        pattern = pattern.replace(sign, f"\\{sign}")
    return pattern.replace("*", "%")


def _dicts(
    connection: psycopg.Connection, query: str, values: Sequence[Any] = ()
) -> list[Mapping[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return [restored(row) for row in cursor.execute(query, values)]
