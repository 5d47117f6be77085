"""Prints docs/comparisons.md: `forge compare` on records that others have published.

python tests/bench/compare_tables.py ../shared/data > docs/comparisons.md

The folder holds `tau-bench/gpt-4o-airline.json` of sierra-research/tau-bench and
`reflexion/*.jsonl` of noahshinn/reflexion, as `docs/sources.md` describes them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from harness_forge.collect.ingest.ingest import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.config.schema import ForgeConfig
from harness_forge.evaluation import runs
from harness_forge.evaluation.episodes import RunComparison
from harness_forge.store.opening import opened_skill, opened_store


@dataclass(frozen=True)
class Case:
    """Two runs that are compared, and what they are."""

    source: str
    path: str
    first: str
    second: str
    title: str

    @property
    def overrides(self) -> list[str]:
        """Return what reads the case's records."""
        return [f"source={self.source}", f"skill={self.source}"]


TAU = ("tau_bench", "tau-bench/gpt-4o-airline.json")
REFLEXION = ("reflexion", "reflexion")
CASES = (
    Case(*TAU, "trial-0", "trial-1", "tau-bench, airline, gpt-4o: trial 0 and trial 1"),
    Case(*TAU, "trial-2", "trial-3", "tau-bench, airline, gpt-4o: trial 2 and trial 3"),
    Case(
        *REFLEXION, "simple_mbpp_py", "reflexion_mbpp_py",
        "Reflexion, MBPP in Python, gpt-4: one answer, and up to five with reflections",
    ),
    Case(
        *REFLEXION, "simple_humaneval_rs_hard50", "reflexion_humaneval_rs_hard50",
        "Reflexion, the 50 hardest of HumanEval in Rust, gpt-4: the same two strategies",
    ),
)  # fmt: skip


def compared(data: Path, home: Path) -> list[tuple[Case, RunComparison]]:
    """Take the records into a store of its own and compare each case's two runs."""
    found, taken = [], set()
    for case in CASES:
        config = compose(
            None, [*case.overrides, f"source.path={data / case.path}", f"forge_home={home}"]
        )
        with opened_store(config):
            if case.source not in taken:
                ingest(config)
                taken.add(case.source)
            pair = runs.compare(config, *_runs(config, case), common=True)
        found.append((case, pair[2]))
    return found


def _runs(config: ForgeConfig, case: Case) -> tuple[str, str]:
    """Return the ids of the case's runs; an id may say more than its name."""
    with opened_skill(config) as store:
        ids = [run["id"] for run in store.runs()]
    names = []
    for name in (case.first, case.second):
        # An id has the digest of its source before the name and the rest of the file's behind.
        pattern = re.compile(rf"\w+-[0-9a-f]{{8}}-{name}(__.*)?-[0-9a-f]{{4}}")
        found = [one for one in ids if pattern.fullmatch(one)]
        if len(found) != 1:
            raise SystemExit(f"{name} is {found} of {', '.join(ids)}")
        names.append(found[0])
    return names[0], names[1]


def page(found: list[tuple[Case, RunComparison]]) -> str:
    """Return the tables as Markdown."""
    lines = [HEAD]
    for case, one in found:
        lines += [f"## {case.title}", "", f"`forge compare {case.first} {case.second} --common`"]
        lines += ["", f"{one.items} items in both; {one.only_first} only in the first,"]
        lines += [f"{one.only_second} only in the second run. {len(one.gained)} passed only in"]
        lines += [f"the second at the first try, {len(one.lost)} only in the first.", ""]
        lines += [
            "| | pairs | first | second | difference | 95% interval | only first | only second "
        ]
        lines[-1] += "| p |"
        lines += ["|---|--:|--:|--:|--:|:-:|--:|--:|--:|"]
        lines += [_row(name, measure) for name, measure in one.measures.items()]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _row(name, one) -> str:
    share = one.p is not None

    def shown(value: float, sign: str = "") -> str:
        return f"{value:{sign}.1%}" if share else f"{value:{sign},.2f}"

    # One family tells nothing of others.
    bounded = isfinite(one.low) and isfinite(one.high)
    ends = f"{shown(one.low, '+')} to {shown(one.high, '+')}" if bounded else "-"
    cells = [
        name.replace("_", " "), str(one.pairs), shown(one.first), shown(one.second),
        shown(one.difference, "+"), ends,
        *((str(one.only_first), str(one.only_second), f"{one.p_items:.3g}") if share else [""] * 3),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


COLUMNS = ("pairs", "first", "second", "difference", "95% interval")
COLUMNS += ("only first", "only second", "p")

HEAD = """# Runs compared, on records that others have published

Made by `python tests/bench/compare_tables.py FOLDER`. The records are taken in with `forge ingest`
(docs/sources.md), and two runs are compared item by item. p: exact two-sided McNemar, the same as
`scipy.stats.binomtest` of the items that only one of the two passed (a test holds that). Intervals
draw whole families; items of one family alone have none. Trials of one model on the same
tasks are an A/A test: they differ by chance.
"""

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(page(compared(Path(sys.argv[1]).absolute(), Path(place))), end="")
