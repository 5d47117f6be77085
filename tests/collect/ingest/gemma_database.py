"""A database with gemma-forge's tables, its writers' habits and their defects.

DDL and rows are ours. The vector column is an array of numbers here: it is never written anyway.
"""

from __future__ import annotations

import json

PREFIX = "xccdf_org.ssgproject.content_rule_"

TABLES = """
CREATE SCHEMA stig; SET search_path = stig;
CREATE TABLE runs (id text PRIMARY KEY, skill text DEFAULT 'stig', started_at timestamptz,
    ended_at timestamptz, config jsonb, summary jsonb, dreamed_at timestamptz);
CREATE TABLE work_items (run_id text REFERENCES runs ON DELETE CASCADE, item_id text, title text,
    category text, outcome text, attempts int, wall_time_s float8, PRIMARY KEY (run_id, item_id));
CREATE TABLE attempts (id bigserial PRIMARY KEY, run_id text, item_id text, attempt_num int,
    approach text, eval_passed bool DEFAULT false, failure_mode text, reflection text, lesson text,
    banned_pattern text, wall_time_s float8 DEFAULT 0, created_at timestamptz DEFAULT now(),
    FOREIGN KEY (run_id, item_id) REFERENCES work_items ON DELETE CASCADE);
CREATE TABLE turns (id bigserial PRIMARY KEY, run_id text, item_id text, attempt_num int,
    agent text, iteration int, started_at timestamptz, elapsed_s float8, prompt_tokens int,
    completion_tokens int, content text, structured jsonb);
CREATE TABLE run_events (id bigserial PRIMARY KEY, run_id text REFERENCES runs ON DELETE CASCADE,
    ts timestamptz, elapsed_s float8, event_type text, agent text, iteration int, rule_id text,
    data jsonb);
CREATE TABLE lessons_current (id bigserial PRIMARY KEY, category text, lesson text,
    weight float8 DEFAULT 0.5, success_count int DEFAULT 0, failure_count int DEFAULT 0,
    confidence float8, source_run_id text, source_item_id text, environment_tag text);
CREATE TABLE bans (id bigserial PRIMARY KEY, run_id text REFERENCES runs ON DELETE CASCADE,
    pattern text, UNIQUE (run_id, pattern));
CREATE TABLE tips (id bigserial PRIMARY KEY, text text, tip_type text DEFAULT 'recovery',
    mechanism text, trigger_conditions text[], application_context text[], embedding float4[],
    reflective_uuid uuid, source_attempt_id bigint REFERENCES attempts ON DELETE SET NULL,
    source_run_id text REFERENCES runs, source_rule_id text, outcome_at_source_value float8,
    outcome_at_source_confidence float8, created_at timestamptz DEFAULT now(),
    retired_at timestamptz, retired_reason text, superseded_by_id bigint, environment_tag text);
CREATE TABLE tip_retrievals (id bigserial PRIMARY KEY, run_id text REFERENCES runs
    ON DELETE CASCADE, attempt_id bigint, tip_id bigint REFERENCES tips ON DELETE CASCADE,
    rule_id text, rank int, similarity_score float8, outcome_value float8,
    outcome_confidence float8, retrieved_at timestamptz DEFAULT now());
"""


class Harness:
    """Writes as the harness does."""

    def __init__(self, connection) -> None:
        self.connection = connection
        connection.execute(TABLES)

    def run(self, run_id: str, day: int, *, ended: bool = True) -> None:
        """A run; one that crashed has no end."""
        started = f"2026-04-{day:02} 10:00+00"
        ended_at = f"2026-04-{day:02} 22:00+00" if ended else None
        summary = {"remediated": 1, "remediated_rules": [{"rule_id": PREFIX + "sshd_a"}]}
        self.connection.execute(
            "INSERT INTO runs (id, skill, started_at, ended_at, config, summary)"
            " VALUES (%s, 'stig-rhel9', %s, %s, %s, %s)",
            [run_id, started, ended_at, json.dumps({"loop": 1}), json.dumps(summary)],
        )

    def item(self, run_id: str, rule: str, outcome: str, failures: int = 0) -> None:
        """An item with its failed attempts: the one that passed is never written."""
        self.connection.execute(
            "INSERT INTO work_items VALUES (%s, %s, %s, 'ssh', %s, %s, 12.3)",
            [run_id, PREFIX + rule, f"Title of {rule}", outcome, failures],
        )
        for number in range(1, failures + 1):
            self.connection.execute(
                "INSERT INTO attempts (run_id, item_id, attempt_num, approach, eval_passed,"
                " failure_mode, reflection, lesson, banned_pattern)"
                " VALUES (%s, %s, %s, %s, false, %s, %s, 'look first', '')",
                [
                    run_id,
                    PREFIX + rule,
                    number,
                    # The worker's words after its call, cut.
                    ("I set it in the file. " * 20)[: 200 if number > 1 else 40],
                    "health=True, rule=False, journal=True",
                    ("It was elsewhere. " * 50)[:500],
                ],
            )

    def tip(self, run_id: str | None, rule: str = "sshd_a") -> int:
        """A tip; it never names the attempt it came from."""
        return self.connection.execute(
            "INSERT INTO tips (text, mechanism, trigger_conditions, application_context,"
            " source_run_id, source_rule_id, outcome_at_source_value)"
            " VALUES (%s, 'why', '{sshd,\"a b\"}', '{}', %s, %s, 0) RETURNING id",
            [f"Look before you write to {rule}.", run_id, PREFIX + rule],
        ).fetchone()[0]

    def retrieved(
        self, run_id: str, tip: int, rule: str = "sshd_a", value: float | None = 0
    ) -> None:
        """A tip that was selected: whether it was shown is not written."""
        self.connection.execute(
            "INSERT INTO tip_retrievals (run_id, tip_id, rule_id, rank, similarity_score,"
            " outcome_value, outcome_confidence) VALUES (%s, %s, %s, 1, 1.2, %s, 1)",
            [run_id, tip, PREFIX + "sshd_a", value],
        )
