"""The records as the store and the files have them, for answers without a graph."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean_any
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import LINEAGE
from harness_forge.registry.adapters.parents import parents_of
from harness_forge.report.graph import files, rows
from harness_forge.report.graph.rows import Facts
from harness_forge.report.graph.why import LineRow


class StoredRecords:
    """Reads PostgreSQL, the datasets' ledgers, the registry and the ledger of decisions.

    Args:
        connect: opens a skill's store read-only; None for one that is not there.
    """

    def __init__(self, config: ForgeConfig, connect) -> None:
        self._config, self._connect = config, connect

    def line(self, dataset: Path, file: str, number: int) -> list[LineRow]:
        """Return the rows of a line."""
        parts = [
            part
            for part in files.dataset(dataset).parts()
            if (part.file, part.line) == (file, number)
        ]
        attempts = files.resolved(parts, self._connect)
        return [LineRow(part.source, one) for part, one in zip(parts, attempts, strict=True)]

    def attempt(self, skill: str, one: int) -> Facts | None:
        """Return an attempt of a run that is no evaluation."""
        return next(self._read(skill, rows.ATTEMPTS + "a.id = %s", one), None)

    def run(self, skill: str, one: str) -> Facts | None:
        """Return a run."""
        return next(self._read(skill, rows.RUNS + "r.id = %s", one), None)

    def tip(self, skill: str, one: int) -> Facts | None:
        """Return a tip."""
        return next(self._read(skill, rows.TIPS + "t.id = %s", one), None)

    def shown(self, skill: str, attempt: int) -> list[Facts]:
        """Return the tips that were considered for an attempt."""
        query = rows.RETRIEVALS + "q.attempt_id = %s ORDER BY q.id"
        keys = ("rank", "included", "probability", "verdict")
        return [
            {
                "tip": f"{skill}.tips:{row['tip_id']}",
                "text": (self.tip(skill, row["tip_id"]) or {})["text"],
                **{key: row[key] for key in keys},
            }
            for row in list(self._read(skill, query, attempt))
        ]

    def retrievals(self, skill: str, tip: int) -> list[Facts]:
        """Return what is known of each time that a tip was considered."""
        query = rows.RETRIEVALS + "q.tip_id = %s ORDER BY q.id"
        keys = ("item_id", "included", "verdict")
        return [{key: row[key] for key in keys} for row in self._read(skill, query, tip)]

    def adapter(self, name: str) -> Facts:
        """Return what an adapter was made from, and what was decided on it."""
        lineage = lineage_of(self._config, name)
        data = lineage.get("dataset", {})
        digest, splits = data.get("manifest", ""), data.get("splits", ["train"])
        those = [one for one in files.datasets(self._config) if one.digest == digest]
        parts = [p for one in those[:1] for p in one.parts() if p.file.split(".")[0] in splits]
        attempts: dict[str, set[int]] = defaultdict(set)
        for part, one in zip(parts, files.resolved(parts, self._connect), strict=True):
            if one is not None:
                attempts[part.skill].add(one)
        return {
            "adapter": lineage["name"],
            "digest": lineage["digest"],
            "base": lineage.get("base", {}).get("name", ""),
            "dataset": data.get("name", ""),
            "started_from": ", ".join(sorted(one["digest"] for one in parents_of(lineage))),
            "lines": len({(part.file, part.line) for part in parts}),
            "attempts": sum(map(len, attempts.values())),
            "runs": list(self._runs(attempts)),
            "decisions": [
                {key: one[key] for key in ("time", "slot", "decision", "rule", "why")}
                for one in files.decided(self._config)
                if one["adapter"] == lineage["digest"]
            ],
        }

    def _runs(self, attempts: dict[str, set[int]]) -> Iterator[Facts]:
        query = rows.ATTEMPTS + "a.id = ANY(%s)"
        for skill in sorted(attempts):
            counts = Counter(r["run_id"] for r in self._read(skill, query, sorted(attempts[skill])))
            found = self._read(skill, rows.RUNS + "r.id = ANY(%s)", sorted(counts))
            policies = {run["id"]: run["policy"] for run in found}
            for run, count in sorted(counts.items()):
                yield {"skill": skill, "run": run, "policy": policies[run], "attempts": count}

    def _read(self, skill: str, query: str, *values) -> Iterator[Facts]:
        connection = self._connect(skill)
        if connection is None:
            return
        with connection:
            yield from rows.read(connection, query, values)


def lineage_of(config: ForgeConfig, name: str) -> Facts:
    """Return the lineage of an adapter: a folder, a name, or a name with its hash.

    Raises:
        ConfigError: there is none of that name.
    """
    home = registry.folder(Path(config.forge_home))
    for place in (home / name, Path(name)):
        if (place / LINEAGE).is_file():
            return json.loads((place / LINEAGE).read_text(encoding="utf-8"))
    found = {one["name"]: one for one in files.adapters(config).values()}
    if name in found:
        return found[name]
    hint = did_you_mean_any(name, sorted(found), "train one with `forge train`")
    raise ConfigError(f"adapter {name}", "there is no adapter of that name", hint)
